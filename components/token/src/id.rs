//! 128 random bits, as a name.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long an id is in base64url.
const TEXT_BYTES: usize = 22;

/// An id that cannot be guessed: 128 random bits, written as 22 characters of base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(pub [u8; 16]);

impl Id {
    /// Reads what `Display` writes, and nothing else: each id has one spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let id = Id([0xfb; 16]);
        assert_eq!(Id::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = Id([7; 16]).to_string();
        // The last character carries two bits that nothing reads; they have to be zero.
        let other = format!("{}x", &id[..21]);
        for text in [
            "",
            "short",
            &id[1..],
            &format!("{id}A"),
            &format!("{id}=="),
            &other,
            "../../../../../../etc!",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}
