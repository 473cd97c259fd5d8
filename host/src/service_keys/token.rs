//! What a service key looks like: `vsk_`, 30 random characters, and a checksum of 6.

use std::fmt;

use zeroize::Zeroizing;

use crate::keyring::CryptoError;

const PREFIX: &str = "vsk_";

/// 178 bits.
const RANDOM_CHARS: usize = 30;

const CHECKSUM_CHARS: usize = 6;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A service key as its bearer has it. It is wiped when it is dropped and never printed by `Debug`.
pub struct ServiceToken(Zeroizing<String>);

impl ServiceToken {
    /// A fresh one.
    pub(super) fn generate() -> Result<Self, CryptoError> {
        let mut text = Zeroizing::new(String::with_capacity(
            PREFIX.len() + RANDOM_CHARS + CHECKSUM_CHARS,
        ));
        text.push_str(PREFIX);
        for _ in 0..RANDOM_CHARS {
            text.push(random_char()?);
        }
        let checksum = checksum(text.as_bytes());
        text.push_str(&checksum);
        Ok(Self(text))
    }

    /// `text`, if it looks like one: mistyped and foreign tokens do not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (signed, sum) = text.split_at_checked(PREFIX.len() + RANDOM_CHARS)?;
        let random = signed.strip_prefix(PREFIX)?;
        let is_whole = random.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && sum == checksum(signed.as_bytes());
        is_whole.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text to present.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ServiceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceToken(…)")
    }
}

/// One of the 62 characters, all equally likely: bytes beyond the last multiple of 62 are drawn again.
fn random_char() -> Result<char, CryptoError> {
    const BEYOND: u8 = 248;
    loop {
        let mut byte = [0];
        aws_lc_rs::rand::fill(&mut byte)?;
        if byte[0] < BEYOND {
            return Ok(char::from(ALPHABET[usize::from(byte[0] % 62)]));
        }
    }
}

/// The CRC-32 of `bytes` in base 62, most significant digit first.
fn checksum(bytes: &[u8]) -> String {
    let mut rest = crc32(bytes);
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

/// CRC-32 (ISO-HDLC, as in zip and PNG), bit by bit: it is 34 bytes.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let polynomial = if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
            crc = crc >> 1 ^ polynomial;
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_is_the_usual_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum(b"123456789").len(), 6);
    }

    #[test]
    fn fresh_tokens_differ_and_parse() {
        let one = ServiceToken::generate().unwrap();
        let two = ServiceToken::generate().unwrap();
        assert_ne!(one.expose(), two.expose());
        assert_eq!(one.expose().len(), 40);
        assert!(one.expose().starts_with("vsk_"));
        assert_eq!(
            ServiceToken::parse(one.expose()).unwrap().expose(),
            one.expose()
        );
    }

    #[test]
    fn every_single_typing_error_is_noticed() {
        let token = ServiceToken::generate().unwrap();
        let text = token.expose();
        for at in 0..text.len() {
            for other in ALPHABET.iter().filter(|byte| **byte != text.as_bytes()[at]) {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = *other;
                assert!(ServiceToken::parse(std::str::from_utf8(&bytes).unwrap()).is_none());
            }
            assert!(ServiceToken::parse(&text[..at]).is_none());
        }
        assert!(ServiceToken::parse(&format!("{text}0")).is_none());
    }

    #[test]
    fn hostile_text_is_refused_without_a_panic() {
        let valid_sum = |head: &str| format!("{head}{}", checksum(head.as_bytes()));
        for text in [
            String::new(),
            "é".repeat(20),
            valid_sum("vst_000000000000000000000000000000"),
            valid_sum("vsk_00000000000000000000000000000/"),
            valid_sum("vsk_0000000000000000000000000000é"),
        ] {
            assert!(ServiceToken::parse(&text).is_none(), "{text}");
        }
        assert!(ServiceToken::parse(&valid_sum("vsk_000000000000000000000000000000")).is_some());
    }

    #[test]
    fn debug_shows_no_token() {
        let token = ServiceToken::generate().unwrap();
        assert_eq!(format!("{token:?}"), "ServiceToken(…)");
    }
}
