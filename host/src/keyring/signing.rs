//! Signatures that others verify with JWKS (RFC 7515): made with the current key, accepted from the next, current and previous ones.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, ParsedPublicKey,
};
use zeroize::Zeroizing;

use super::primitives::random_secret;
use super::record::{KeyAlgorithm, KeyRecord};
use super::view::Held;
use super::{CryptoError, KeyRing, KeyRingError};
use crate::clock::Timestamp;
use crate::config::SigningAlgorithm;

/// For how long after a rotation the replaced key still signs, in milliseconds: a message that began before may ask for its
/// signature after. Longer than any message runs.
const SIGN_GRACE_MS: u64 = 60 * 1000;

/// The signing keys of a ring.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a>(pub(super) &'a KeyRing);

/// A signing key by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// The JWK `kid` (RFC 7517 §4.5): 11 letters and digits.
    pub id: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
}

/// Why there is no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key is not the one that signs now.
    #[error("this key does not sign now")]
    NotCurrent,
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl Signing<'_> {
    /// The key that signs now.
    #[must_use]
    pub fn current(&self) -> KeyInfo {
        info(self.0.view().signing.current(self.0.now()))
    }

    /// The key named `id`, if its signatures are accepted: it is next, current, or previous and not yet retired.
    ///
    /// # Errors
    /// [`KeyRingError`] when the name is unknown and the ring could not be read again to see whether another host has made it.
    pub async fn find(&self, id: &str) -> Result<Option<KeyInfo>, KeyRingError> {
        let now = self.0.now();
        self.0
            .find(|view| view.signing.find(id, now).map(info))
            .await
    }

    /// Whether the key named `id` is found without reading the store.
    #[must_use]
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.0.view().signing.find(id, self.0.now()).is_some()
    }

    /// The signature of `message` by the key named `id`: 64 bytes, for ES256 r and s (RFC 7518 §3.4). It must be the current key, or have
    /// been that within the last minute.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, id: &str, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let now = self.0.now();
        let view = self.0.view();
        let current = view.signing.current(now);
        let held = if current.id == id {
            current
        } else {
            view.signing
                .find(id, now)
                .filter(|held| was_current(held, now))
                .ok_or(SignError::NotCurrent)?
        };
        Ok(held.key.sign(message)?)
    }

    /// Whether `signature` is one of `message` by the key named `id`. False for a key that is unknown or retired.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub async fn verify(
        &self,
        id: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, KeyRingError> {
        let now = self.0.now();
        // The key comes first: nothing remembered makes a retired key worth anything again.
        self.0
            .find(|view| {
                let held = view.signing.find(id, now)?;
                Some(self.0.seen.remembered(id, message, signature, || {
                    held.key.verifies(message, signature)
                }))
            })
            .await
            .map(|verdict| verdict.unwrap_or(false))
    }
}

fn info(held: &Held<SigningKey>) -> KeyInfo {
    KeyInfo {
        id: held.id.clone(),
        algorithm: held.key.algorithm,
    }
}

fn was_current(held: &Held<SigningKey>, now: Timestamp) -> bool {
    held.superseded_at
        .is_some_and(|at| now.abs_diff(at) < SIGN_GRACE_MS)
}

