//! Texts that open something.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A password, a hash of one, or a token: a text that nobody should find in a log.
///
/// Two secrets are compared by tests only. Whether a caller's is the right one is never a comparison of texts here: a
/// password is checked by the host, and a token is found by its keyed hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A text that is secret from here on.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for whoever it is meant for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // C08
    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
        assert_eq!(format!("{:?}", Secret::new("")), "Secret(…)");
    }
}
