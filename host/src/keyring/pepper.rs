//! What is mixed into passwords before they are hashed, so that stolen hashes cannot be tried without the key ring.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::primitives::{Secret, derive};
use super::{CryptoError, KeyRing, KeyRingError};

/// The pepper keys of a ring.
#[derive(Debug, Clone, Copy)]
pub struct Peppers<'a>(pub(super) &'a KeyRing);

/// A pepper key.
#[derive(Debug, Clone)]
pub struct Pepper {
    /// Its name, 11 letters and digits: base64 of 8 bytes, as the `keyid` parameter of a PHC string wants it.
    pub id: String,
    key: PepperKey,
}

impl Peppers<'_> {
    /// The pepper for new hashes.
    #[must_use]
    pub fn current(&self) -> Pepper {
        let view = self.0.view();
        let held = view.peppers.current(self.0.now());
        Pepper {
            id: held.id.clone(),
            key: held.key.clone(),
        }
    }

    /// The pepper named `id`, if there is one.
    ///
    /// # Errors
    /// [`KeyRingError`] when the name is unknown and the ring could not be read again to look for it.
    pub async fn find(&self, id: &str) -> Result<Option<Pepper>, KeyRingError> {
        let now = self.0.now();
        self.0
            .find(|view| {
                view.peppers.find(id, now).map(|held| Pepper {
                    id: held.id.clone(),
                    key: held.key.clone(),
                })
            })
            .await
    }
}

impl Pepper {
    /// HMAC-SHA-256 of `password`: what is hashed in its place.
    #[must_use]
    pub fn apply(&self, password: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut peppered = Zeroizing::new([0; 32]);
        peppered.copy_from_slice(hmac::sign(&self.key.0, password).as_ref());
        peppered
    }
}

/// The key itself; the library's own `Debug` shows its algorithm only.
#[derive(Debug, Clone)]
pub(super) struct PepperKey(hmac::Key);

impl PepperKey {
    pub(super) fn new(secret: &Secret) -> Result<Self, CryptoError> {
        let key = derive(secret.as_slice(), b"pepper")?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice())))
    }
}
