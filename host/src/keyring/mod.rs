//! The key ring: every key the host holds, for signing, keyed hashes, sealing and peppering.
//!
//! Keys are entries of the store, so that several hosts on one store share them and a rotation is a write. The private
//! half of each is wrapped under a key derived from the [`RootKey`], which is kept elsewhere: a stolen store gives no key.
//! Every change of the ring rewrites its head entry and is checked against the version of it that was read, so that of
//! several hosts that change it at once one wins.
//!
//! The life of a key:
//!
//! ```text
//!            rotate                   rotate                    its time is over
//!   next ───────────────▶ current ───────────────▶ previous ───────────────────────▶ retired
//!   verifies, is in JWKS  signs, tags, seals       verifies, opens, is in JWKS       does nothing, private half destroyed
//! ```
//!
//! A signing key is published in JWKS as `next` before it signs, so that nobody meets a signature of an unknown key. The
//! other purposes have a `next` only while they are being rotated: it becomes current at a moment set in advance, when all
//! hosts know of it.
//!
//! What is where: [`root`] the root key, `record` and `ledger` what is stored and how, `view` the keys in memory, `ring`
//! the ring itself, [`rotate`] the rotation, and one file for each use: [`signing`], [`macs`], [`seal`], [`pepper`], [`jwks`].

pub mod jwks;
mod ledger;
mod list;
pub mod macs;
pub mod pepper;
mod primitives;
mod record;
mod ring;
pub mod root;
pub mod rotate;
pub mod seal;
mod seen;
pub mod signing;
#[cfg(test)]
mod tests;
mod view;

pub use jwks::{Jwk, Jwks};
pub use list::KeySummary;
pub use macs::{Macs, Tag};
pub use pepper::{Pepper, Peppers};
pub(crate) use primitives::random_id;
pub use record::{KeyAlgorithm, KeyState, Purpose};
pub use ring::{KeyRing, Options};
pub use root::{RootKey, RootKeyError};
pub use rotate::{Rotation, RotationError};
pub use seal::{OpenError, Sealed, Seals};
pub use signing::{KeyInfo, SignError, Signing};

use crate::store::StoreError;

/// For how long a JWKS answer may be kept by whoever fetched it, in milliseconds: what `Cache-Control` says.
pub const JWKS_MAX_AGE_MS: u64 = 5 * 60 * 1000;

/// After how many milliseconds a host looks whether another one has changed the ring.
pub const REFRESH_MS: u64 = 30 * 1000;

/// Why the key ring cannot be used. No variant carries a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The store did not do its part.
    #[error("the key ring's store failed")]
    Store(#[from] StoreError),
    /// The root key does not fit.
    #[error(transparent)]
    Root(#[from] RootKeyError),
    /// An entry is damaged, was moved, or was written by a later version.
    #[error("the key ring's entry {entry} cannot be used: {why}")]
    Corrupt {
        /// The key of the entry.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Other hosts changed the ring at the same moment, again and again.
    #[error("the key ring is being changed by other hosts; try again")]
    Busy,
    /// The machine's randomness or the cryptographic library failed.
    #[error("the cryptographic library failed")]
    Crypto(#[from] CryptoError),
}

/// The machine's randomness or the cryptographic library failed. There is nothing more to say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic library failed")]
pub struct CryptoError;

impl From<aws_lc_rs::error::Unspecified> for CryptoError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}
