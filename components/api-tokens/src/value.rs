//! A token's value: what a program presents, and what is shown once.
//!
//! ```text
//! vst_ ‖ 30 random characters of base62 (178 bits) ‖ CRC32 (ISO 3309) of those 30, as 6 characters of base62
//! ```
//!
//! The prefix lets scanners find tokens that leaked. The checksum lets us tell a mistyped or made-up one from a real one
//! without a look at the store. It is no secret and no proof.

use std::fmt;

use crate::ports::Environment;

/// What every value begins with.
pub const PREFIX: &str = "vst_";

const RANDOM_BYTES: usize = 30;
const CHECK_BYTES: usize = 6;
const TEXT_BYTES: usize = PREFIX.len() + RANDOM_BYTES + CHECK_BYTES;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The first byte that is not of 4 whole alphabets: such bytes are thrown away, since they would make some characters
/// likelier than others.
const UNFAIR: u8 = 248;

/// A value with a right checksum. Whoever has it may be somebody else; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenValue(String);

impl TokenValue {
    /// A value that nobody has seen.
    pub fn generate(environment: &impl Environment) -> Self {
        let mut random = String::with_capacity(RANDOM_BYTES);
        while random.len() < RANDOM_BYTES {
            let fair = environment
                .random()
                .into_iter()
                .filter(|byte| *byte < UNFAIR);
            let missing = RANDOM_BYTES - random.len();
            random.extend(fair.take(missing).map(|byte| character(byte.into())));
        }
        let check = check(&random);
        Self(format!("{PREFIX}{random}{check}"))
    }

    /// Reads a value; none if it is not one, whatever it is. Each value has one spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_BYTES {
            return None;
        }
        let body = text.strip_prefix(PREFIX)?;
        if !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (random, stated) = body.split_at(RANDOM_BYTES);
        (check(random) == stated).then(|| Self(text.to_owned()))
    }

    /// The value, for the one who may see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its last four characters: enough to tell one token from another.
    #[must_use]
    pub fn last_four(&self) -> &str {
        &self.0[TEXT_BYTES - 4..]
    }
}

impl fmt::Debug for TokenValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenValue(…)")
    }
}

/// The checksum of the random part: 62⁶ is more than 2³², so that it always fits.
fn check(random: &str) -> String {
    let mut rest = crc32fast::hash(random.as_bytes());
    let mut check = [b'0'; CHECK_BYTES];
    for place in check.iter_mut().rev() {
        *place = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    check.map(char::from).iter().collect()
}

fn character(number: usize) -> char {
    ALPHABET[number % ALPHABET.len()].into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::World;

    // L01
    #[test]
    fn a_value_has_its_prefix_178_random_bits_and_its_checksum() {
        let world = World::default();
        let value = TokenValue::generate(&world);
        let text = value.as_str();
        assert_eq!((text.len(), &text[..4]), (40, "vst_"));
        assert!(text[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(TokenValue::parse(text), Some(value.clone()));
        assert_eq!(value.last_four(), &text[36..]);
        let values: BTreeSet<String> = (0..500)
            .map(|_| TokenValue::generate(&world).as_str().to_owned())
            .collect();
        assert_eq!(values.len(), 500);
    }

    // L01: the format is a promise to scanners, and to whoever kept a token over an upgrade.
    #[test]
    fn the_checksum_is_crc32_in_base62() {
        // As zlib's crc32 gives them.
        for (random, crc) in [
            ("123456789012345678901234567890", 0x836B_D70F_u32),
            ("000000000000000000000000000000", 0x77E5_DB82),
        ] {
            let mut text = String::new();
            for power in (0..6).rev() {
                let digit = u64::from(crc) / 62_u64.pow(power) % 62;
                text.push(character(usize::try_from(digit).unwrap()));
            }
            let value = format!("vst_{random}{text}");
            assert!(TokenValue::parse(&value).is_some(), "{value}");
        }
    }

    // L01
    #[test]
    fn every_character_is_as_likely_as_another() {
        let world = World::default();
        let mut counts = [0_u32; 128];
        for _ in 0..2_000 {
            for byte in TokenValue::generate(&world).as_str()[4..34].bytes() {
                counts[usize::from(byte)] += 1;
            }
        }
        let of_alphabet = ALPHABET.map(|byte| counts[usize::from(byte)]);
        // 60 000 characters: 968 of each, give or take.
        assert!(
            of_alphabet.iter().all(|count| (750..1_200).contains(count)),
            "{of_alphabet:?}"
        );
    }

    // L01
    #[test]
    fn a_value_with_one_character_changed_is_none() {
        let value = TokenValue::generate(&World::default());
        for at in 0..TEXT_BYTES {
            let mut bytes = value.as_str().as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(TokenValue::parse(&text), None, "{at}");
        }
    }

    #[test]
    fn what_has_another_form_is_none() {
        let value = TokenValue::generate(&World::default());
        let text = value.as_str();
        for other in [
            "",
            "vst_",
            &text[4..],
            &format!("{text}0"),
            &format!(" {text}"),
            &text.replace("vst_", "VST_"),
            &text.replace("vst_", "vsk_"),
            &text[..39],
            &format!("vst_{}", "ä".repeat(18)),
            &format!("{}ä", &text[..38]),
        ] {
            assert_eq!(TokenValue::parse(other), None, "{other}");
        }
    }

    // L02
    #[test]
    fn debug_does_not_show_it() {
        let value = TokenValue::generate(&World::default());
        assert_eq!(format!("{value:?}"), "TokenValue(…)");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            prop_assert_eq!(TokenValue::parse(&text), None);
        }
    }
}
