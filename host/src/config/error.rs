//! What can be wrong with a configuration. No variant holds a configured value: it may be somebody's secret.

use std::path::PathBuf;

/// Why a configuration cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file as it was named.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The file is no configuration: too large, or not UTF-8.
    #[error("the configuration file {} {rule}", path.display())]
    NotText {
        /// The file as it was named.
        path: PathBuf,
        /// What it must be.
        rule: &'static str,
    },
    /// The file is not TOML.
    #[error("the configuration file is not TOML: {what} at line {line}, column {column}")]
    Syntax {
        /// The parser's sentence.
        what: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A key that does not exist.
    #[error("unknown key `{key}` in {place}; {hint}")]
    UnknownKey {
        /// The key's path, escaped and cut.
        key: String,
        /// Where it stands.
        place: Place,
        /// The nearest known key, or which there are.
        hint: String,
    },
    /// A value that breaks a rule.
    #[error("`{key}` {rule}")]
    Wrong {
        /// The key's path.
        key: String,
        /// The rule, as the rest of the sentence: "must be a whole number".
        rule: String,
    },
    /// A file that holds a value cannot be read.
    #[error("the file named by {variable} cannot be read: {reason}")]
    UnreadableSecret {
        /// The environment variable, `VESTIBULE_…_FILE`.
        variable: String,
        /// What the system says.
        reason: std::io::Error,
    },
    /// An environment variable that is not UTF-8.
    #[error("the environment variable {0} is not UTF-8")]
    NotUnicode(String),
}

/// Where a key was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the configuration file.
    File,
    /// In the environment.
    Environment,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File => "the configuration file",
            Self::Environment => "the environment",
        })
    }
}

impl ConfigError {
    /// `key` breaks `rule`.
    pub(crate) fn wrong(key: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Wrong {
            key: key.into(),
            rule: rule.into(),
        }
    }
}

/// A name from outside, fit to be shown: control characters escaped, at most 64 characters.
pub(crate) fn shown(name: &str) -> String {
    name.chars().flat_map(char::escape_debug).take(64).collect()
}
