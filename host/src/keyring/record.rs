//! A key as it is stored: what is known of it in the clear, its private half wrapped.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::primitives::{Aead, framed, random_id};
use super::{CryptoError, KeyRingError, RootKey};
use crate::clock::Timestamp;
use crate::config::SigningAlgorithm;
use crate::store::Namespace;

/// The form of record that this host writes and reads.
const FORMAT: u32 = 1;

/// How long a retired key is still listed, in milliseconds: 90 days. It can do nothing any more.
pub(super) const TOMBSTONE_MS: u64 = 90 * 24 * 60 * 60 * 1000;

/// What a key is for. No key is for two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Signatures that others verify.
    Signing,
    /// Keyed hashes of opaque tokens, of each channel and purpose.
    Mac,
    /// Encryption of what the host stores for a while: replies, queued mails.
    Seal,
    /// What is mixed into passwords before they are hashed.
    Pepper,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Signing, Self::Mac, Self::Seal, Self::Pepper];

    /// `signing`, `mac`, `seal` or `pepper`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Mac => "mac",
            Self::Seal => "seal",
            Self::Pepper => "pepper",
        }
    }
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyState {
    /// Known to all, not used yet.
    Next,
    /// In use.
    Current,
    /// Not used for anything new; what it made is still accepted.
    Previous,
    /// Worth nothing. Its private half is destroyed.
    Retired,
}

/// What is done with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// Ed25519 (RFC 8032).
    EdDSA,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    ES256,
    /// HMAC-SHA-256 (RFC 2104).
    #[serde(rename = "HMAC-SHA-256")]
    HmacSha256,
    /// AES-256-GCM-SIV (RFC 8452).
    #[serde(rename = "AES-256-GCM-SIV")]
    Aes256GcmSiv,
}

impl From<SigningAlgorithm> for KeyAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::EdDSA => Self::EdDSA,
            SigningAlgorithm::ES256 => Self::ES256,
        }
    }
}

/// A key as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KeyRecord {
    format: u32,
    /// Its name: the `kid`.
    pub(super) id: String,
    pub(super) purpose: Purpose,
    pub(super) algorithm: KeyAlgorithm,
    pub(super) state: KeyState,
    pub(super) created_at: Timestamp,
    /// When it became current; of a `next` key that is not for signing: when it will.
    pub(super) activated_at: Option<Timestamp>,
    /// When another took its place.
    pub(super) superseded_at: Option<Timestamp>,
    /// When it stops being accepted; none: not by itself.
    pub(super) retires_at: Option<Timestamp>,
    /// The public half, if it has one.
    #[serde(with = "base64url")]
    pub(super) public: Vec<u8>,
    #[serde(with = "base64url")]
    wrapped: Vec<u8>,
}

impl KeyRecord {
    /// A new record around `private`.
    pub(super) fn new(
        wrapping: &Wrapping,
        purpose: Purpose,
        algorithm: KeyAlgorithm,
        private: &[u8],
        public: Vec<u8>,
        now: Timestamp,
    ) -> Result<Self, CryptoError> {
        let mut record = Self {
            format: FORMAT,
            id: random_id()?,
            purpose,
            algorithm,
            state: KeyState::Next,
            created_at: now,
            activated_at: None,
            superseded_at: None,
            retires_at: None,
            public,
            wrapped: Vec::new(),
        };
        record.wrapped = wrapping
            .of(purpose)
            .seal(&record.associated_data(), private)?;
        Ok(record)
    }

    /// The record that is stored as `bytes` under `key`.
    pub(super) fn decode(key: &str, bytes: &[u8]) -> Result<Self, KeyRingError> {
        let corrupt = |why| KeyRingError::Corrupt {
            entry: key.to_owned(),
            why,
        };
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } =
            serde_json::from_slice(bytes).map_err(|_| corrupt("it is not a key record"))?;
        if format != FORMAT {
            return Err(corrupt("a later version of this program wrote it"));
        }
        let record: Self =
            serde_json::from_slice(bytes).map_err(|_| corrupt("it is not a key record"))?;
        if record.key() != key {
            return Err(corrupt("it belongs under another key"));
        }
        Ok(record)
    }

    /// The bytes to store.
    pub(super) fn encode(&self) -> Result<Vec<u8>, KeyRingError> {
        serde_json::to_vec(self).map_err(|_| KeyRingError::Corrupt {
            entry: self.key(),
            why: "it cannot be written",
        })
    }

    /// The key of its entry.
    pub(super) fn key(&self) -> String {
        format!("{KEY_PREFIX}{}/{}", self.purpose.as_str(), self.id)
    }

    /// The private half: empty for a retired key, and an error if anything that does not change in a key's life was changed.
    pub(super) fn unwrap(&self, wrapping: &Wrapping) -> Result<Zeroizing<Vec<u8>>, KeyRingError> {
        wrapping
            .of(self.purpose)
            .open(&self.associated_data(), &self.wrapped)
            .map_err(|_| KeyRingError::Corrupt {
                entry: self.key(),
                why: "it was altered or moved",
            })
    }

    /// Ends its life: the private half is gone. What remains still proves that nobody altered it.
    pub(super) fn retire(&mut self, wrapping: &Wrapping) -> Result<(), CryptoError> {
        self.state = KeyState::Retired;
        self.wrapped = wrapping
            .of(self.purpose)
            .seal(&self.associated_data(), &[])?;
        Ok(())
    }

    /// What keys of one purpose are ordered by: the oldest first, one that is yet to be used last.
    pub(super) fn age(&self, state: KeyState) -> impl Ord + use<'_> {
        let life = (self.superseded_at, self.activated_at, self.created_at);
        (std::cmp::Reverse(state), life, &self.id)
    }

    /// Everything about a key that never changes, and where it is kept. State and times do change, and guard nothing: whoever can
    /// write them could as well put back the whole record as it was before.
    fn associated_data(&self) -> Vec<u8> {
        framed(&[
            namespace().as_str().as_bytes(),
            self.key().as_bytes(),
            format!("{:?}", self.algorithm).as_bytes(),
            &self.created_at.to_be_bytes(),
            &self.public,
        ])
    }
}

