//! Lines in batches, and what the server says of each.
//!
//! A line that the server cannot even read refuses the whole batch: it is reported and left out, and the others are sent
//! again. Which fields a line may have is so for the server to say, and not known here.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize as _;
use serde_json::Value;
use vestibule::error::{ErrorBody, Violation};

use super::lines::{Line, Lines};
use crate::cli::failed::Failed;

/// The most lines of a batch: what one message may import.
const MAX_LINES: usize = 50;

/// The most bytes of a batch: half of what a message may have by default.
const MAX_BYTES: usize = 128 * 1024;

/// How often a batch is sent anew that the server could not take.
const TRIES: u32 = 10;

/// The longest rest before that, in milliseconds.
const LONGEST_REST_MS: u64 = 10_000;

/// Where accounts go.
pub(super) trait Importer {
    /// Sends one message, and gives its reply.
    async fn import(&mut self, users: &[&Value]) -> Result<Value, Failed>;

    /// Waits before the next one.
    async fn rest(&mut self, ms: u64);
}

/// Who is told.
pub(super) trait Journal {
    /// A line was not imported, and why: places in it and rules, never a value.
    fn refused(&mut self, line: u64, violations: &[Violation]);

    /// So far it has come.
    fn progress(&mut self, summary: &Summary);
}

/// What became of the lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// All of them, but for empty ones.
    pub(super) lines: u64,
    pub(super) imported: u64,
    /// Were there already.
    pub(super) existing: u64,
    pub(super) refused: u64,
}

impl Summary {
    pub(super) fn sentence(&self) -> String {
        format!(
            "{} lines: {} imported, {} there already, {} refused",
            self.lines, self.imported, self.existing, self.refused
        )
    }
}

/// An import that broke off.
#[derive(Debug)]
pub(super) struct Stopped {
    /// The line to go on with.
    pub(super) at: u64,
    pub(super) summary: Summary,
    pub(super) why: Failed,
}

/// Imports the lines of `input` from number `from` on.
pub(super) async fn import<I: Importer, J: Journal>(
    input: impl BufRead,
    from: u64,
    importer: &mut I,
    journal: &mut J,
) -> Result<Summary, Stopped> {
    let mut import = Import {
        importer,
        journal,
        summary: Summary::default(),
        batch: Vec::new(),
        next: from,
    };
    match import.run(Lines::new(input), from).await {
        Ok(()) => Ok(import.summary),
        Err(why) => Err(Stopped {
            at: import.batch.first().map_or(import.next, |user| user.line),
            summary: import.summary,
            why,
        }),
    }
}

struct Import<'a, I, J> {
    importer: &'a mut I,
    journal: &'a mut J,
    summary: Summary,
    /// What is not settled yet.
    batch: Vec<User>,
    /// The first line that was not read yet.
    next: u64,
}

struct User {
    line: u64,
    value: Value,
}