/// A signing key, parsed once.
pub(super) struct SigningKey {
    pub(super) algorithm: SigningAlgorithm,
    pair: Pair,
    public: ParsedPublicKey,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl SigningKey {
    /// The key of `record`, whose private half is `private`.
    pub(super) fn new(record: &KeyRecord, private: &[u8]) -> Result<Self, KeyRingError> {
        let corrupt = |why| KeyRingError::Corrupt {
            entry: record.key(),
            why,
        };
        let unusable = "its key is not one of its algorithm";
        let (algorithm, pair) = match record.algorithm {
            KeyAlgorithm::EdDSA => {
                let pair = Ed25519KeyPair::from_seed_and_public_key(private, &record.public);
                let pair = pair.map_err(|_| corrupt(unusable))?;
                (SigningAlgorithm::EdDSA, Pair::Ed25519(pair))
            }
            KeyAlgorithm::ES256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private)
                    .map_err(|_| corrupt(unusable))?;
                if pair.public_key().as_ref() != record.public {
                    return Err(corrupt(
                        "its public and private half do not belong together",
                    ));
                }
                (SigningAlgorithm::ES256, Pair::P256(pair))
            }
            _ => return Err(corrupt("its algorithm does not sign")),
        };
        let public = match algorithm {
            SigningAlgorithm::EdDSA => ParsedPublicKey::new(&ED25519, &record.public),
            SigningAlgorithm::ES256 => {
                ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &record.public)
            }
        };
        Ok(Self {
            algorithm,
            pair,
            public: public.map_err(|_| corrupt(unusable))?,
        })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let signature = match &self.pair {
            Pair::Ed25519(pair) => pair.try_sign(message)?,
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), message)?,
        };
        Ok(signature.as_ref().to_vec())
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The private and the public half of a fresh key: for Ed25519 the seed and the 32 bytes of RFC 8032, for P-256 PKCS #8 and the
/// uncompressed point.
pub(super) fn generate(
    algorithm: SigningAlgorithm,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), CryptoError> {
    match algorithm {
        SigningAlgorithm::EdDSA => {
            let seed = random_secret()?;
            let pair =
                Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| CryptoError)?;
            let public = pair.public_key().as_ref().to_vec();
            Ok((Zeroizing::new(seed.to_vec()), public))
        }
        SigningAlgorithm::ES256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            let document = pair.to_pkcs8v1()?;
            let public = pair.public_key().as_ref().to_vec();
            Ok((Zeroizing::new(document.as_ref().to_vec()), public))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::RootKey;
    use super::super::record::{Purpose, Wrapping};
    use super::*;

    fn key(algorithm: SigningAlgorithm) -> (KeyRecord, SigningKey) {
        let wrapping = Wrapping::new(&RootKey::from_bytes([1; 32])).unwrap();
        let (private, public) = generate(algorithm).unwrap();
        let purpose = Purpose::Signing;
        let record =
            KeyRecord::new(&wrapping, purpose, algorithm.into(), &private, public, 0).unwrap();
        let key = SigningKey::new(&record, &record.unwrap(&wrapping).unwrap()).unwrap();
        (record, key)
    }

    #[test]
    fn each_algorithm_signs_64_bytes_that_verify() {
        for algorithm in [SigningAlgorithm::EdDSA, SigningAlgorithm::ES256] {
            let (_, key) = key(algorithm);
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature.len(), 64);
            assert!(key.verifies(b"message", &signature));
            assert!(!key.verifies(b"massage", &signature));
            let mut changed = signature.clone();
            changed[5] ^= 1;
            assert!(!key.verifies(b"message", &changed));
            for length in 0..64 {
                assert!(!key.verifies(b"message", &signature[..length]));
            }
            assert!(!key.verifies(b"message", &[signature, vec![0]].concat()));
        }
    }

    #[test]
    fn ed25519_is_that_of_rfc_8032() {
        // RFC 8032 §7.1, test 2.
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                .collect()
        };
        let seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let public = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let expected = hex(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        );
        let wrapping = Wrapping::new(&RootKey::from_bytes([1; 32])).unwrap();
        let algorithm = KeyAlgorithm::EdDSA;
        let record =
            KeyRecord::new(&wrapping, Purpose::Signing, algorithm, &seed, public, 0).unwrap();
        let key = SigningKey::new(&record, &seed).unwrap();
        assert_eq!(key.sign(&[0x72]).unwrap(), expected);
        assert!(key.verifies(&[0x72], &expected));
    }

    #[test]
    fn halves_that_do_not_belong_together_are_refused() {
        for algorithm in [SigningAlgorithm::EdDSA, SigningAlgorithm::ES256] {
            let (record, _) = key(algorithm);
            let (other, _) = generate(algorithm).unwrap();
            assert!(SigningKey::new(&record, &other).is_err());
            assert!(SigningKey::new(&record, b"").is_err());
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let (_, key) = key(SigningAlgorithm::EdDSA);
        assert_eq!(format!("{key:?}"), "SigningKey { algorithm: EdDSA, .. }");
    }
}
