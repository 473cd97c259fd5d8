//! `channel/command` and `channel/*`: how a configuration names commands.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// One command of a channel, or all of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommandPattern {
    channel: Arc<str>,
    command: Option<Arc<str>>,
}

/// A text that is neither `channel/command` nor `channel/*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be `channel/command` or `channel/*`, in kebab-case")]
pub struct PatternError;

impl CommandPattern {
    /// Whether `command` of `channel` is meant.
    #[must_use]
    pub fn matches(&self, channel: &str, command: &str) -> bool {
        *self.channel == *channel
            && self
                .command
                .as_deref()
                .is_none_or(|pattern| pattern == command)
    }
}

impl FromStr for CommandPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (channel, command) = text.split_once('/').ok_or(PatternError)?;
        let command = match command {
            "*" => None,
            name if is_name(name) => Some(name.into()),
            _ => return Err(PatternError),
        };
        if !is_name(channel) {
            return Err(PatternError);
        }
        Ok(Self {
            channel: channel.into(),
            command,
        })
    }
}

impl fmt::Display for CommandPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}",
            self.channel,
            self.command.as_deref().unwrap_or("*")
        )
    }
}

/// Whether `text` is a name in kebab-case as WIT has them (`verify-token`), of at most 64 characters.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    text.len() <= 64 && text.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_it_names_and_nothing_else() {
        let one: CommandPattern = "token/verify-token".parse().unwrap();
        assert!(one.matches("token", "verify-token"));
        assert!(!one.matches("token", "verify-tokens"));
        assert!(!one.matches("tokens", "verify-token"));
        let all: CommandPattern = "token/*".parse().unwrap();
        assert!(all.matches("token", "anything"));
        assert!(!all.matches("users", "anything"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "token",
            "/",
            "token/",
            "*/x",
            "*",
            "Token/x",
            "token/x/y",
            "token/x*",
            "a_b/c",
            "-a/b",
            "a-/b",
            "a/1b",
        ] {
            assert_eq!(text.parse::<CommandPattern>(), Err(PatternError), "{text}");
        }
    }
}
