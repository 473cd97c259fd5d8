//! Keyed hashes (HMAC-SHA-256, RFC 2104) with a key of its own for each channel and purpose (HKDF, RFC 5869).

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::{hkdf, hmac};

use super::primitives::{Secret, expand, extract, framed};
use super::{CryptoError, KeyRing};

/// The host's own channels start with it: `h/replies`. No component's channel can, for a channel's name has no slash.
pub const HOST_CHANNEL_PREFIX: &str = "h/";

/// How many derived keys are kept. Purposes are chosen by components, which may think up ever new ones.
const MAX_DERIVED: usize = 1024;

/// The mac keys of a ring.
#[derive(Debug, Clone, Copy)]
pub struct Macs<'a>(pub(super) &'a KeyRing);

/// A keyed hash and the name of the key that made it.
#[derive(Clone, PartialEq, Eq)]
pub struct Tag {
    /// Which key: 11 letters and digits.
    pub key_id: String,
    /// The hash.
    pub bytes: [u8; 32],
}

impl fmt::Debug for Tag {
    /// Leaves the hash out: it may be what a token is made of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tag")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl Macs<'_> {
    /// The tag of `data` under the current key, for `channel` and `purpose`.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn mac(&self, channel: &str, purpose: &str, data: &[u8]) -> Result<Tag, CryptoError> {
        let view = self.0.view();
        let held = view.macs.current(self.0.now());
        tag(&held.id, &held.key, channel, purpose, data)
    }

    /// The tags of `data` under every accepted key, the current one first, then the earlier ones from the last on: for looking up
    /// what an earlier key tagged. While a rotation is under way, last the one of the key that another host may use already.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn candidates(
        &self,
        channel: &str,
        purpose: &str,
        data: &[u8],
    ) -> Result<Vec<Tag>, CryptoError> {
        self.0
            .view()
            .macs
            .accepted(self.0.now())
            .map(|held| tag(&held.id, &held.key, channel, purpose, data))
            .collect()
    }
}

fn tag(
    id: &str,
    key: &MacKey,
    channel: &str,
    purpose: &str,
    data: &[u8],
) -> Result<Tag, CryptoError> {
    Ok(Tag {
        key_id: id.to_owned(),
        bytes: key.mac(channel, purpose, data)?,
    })
}

/// A mac key, and the keys derived from it.
pub(super) struct MacKey {
    prk: hkdf::Prk,
    derived: RwLock<HashMap<Box<[u8]>, hmac::Key>>,
}

impl MacKey {
    pub(super) fn new(secret: &Secret) -> Self {
        Self {
            prk: extract(secret.as_slice()),
            derived: RwLock::default(),
        }
    }

    fn mac(&self, channel: &str, purpose: &str, data: &[u8]) -> Result<[u8; 32], CryptoError> {
        let label = framed(&[b"mac", channel.as_bytes(), purpose.as_bytes()]);
        let known = self.derived.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(label.as_slice()) {
            return Ok(digest(key, data));
        }
        drop(known);
        let key = hmac::Key::new(hmac::HMAC_SHA256, expand(&self.prk, &label)?.as_slice());
        let bytes = digest(&key, data);
        let mut known = self.derived.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_DERIVED {
            // All over again: what is in use comes back at once, what was made up does not.
            known.clear();
        }
        known.insert(label.into_boxed_slice(), key);
        Ok(bytes)
    }
}

fn digest(key: &hmac::Key, data: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hmac::sign(key, data).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn key(byte: u8) -> MacKey {
        MacKey::new(&Zeroizing::new([byte; 32]))
    }

    #[test]
    fn channels_and_purposes_have_keys_of_their_own() {
        let key = key(1);
        let tag = key.mac("token", "refresh", b"data").unwrap();
        assert_eq!(tag, key.mac("token", "refresh", b"data").unwrap());
        for (channel, purpose, data) in [
            ("users", "refresh", &b"data"[..]),
            ("token", "access", b"data"),
            ("token", "refresh", b"date"),
            ("tokenr", "efresh", b"data"),
            ("h/token", "refresh", b"data"),
        ] {
            assert_ne!(tag, key.mac(channel, purpose, data).unwrap());
        }
        assert_ne!(tag, self::key(2).mac("token", "refresh", b"data").unwrap());
    }

    #[test]
    fn a_key_derived_anew_is_the_same_and_no_more_are_kept_than_allowed() {
        let key = key(1);
        let tag = key.mac("token", "p", b"data").unwrap();
        for number in 0..3 * MAX_DERIVED {
            key.mac("token", &number.to_string(), b"").unwrap();
            assert!(key.derived.read().unwrap().len() <= MAX_DERIVED);
        }
        assert_eq!(tag, key.mac("token", "p", b"data").unwrap());
    }

    #[test]
    fn debug_shows_no_tag() {
        let tag = Tag {
            key_id: "a".into(),
            bytes: [77; 32],
        };
        assert!(!format!("{tag:?}").contains("77"));
    }
}
