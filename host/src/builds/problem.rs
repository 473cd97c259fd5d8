//! What keeps a build from serving.

use std::fmt;

use serde::Serialize;

/// The longest sentence, in characters: parts of it may be a build's own words.
const MAX_CHARS: usize = 1_000;

/// What keeps a build from serving, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What was looked at, in kebab-case: `contract`, `commands`, `callers`, `imports`, `grants`, `schema`, `config`, `auth`, `limits`,
    /// `signature`, `version`, `quarantine`, `conformance`, `probe`.
    pub check: &'static str,
    /// What is wrong: the end of a sentence, printable.
    pub what: String,
    /// What to do: likewise.
    pub remedy: String,
}

impl Problem {
    /// A problem. What a terminal would obey is escaped, and what is too long is cut: a build's own words may be among these.
    pub fn new(check: &'static str, what: impl fmt::Display, remedy: impl fmt::Display) -> Self {
        Self {
            check,
            what: printable(&what.to_string()),
            remedy: printable(&remedy.to_string()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.check, self.what, self.remedy)
    }
}

fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for c in text.chars().take(MAX_CHARS) {
        match c {
            '\n' => printable.push(' '),
            // Control characters, and those that turn the direction of writing.
            c if c.is_control()
                || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                printable.extend(c.escape_default());
            }
            c => printable.push(c),
        }
    }
    if text.chars().nth(MAX_CHARS).is_some() {
        printable.push('…');
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builds_own_words_are_escaped_and_cut() {
        let problem = Problem::new("contract", "a\u{1b}[2J\nb\u{202e}é", "x".repeat(2_000));
        assert_eq!(problem.what, "a\\u{1b}[2J b\\u{202e}é");
        assert_eq!(problem.remedy.chars().count(), MAX_CHARS + 1);
        assert!(problem.to_string().starts_with("contract: a"));
    }
}
