//! Encryption of what the host stores for a while: stored replies, queued mails.

use std::fmt;

use zeroize::Zeroizing;

use super::{CryptoError, KeyRing, KeyRingError};

/// The seal keys of a ring.
#[derive(Debug, Clone, Copy)]
pub struct Seals<'a>(pub(super) &'a KeyRing);

/// Something sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key opens it: 11 letters and digits.
    pub key_id: String,
    /// Nonce, cipher text and tag: 28 bytes more than what is in it.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("key_id", &self.key_id)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// Why something sealed does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The ring has no such key, or no longer.
    #[error("the seal key is not in the key ring")]
    UnknownKey,
    /// It was sealed at another place or by another key, or was altered.
    #[error("the sealed value was altered or moved")]
    Refused,
    /// The key is unknown, and the ring could not be read again to look for it.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
}

impl Seals<'_> {
    /// `plaintext`, sealed by the current key. It opens with the same `place` only, which names where it is kept: it cannot be
    /// moved.
    ///
    /// # Errors
    /// [`CryptoError`].
    pub fn seal(&self, place: &[u8], plaintext: &[u8]) -> Result<Sealed, CryptoError> {
        let view = self.0.view();
        let held = view.seals.current(self.0.now());
        Ok(Sealed {
            key_id: held.id.clone(),
            bytes: held.key.seal(place, plaintext)?,
        })
    }

    /// What was sealed at `place` as `bytes` by the key named `key_id`.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(
        &self,
        place: &[u8],
        key_id: &str,
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let now = self.0.now();
        self.0
            .find(|view| Some(view.seals.find(key_id, now)?.key.open(place, bytes)))
            .await?
            .ok_or(OpenError::UnknownKey)?
            .map_err(|_| OpenError::Refused)
    }
}
