//! What a service key may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name of a channel or a command, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// One thing that a service key may do. As text: `*`, `admin`, `channel/*` or `channel/command`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Scope {
    /// Every command of every channel; not the administration interface.
    Everything,
    /// The administration interface; no command.
    Admin,
    /// Every command of a channel, also those that a later build adds.
    Channel(String),
    /// One command.
    Command(String, String),
}

/// What was written is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a scope must be `channel/command`, `channel/*`, `*` (every command) or `admin` (administration), with names of lower-case \
     letters, digits and single hyphens, at most {MAX_NAME_BYTES} long"
)]
pub struct ScopeError;

impl Scope {
    /// Whether it lets `command` be sent to `channel`.
    #[must_use]
    pub fn covers(&self, channel: &str, command: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Admin => false,
            Self::Channel(covered) => covered == channel,
            Self::Command(covered, only) => covered == channel && only == command,
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        match text.split_once('/') {
            None if text == "*" => Ok(Self::Everything),
            None if text == "admin" => Ok(Self::Admin),
            Some((channel, "*")) if is_name(channel) => Ok(Self::Channel(channel.to_owned())),
            Some((channel, command)) if is_name(channel) && is_name(command) => {
                Ok(Self::Command(channel.to_owned(), command.to_owned()))
            }
            _ => Err(ScopeError),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("*"),
            Self::Admin => f.write_str("admin"),
            Self::Channel(channel) => write!(f, "{channel}/*"),
            Self::Command(channel, command) => write!(f, "{channel}/{command}"),
        }
    }
}

/// A WIT name in lower case: words of letters and digits, each beginning with a letter, joined by hyphens.
fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME_BYTES
        && text.split('-').all(|word| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_as_they_are_read() {
        for text in [
            "*",
            "admin",
            "token/*",
            "token/verify-token",
            "api-tokens/get2",
        ] {
            let scope: Scope = text.parse().unwrap();
            assert_eq!(scope.to_string(), text);
            let json = serde_json::to_string(&scope).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Scope>(&json).unwrap(), scope);
        }
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        let long = "a".repeat(65);
        for text in [
            "",
            "token",
            "/",
            "*/*",
            "*/verify-token",
            "token/",
            "/verify",
            "token/verify/token",
            "Token/verify",
            "token/verify_token",
            "token/-verify",
            "token/verify--token",
            "token/1st",
            "token/ver*",
            " admin",
            "admin/",
            &format!("{long}/*"),
        ] {
            assert_eq!(text.parse::<Scope>(), Err(ScopeError), "{text:?}");
        }
    }

    #[test]
    fn a_scope_covers_what_it_names_and_nothing_else() {
        let covers = |text: &str, channel: &str, command: &str| {
            text.parse::<Scope>().unwrap().covers(channel, command)
        };
        assert!(covers("*", "token", "verify-token"));
        assert!(covers("token/*", "token", "verify-token"));
        assert!(covers("token/verify-token", "token", "verify-token"));
        assert!(!covers("admin", "token", "verify-token"));
        assert!(!covers("token/*", "tokens", "verify-token"));
        assert!(!covers("token/*", "users", "verify-token"));
        assert!(!covers("token/verify-token", "token", "verify"));
        assert!(!covers("token/verify-token", "users", "verify-token"));
    }
}