impl<I: Importer, J: Journal> Import<'_, I, J> {
    async fn run(&mut self, mut lines: Lines<impl BufRead>, from: u64) -> Result<(), Failed> {
        let mut bytes = 0;
        while let Some(line) = lines.next(from)? {
            if self.batch.len() == MAX_LINES || bytes + line.bytes > MAX_BYTES {
                self.flush().await?;
                bytes = 0;
            }
            bytes += line.bytes;
            self.take(line);
        }
        self.flush().await
    }

    fn take(&mut self, line: Line) {
        self.summary.lines += 1;
        self.next = line.number + 1;
        match line.user {
            Ok(value) => self.batch.push(User {
                line: line.number,
                value,
            }),
            Err(broken) => self.refuse(line.number, &[broken]),
        }
    }

    fn refuse(&mut self, line: u64, violations: &[Violation]) {
        self.summary.refused += 1;
        self.journal.refused(line, violations);
    }

    /// Sends what is waiting until all of it is imported or refused.
    async fn flush(&mut self) -> Result<(), Failed> {
        while !self.batch.is_empty() {
            match self.send().await {
                Ok(reply) => self.settle(&reply)?,
                Err(Failed::Answered(body)) => self.leave_out(body)?,
                Err(failed) => return Err(failed),
            }
        }
        self.journal.progress(&self.summary);
        Ok(())
    }

    /// The reply to the batch. A server that says when to come again is asked again then: nothing is done twice.
    async fn send(&mut self) -> Result<Value, Failed> {
        let users: Vec<&Value> = self.batch.iter().map(|user| &user.value).collect();
        for _ in 1..TRIES {
            let failed = match self.importer.import(&users).await {
                Ok(reply) => return Ok(reply),
                Err(failed) => failed,
            };
            let Some(ms) = retry_after(&failed) else {
                return Err(failed);
            };
            self.importer.rest(ms.min(LONGEST_REST_MS)).await;
        }
        self.importer.import(&users).await
    }

    /// Counts and reports what `reply` says of each line of the batch.
    fn settle(&mut self, reply: &Value) -> Result<(), Failed> {
        let results = reply["results"].as_array();
        let outcomes = results.filter(|results| results.len() == self.batch.len());
        let outcomes: Option<Vec<_>> =
            outcomes.and_then(|results| results.iter().map(Outcome::of).collect());
        let outcomes = outcomes.ok_or_else(stranger)?;
        for (user, outcome) in std::mem::take(&mut self.batch).into_iter().zip(outcomes) {
            match outcome {
                Outcome::Imported => self.summary.imported += 1,
                Outcome::Exists => self.summary.existing += 1,
                Outcome::Refused(violations) => self.refuse(user.line, &violations),
            }
        }
        Ok(())
    }

    /// Reports and drops the lines because of which the whole batch was refused.
    fn leave_out(&mut self, body: ErrorBody) -> Result<(), Failed> {
        let Some(refused) = refused_entries(&body, self.batch.len()) else {
            return Err(Failed::Answered(body));
        };
        for (index, user) in std::mem::take(&mut self.batch).into_iter().enumerate() {
            match refused.get(&index) {
                Some(violations) => self.refuse(user.line, violations),
                None => self.batch.push(user),
            }
        }
        Ok(())
    }
}

/// What became of one line.
enum Outcome {
    Imported,
    Exists,
    Refused(Vec<Violation>),
}

impl Outcome {
    /// None for what this program does not know.
    fn of(result: &Value) -> Option<Self> {
        if result == "duplicate-id" {
            let rule = Violation::new("id", "is somebody else's");
            return Some(Self::Refused(vec![rule]));
        }
        let (case, value) = result.as_object()?.iter().next()?;
        match case.as_str() {
            "imported" => Some(Self::Imported),
            "exists" => Some(Self::Exists),
            "refused" => Vec::<Violation>::deserialize(value).ok().map(Self::Refused),
            _ => None,
        }
    }
}

/// When to come again, if the server says so.
fn retry_after(failed: &Failed) -> Option<u64> {
    match failed {
        Failed::Answered(body) => body.error.retry_after_ms,
        _ => None,
    }
}

/// What is wrong with which entry of a request that does not fit, if it is the fault of single entries.
fn refused_entries(body: &ErrorBody, count: usize) -> Option<BTreeMap<usize, Vec<Violation>>> {
    let mut refused: BTreeMap<usize, Vec<Violation>> = BTreeMap::new();
    for violation in &body.error.violations {
        let (index, path) = violation.path.strip_prefix("users[")?.split_once(']')?;
        let index = index.parse().ok().filter(|index| *index < count)?;
        let path = path.strip_prefix('.').unwrap_or(path);
        let violation = Violation::new(path, violation.message.clone());
        refused.entry(index).or_default().push(violation);
    }
    (!refused.is_empty()).then_some(refused)
}

fn stranger() -> Failed {
    let text = "the server's answer is not what this program expects: are both of one version?";
    Failed::Unreachable(text.to_owned())
}

#[cfg(test)]
mod tests;
