//! The three operations that everything here is made of: randomness, derivation and authenticated encryption.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::CryptoError;

/// A 256-bit secret, wiped when it is dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// A fresh secret.
pub(super) fn random_secret() -> Result<Secret, CryptoError> {
    let mut secret = Zeroizing::new([0; 32]);
    rand::fill(secret.as_mut())?;
    Ok(secret)
}

/// `N` random bytes.
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes)?;
    Ok(bytes)
}

/// A fresh name for a key: 11 letters and digits that stand for 64 random bits.
///
/// It is eight bytes in base64, drawn again until no `+` or `/` is among them: so it is at once a safe `kid`, and fit
/// for the `keyid` parameter of a PHC string, which is base64 of at most eight bytes.
pub(crate) fn random_id() -> Result<String, CryptoError> {
    loop {
        let id = STANDARD_NO_PAD.encode(random_bytes::<8>()?);
        if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(id);
        }
    }
}

/// The secret for `label` that belongs to `secret` (HKDF-SHA-256, RFC 5869). Of two labels neither tells about the other.
pub(super) fn derive(secret: &[u8], label: &[u8]) -> Result<Secret, CryptoError> {
    expand(&extract(secret), label)
}

/// The first half of [`derive`], for deriving much from one secret.
pub(super) fn extract(secret: &[u8]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"vestibule key ring 1").extract(secret)
}

/// The second half of [`derive`].
pub(super) fn expand(prk: &hkdf::Prk, label: &[u8]) -> Result<Secret, CryptoError> {
    let mut derived = Zeroizing::new([0; 32]);
    // The algorithm as a length: as many bytes as the hash has, 32.
    prk.expand(&[label], hkdf::HKDF_SHA256)?
        .fill(derived.as_mut())?;
    Ok(derived)
}

/// `parts` as one string of bytes that no other parts give: each is preceded by its length.
pub(super) fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Authenticated encryption with associated data: AES-256-GCM-SIV (RFC 8452).
///
/// Nonces are random. With plain GCM that would limit a key to 2³² messages; with SIV a nonce that comes twice only tells
/// whether the same text was sealed at the same place twice, so a key may seal for years.
pub(super) struct Aead(RandomizedNonceKey);

impl Aead {
    /// The cipher with `key`.
    pub(super) fn new(key: &Secret) -> Result<Self, CryptoError> {
        Ok(Self(RandomizedNonceKey::new(
            &AES_256_GCM_SIV,
            key.as_slice(),
        )?))
    }

    /// Nonce, cipher text and tag of `plaintext`, which opens at `place` only.
    pub(super) fn seal(&self, place: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        // Room for all of it at once: a growing vector would leave the plaintext behind.
        let mut sealed = Vec::with_capacity(NONCE_LEN + plaintext.len() + 16);
        sealed.extend_from_slice(&[0; NONCE_LEN]);
        sealed.extend_from_slice(plaintext);
        let (nonce, tag) = self
            .0
            .seal_in_place_separate_tag(Aad::from(place), &mut sealed[NONCE_LEN..])?;
        sealed[..NONCE_LEN].copy_from_slice(nonce.as_ref());
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// What was sealed at `place` as `sealed`; an error if it was not sealed there, by this key, or was changed since.
    pub(super) fn open(
        &self,
        place: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(CryptoError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let mut opened = Zeroizing::new(rest.to_vec());
        let length = self
            .0
            .open_in_place(nonce, Aad::from(place), &mut opened)?
            .len();
        opened.truncate(length);
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_at_its_place_only() {
        let aead = Aead::new(&random_secret().unwrap()).unwrap();
        let sealed = aead.seal(b"here", b"hello").unwrap();
        assert_eq!(aead.open(b"here", &sealed).unwrap().as_slice(), b"hello");
        assert!(aead.open(b"there", &sealed).is_err());
        let other = Aead::new(&random_secret().unwrap()).unwrap();
        assert!(other.open(b"here", &sealed).is_err());
    }

    #[test]
    fn every_changed_bit_is_noticed_and_nothing_panics() {
        let aead = Aead::new(&random_secret().unwrap()).unwrap();
        let sealed = aead.seal(b"", b"x").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(aead.open(b"", &changed).is_err());
        }
        for length in 0..sealed.len() {
            assert!(aead.open(b"", &sealed[..length]).is_err());
        }
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let aead = Aead::new(&random_secret().unwrap()).unwrap();
        assert_ne!(
            aead.seal(b"p", b"t").unwrap(),
            aead.seal(b"p", b"t").unwrap()
        );
    }

    #[test]
    fn derivation_is_hkdf() {
        // RFC 5869 with our salt, checked against a computation from HMAC alone.
        use aws_lc_rs::hmac;
        let prk = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, b"vestibule key ring 1"),
            b"secret",
        );
        let expected = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, prk.as_ref()),
            b"label\x01",
        );
        assert_eq!(
            derive(b"secret", b"label").unwrap().as_slice(),
            expected.as_ref()
        );
    }

    #[test]
    fn frames_are_unambiguous() {
        assert_ne!(framed(&[b"ab", b"c"]), framed(&[b"a", b"bc"]));
        assert_ne!(framed(&[b"a", b""]), framed(&[b"a"]));
    }

    #[test]
    fn names_fit_a_phc_keyid() {
        for _ in 0..200 {
            let id = random_id().unwrap();
            assert_eq!(id.len(), 11);
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert_eq!(STANDARD_NO_PAD.decode(&id).unwrap().len(), 8);
        }
    }
}
