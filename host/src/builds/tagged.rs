//! Digests with the name of their algorithm, as OCI registries spell them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sandbox::Digest;

const TAG: &str = "sha256:";

/// A digest that people and other programs write: `sha256:` and 64 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tagged(pub Digest);

/// A text is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be `sha256:` and 64 hexadecimal digits in lower case")]
pub struct TaggedError;

impl fmt::Display for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TAG}{}", self.0)
    }
}

impl FromStr for Tagged {
    type Err = TaggedError;

    fn from_str(text: &str) -> Result<Self, TaggedError> {
        let digits = text.strip_prefix(TAG).ok_or(TaggedError)?;
        digits.parse().map(Self).map_err(|_| TaggedError)
    }
}

impl Serialize for Tagged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tagged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_spelling() {
        // FIPS 180-4, the example of one block.
        let spelled = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = Tagged(Digest::of(b"abc"));
        assert_eq!(digest.to_string(), spelled);
        assert_eq!(spelled.parse(), Ok(digest));
        for text in [
            "",
            "sha256:",
            &spelled[7..],
            &spelled[..70],
            &format!("{spelled}0"),
            &format!(" {spelled}"),
            &spelled.to_uppercase(),
            &spelled.replace("sha256:ba", "sha256:BA"),
            &spelled.replace("sha256:ba", "sha256:+a"),
            &spelled.replace("sha256", "sha512"),
        ] {
            assert_eq!(text.parse::<Tagged>(), Err(TaggedError), "{text}");
        }
    }
}
