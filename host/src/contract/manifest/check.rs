//! What a value must be beyond its type: a build says it, and the host looks before the build serves. So what makes no mail is
//! told to the operator at the start, and not to the first person who waits for one.

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// The longest pattern and the longest rule, in bytes.
const MAX_BYTES: usize = 1024;

/// The most memory that a pattern may take once it is compiled, in bytes: a build may be a stranger's.
const MAX_COMPILED_BYTES: usize = 256 * 1024;

/// How deep a pattern may be nested.
const MAX_NESTING: u32 = 32;

/// What a configured value must be beyond its type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigCheck {
    /// A regular expression (of the crate `regex`) that the whole value matches, as the component is given it.
    pub pattern: String,
    /// The longest value, in bytes; none: any.
    #[serde(default)]
    pub max_bytes: Option<usize>,
    /// The same for people, as it goes on after the key's name: "must be a colour as #rrggbb". Printable ASCII: an operator reads
    /// it in a terminal.
    pub rule: String,
}

impl ConfigCheck {
    /// Whether `value` is what the build takes. A pattern that cannot be used takes nothing; a manifest with one is not read.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        let fits = self.max_bytes.is_none_or(|most| value.len() <= most);
        fits && self.compile().is_ok_and(|pattern| pattern.is_match(value))
    }

    /// Refuses what cannot be used, by why.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.rule.is_empty() || self.rule.len() > MAX_BYTES {
            return Err("has no rule for people, or one that is too long");
        }
        if !self.rule.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
            return Err("has a rule that is not printable ASCII");
        }
        self.compile().map(|_| ())
    }

    fn compile(&self) -> Result<Regex, &'static str> {
        if self.pattern.len() > MAX_BYTES {
            return Err("has a pattern that is too long");
        }
        // By itself first: a bracket too many must not end the one around it.
        build(&self.pattern)?;
        build(&format!(r"\A(?:{})\z", self.pattern))
    }
}

fn build(pattern: &str) -> Result<Regex, &'static str> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .nest_limit(MAX_NESTING)
        .build()
        .map_err(|_| "has a pattern that is no regular expression, or too large a one")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str) -> ConfigCheck {
        ConfigCheck {
            pattern: pattern.to_owned(),
            max_bytes: None,
            rule: "must be right".to_owned(),
        }
    }

    #[test]
    fn the_whole_value_matches() {
        let colour = check("#[0-9a-f]{6}");
        assert!(colour.accepts("#1d4ed8"));
        for value in ["", "#1d4ed", "#1d4ed8;", " #1d4ed8", "#1d4ed8\n", "#1D4ED8"] {
            assert!(!colour.accepts(value), "{value:?}");
        }
        let either = check("a|ab");
        assert!(either.accepts("ab") && !either.accepts("abc"));
        // No anchor and no mode of its own widens that.
        assert!(!check("(?m)^a$").accepts("a\na"));
    }

    #[test]
    fn length_counts_bytes() {
        let short = ConfigCheck {
            max_bytes: Some(4),
            ..check(".*")
        };
        assert!(short.accepts("éé") && !short.accepts("ééé"));
    }

    #[test]
    fn what_cannot_be_used_is_refused_and_takes_nothing() {
        let long = "a".repeat(MAX_BYTES + 1);
        let deep = format!("{}a{}", "(".repeat(100), ")".repeat(100));
        for pattern in ["(", "a)|(b", "[a-", "a{1000}{1000}", "(?=a)", &long, &deep] {
            let check = check(pattern);
            assert!(check.check().is_err(), "{pattern}");
            assert!(!check.accepts("a"), "{pattern}");
        }
        for rule in ["", "must\x1b[2J", "must\nbe", "must \u{202e}be"] {
            let check = ConfigCheck {
                rule: rule.to_owned(),
                ..check("a")
            };
            assert!(check.check().is_err(), "{rule:?}");
        }
    }
}