/// Where the ring is kept.
pub(super) fn namespace() -> Namespace {
    Namespace::reserved("key-ring")
}

/// What the keys of key records start with.
pub(super) const KEY_PREFIX: &str = "key/";

/// The ciphers that wrap private halves, one for each purpose, derived from the root key.
pub(super) struct Wrapping([Aead; 4]);

impl Wrapping {
    /// The ciphers under `root`.
    pub(super) fn new(root: &RootKey) -> Result<Self, CryptoError> {
        let cipher = |purpose: Purpose| {
            let label = framed(&[b"wrap", purpose.as_str().as_bytes()]);
            Aead::new(&root.derive(&label)?)
        };
        let [signing, mac, seal, pepper] = Purpose::ALL.map(cipher);
        Ok(Self([signing?, mac?, seal?, pepper?]))
    }

    fn of(&self, purpose: Purpose) -> &Aead {
        let [signing, mac, seal, pepper] = &self.0;
        match purpose {
            Purpose::Signing => signing,
            Purpose::Mac => mac,
            Purpose::Seal => seal,
            Purpose::Pepper => pepper,
        }
    }
}

/// Bytes in JSON.
mod base64url {
    use super::URL_SAFE_NO_PAD;
    use base64::Engine as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| serde::de::Error::custom("not base64url"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapping(byte: u8) -> Wrapping {
        Wrapping::new(&RootKey::from_bytes([byte; 32])).unwrap()
    }

    fn record(wrapping: &Wrapping, purpose: Purpose) -> KeyRecord {
        let algorithm = KeyAlgorithm::HmacSha256;
        KeyRecord::new(wrapping, purpose, algorithm, &[7; 32], vec![1, 2], 1000).unwrap()
    }

    #[test]
    fn what_is_wrapped_is_unwrapped_after_storage() {
        let wrapping = wrapping(1);
        let record = record(&wrapping, Purpose::Mac);
        let stored = record.encode().unwrap();
        let read = KeyRecord::decode(&record.key(), &stored).unwrap();
        assert_eq!(read.unwrap(&wrapping).unwrap().as_slice(), &[7; 32]);
        assert!(!stored.windows(8).any(|window| window == [7; 8]));
    }

    #[test]
    fn another_root_key_unwraps_nothing() {
        let record = record(&wrapping(1), Purpose::Mac);
        assert!(record.unwrap(&wrapping(2)).is_err());
    }

    #[test]
    fn records_cannot_be_swapped_or_altered() {
        let wrapping = wrapping(1);
        let first = record(&wrapping, Purpose::Mac);
        let second = record(&wrapping, Purpose::Mac);
        let stored = first.encode().unwrap();
        assert!(matches!(
            KeyRecord::decode(&second.key(), &stored),
            Err(KeyRingError::Corrupt { .. })
        ));
        let alterations: [fn(&mut KeyRecord, &KeyRecord); 6] = [
            |record, other| record.id.clone_from(&other.id),
            |record, other| record.wrapped.clone_from(&other.wrapped),
            |record, _| record.purpose = Purpose::Pepper,
            |record, _| record.algorithm = KeyAlgorithm::EdDSA,
            |record, _| record.public = vec![9],
            |record, _| record.created_at += 1,
        ];
        for (number, alter) in alterations.iter().enumerate() {
            let mut altered = first.clone();
            alter(&mut altered, &second);
            assert!(altered.unwrap(&wrapping).is_err(), "alteration {number}");
        }
        // The times of its life do change.
        let mut lived = first.clone();
        lived.state = KeyState::Previous;
        lived.retires_at = Some(5);
        assert!(lived.unwrap(&wrapping).is_ok());
    }

    #[test]
    fn a_retired_key_has_no_private_half() {
        let wrapping = wrapping(1);
        let mut record = record(&wrapping, Purpose::Signing);
        record.retire(&wrapping).unwrap();
        assert!(record.unwrap(&wrapping).unwrap().is_empty());
    }

    #[test]
    fn a_later_format_is_refused_by_name() {
        let error = KeyRecord::decode("key/mac/a", br#"{"format":2,"what":"ever"}"#)
            .err()
            .unwrap();
        assert!(error.to_string().contains("later version"));
        assert!(KeyRecord::decode("key/mac/a", b"\xff").is_err());
    }
}
