//! The keys of those who sign builds: Ed25519 (RFC 8032).
//!
//! A public key is one line, `ed25519:` and the 32 bytes in base64url without padding: it fits a list in the configuration,
//! an environment variable and an argument, and names its algorithm, so that another can stand beside it. A private key is
//! PKCS#8 in PEM (RFC 5958, RFC 7468), as `openssl genpkey -algorithm ed25519` writes it too.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::keyring::CryptoError;

/// The largest file that can hold a private key, in bytes.
pub const MAX_PRIVATE_KEY_BYTES: usize = 4 * 1024;

const PREFIX: &str = "ed25519:";
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Who may have signed a build, as `ed25519:…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

/// Why a line is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Another form.
    #[error(
        "must be `ed25519:` and 43 characters of base64url, as `vestibule component keygen` prints it"
    )]
    Form,
    /// One of the few keys for which anybody can make signatures.
    #[error("is a key for which anybody can sign; make one with `vestibule component keygen`")]
    Weak,
}

/// What signs builds. It is wiped when it is dropped, and shows itself nowhere.
pub struct PrivateKey(Ed25519KeyPair);

/// Why a file holds no key to sign with. No variant holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyError {
    /// It needs a passphrase.
    #[error(
        "the key is encrypted, which is not supported: decrypt it with `openssl pkey`, into a file of mode 0600"
    )]
    Encrypted,
    /// It is something else.
    #[error(
        "must be an Ed25519 private key in PEM (PKCS#8), as `vestibule component keygen` writes it"
    )]
    Form,
}

impl PublicKey {
    /// Whether `signature` is one of `message` by this key.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .is_ok()
    }

    /// Whether it is a point of small order, in any spelling. For such a key signatures can be made without a private key
    /// that fit many messages; a key of nothing but zeros, as it stands in examples, is one.
    fn is_weak(&self) -> bool {
        let mut point = self.0;
        // The sign of x, which all of them may have.
        point[31] &= 0x7f;
        SMALL_ORDER.contains(&point)
    }
}

/// The y of every point of small order, little-endian: 0, 1, p−1, the two of order eight, and the spellings p and p+1 of 0 and 1.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    with_ends([0; 32], 1, 0),
    with_ends([0xff; 32], 0xec, 0x7f),
    with_ends([0xff; 32], 0xed, 0x7f),
    with_ends([0xff; 32], 0xee, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn with_ends(mut bytes: [u8; 32], first: u8, last: u8) -> [u8; 32] {
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

impl FromStr for PublicKey {
    type Err = PublicKeyError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let text = line.strip_prefix(PREFIX).ok_or(PublicKeyError::Form)?;
        let mut bytes = [0; 32];
        // One spelling of each key: the decoder refuses padding and bits that stand for nothing.
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(32) => {}
            _ => return Err(PublicKeyError::Form),
        }
        let key = Self(bytes);
        match key.is_weak() {
            true => Err(PublicKeyError::Weak),
            false => Ok(key),
        }
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = String::deserialize(deserializer)?;
        line.parse().map_err(serde::de::Error::custom)
    }
}

impl PrivateKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`CryptoError`] if the machine has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        Ok(Self(Ed25519KeyPair::generate()?))
    }

    /// The key in `pem`: one block `PRIVATE KEY` and nothing else.
    ///
    /// # Errors
    /// [`PrivateKeyError`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, PrivateKeyError> {
        let text = std::str::from_utf8(pem).map_err(|_| PrivateKeyError::Form)?;
        let text = text.trim();
        if text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            return Err(PrivateKeyError::Encrypted);
        }
        let body = text
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(END))
            .filter(|body| body.len() <= MAX_PRIVATE_KEY_BYTES)
            .ok_or(PrivateKeyError::Form)?;
        // Room for all of it at once: a growing string would leave parts of the key behind.
        let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
        body.lines().for_each(|line| base64.push_str(line.trim()));
        let mut der = Zeroizing::new([0; MAX_PRIVATE_KEY_BYTES]);
        let length = STANDARD
            .decode_slice(base64.as_bytes(), der.as_mut_slice())
            .map_err(|_| PrivateKeyError::Form)?;
        let pair = Ed25519KeyPair::from_pkcs8(&der[..length]);
        pair.map(Self).map_err(|_| PrivateKeyError::Form)
    }

    /// The key as a file holds it.
    ///
    /// # Errors
    /// [`CryptoError`] if the library fails.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, CryptoError> {
        // Version 1, without the public key: what OpenSSL reads.
        let der = self.0.to_pkcs8v1()?;
        let mut pem = Zeroizing::new(String::with_capacity(MAX_PRIVATE_KEY_BYTES));
        pem.push_str(BEGIN);
        pem.push('\n');
        // 48 bytes are a line of 64 characters.
        for chunk in der.as_ref().chunks(48) {
            STANDARD.encode_string(chunk, &mut pem);
            pem.push('\n');
        }
        pem.push_str(END);
        pem.push('\n');
        Ok(pem)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    /// The signature of `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<[u8; 64], CryptoError> {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.0.try_sign(message)?.as_ref());
        Ok(bytes)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("public", &self.public())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
