//! What the suite found, as data.

use serde::Serialize;

use super::scenario::Step;
use crate::sandbox::Digest;

/// The longest text of a finding, in characters: a build says some of it.
const MAX_WHAT: usize = 600;

/// What a build keeps of a channel's contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The channel.
    pub channel: String,
    /// SHA-256 of the build that was judged.
    pub candidate: String,
    /// SHA-256 of the build whose data it takes over.
    pub serving: String,
    /// A row a scenario, in the order of the files.
    pub scenarios: Vec<Row>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The file: `token/rotation.toml`.
    pub file: String,
    /// What should hold.
    pub name: String,
    /// Which items of the security checklist it shows.
    pub covers: Vec<String>,
    /// Whether the build keeps it where nothing is but what the build itself has stored.
    pub contract: Verdict,
    /// Whether it is kept where the build and the serving one work on the same data.
    pub state: Verdict,
}

/// Whether something holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It does.
    Held,
    /// It does not.
    Broken(Broken),
    /// Nothing could be learnt of it, and not by a fault of the build.
    Skipped {
        /// Why.
        why: String,
    },
}

/// What did not hold. Scenarios have made-up data only: there is nobody's secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// How it was played, if not by the build alone: `the candidate writes, the serving build reads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play: Option<String>,
    /// The step, from 1; none: it is none of a step's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// What was called in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// What was not as it should be: one line of printable characters.
    pub what: String,
}

impl Report {
    pub(super) fn new(channel: &str, candidate: &Digest, serving: &Digest) -> Self {
        Self {
            channel: channel.to_owned(),
            candidate: candidate.to_string(),
            serving: serving.to_string(),
            scenarios: Vec::new(),
        }
    }

    /// Whether everything holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.scenarios.iter().all(Row::holds)
    }

    /// What does not hold, and why.
    pub fn broken(&self) -> impl Iterator<Item = (&Row, &Broken)> {
        self.scenarios.iter().flat_map(|row| {
            let verdicts = [&row.contract, &row.state].into_iter();
            verdicts.filter_map(move |verdict| match verdict {
                Verdict::Broken(broken) => Some((row, broken)),
                Verdict::Held | Verdict::Skipped { .. } => None,
            })
        })
    }
}

impl Row {
    /// Whether everything of it holds that could be looked at.
    #[must_use]
    pub fn holds(&self) -> bool {
        let broken = |verdict: &Verdict| matches!(verdict, Verdict::Broken(_));
        !broken(&self.contract) && !broken(&self.state)
    }
}

impl Broken {
    /// Of no single step.
    pub(super) fn whole(what: &str) -> Self {
        Self {
            play: None,
            step: None,
            call: None,
            what: printable(what),
        }
    }

    /// At the step with this index.
    pub(super) fn at(index: usize, step: &Step, what: &str) -> Self {
        Self {
            play: None,
            step: Some(index + 1),
            call: Some(step.name().to_owned()),
            what: printable(what),
        }
    }

    /// The same where it was played like this.
    pub(super) fn played(self, play: &str) -> Self {
        Self {
            play: Some(play.to_owned()),
            ..self
        }
    }
}

impl std::fmt::Display for Broken {
    /// One line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(play) = &self.play {
            write!(f, "{play}: ")?;
        }
        match (self.step, &self.call) {
            (Some(step), Some(call)) => write!(f, "step {step} ({call}): {}", self.what),
            _ => f.write_str(&self.what),
        }
    }
}

/// One line of `text`, cut off where nobody reads on: some of it is what a build answered, which may be hostile.
fn printable(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars().take(MAX_WHAT) {
        match c.is_control() {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    if text.chars().nth(MAX_WHAT).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_short_line() {
        let what = format!("a\nb\u{1b}[2J{}", "x".repeat(MAX_WHAT * 2));
        let broken = Broken::whole(&what);
        assert!(broken.what.starts_with("a\\nb\\u{1b}[2Jxx"));
        assert!(broken.what.ends_with("x…"));
        assert!(broken.what.chars().count() < MAX_WHAT + 10);
        assert!(!Broken::whole("short").what.contains('…'));
    }

    #[test]
    fn what_could_not_be_looked_at_is_no_fault() {
        let broken = || Verdict::Broken(Broken::whole("no"));
        let skipped = || Verdict::Skipped {
            why: "so".to_owned(),
        };
        for (contract, state, holds) in [
            (Verdict::Held, Verdict::Held, true),
            (Verdict::Held, skipped(), true),
            (Verdict::Held, broken(), false),
            (broken(), skipped(), false),
        ] {
            let row = Row {
                file: "a/b.toml".to_owned(),
                name: "n".to_owned(),
                covers: Vec::new(),
                contract,
                state,
            };
            assert_eq!(row.holds(), holds, "{row:?}");
        }
    }
}
