//! The one-time token in a link.

use std::fmt;

/// The longest token, in characters.
const MAX_BYTES: usize = 256;

/// A token: whoever has it, is let in. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken(String);

impl OneTimeToken {
    /// The token, if it is 1 to 256 characters of the base64url alphabet (RFC 4648 §5): such a text means nothing in a
    /// URL, in HTML or in a mail but itself.
    #[must_use]
    pub fn parse(text: String) -> Option<Self> {
        let is_token = (1..=MAX_BYTES).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        is_token.then_some(Self(text))
    }

    /// One that is nobody's, as long as those that are made.
    pub(crate) fn nobodys() -> Self {
        Self("0".repeat(27))
    }

    /// The token, for a link.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_base64url() {
        for text in ["a", "AZaz09-_", &"x".repeat(256)] {
            assert!(OneTimeToken::parse(text.to_owned()).is_some(), "{text}");
        }
        let long = "x".repeat(257);
        for text in [
            "", &long, "a b", "a=", "a+b", "a/b", "a#b", "a\n", "ä", "a\"", "a<", "a%20", "a.b",
        ] {
            assert!(OneTimeToken::parse(text.to_owned()).is_none(), "{text}");
        }
    }

    // J04
    #[test]
    fn debug_does_not_show_it() {
        let token = OneTimeToken::parse("hunter2".to_owned());
        assert!(!format!("{token:?}").contains("hunter2"));
    }
}
