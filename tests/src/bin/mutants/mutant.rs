//! A mutant as cargo-mutants lists it, and what became of it.

use serde::{Deserialize, Serialize};

/// A change of one place of the source.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Mutant {
    /// File, place and change: `components/token/src/id.rs:12:5: replace …`.
    pub(crate) name: String,
    /// The file, from the workspace's root.
    pub(crate) file: String,
    span: Span,
    replacement: String,
}

/// What is replaced: from `start` to before `end`.
#[derive(Debug, Clone, Deserialize)]
struct Span {
    start: Place,
    end: Place,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Place {
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
}

impl Mutant {
    /// `source` with the change in it; none if the place is not there.
    pub(crate) fn applied(&self, source: &str) -> Option<String> {
        let start = self.span.start.offset(source)?;
        let end = self.span.end.offset(source).filter(|end| *end >= start)?;
        let (before, after) = (&source[..start], &source[end..]);
        Some(format!("{before}{}{after}", self.replacement))
    }
}

impl Place {
    fn offset(self, source: &str) -> Option<usize> {
        let mut lines = source.split_inclusive('\n');
        let before = self.line.checked_sub(1)?;
        let start: usize = lines.by_ref().take(before).map(str::len).sum();
        let line = lines.next().unwrap_or_default();
        let column = self.column.checked_sub(1)?;
        let mut ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        ends.nth(column).map(|at| start + at)
    }
}

/// A line of the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// The mutant's name.
    pub(crate) mutant: String,
    /// What became of it.
    pub(crate) fate: Fate,
    /// The scenario that killed it, or why it could not serve; empty if nothing did.
    pub(crate) by: String,
}

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    /// The suite noticed.
    Killed,
    /// It did not.
    Survived,
    /// It does not compile: it says nothing about the suite.
    Unviable,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mutant(start: (usize, usize), end: (usize, usize)) -> Mutant {
        let place = |(line, column)| json!({"line": line, "column": column});
        let listed = json!({
            "name": "a.rs:1:1: replace f with ()", "package": "a", "file": "a.rs", "function": null, "genre": "FnValue",
            "span": {"start": place(start), "end": place(end)}, "replacement": "()", "diff": "",
        });
        serde_json::from_value(listed).unwrap()
    }

    #[test]
    fn the_place_is_replaced() {
        let source = "fn é() {\n    ü == 1;\n}\n";
        for (start, end, expected) in [
            ((1, 8), (3, 2), "fn é() ()\n"),
            ((2, 7), (2, 9), "fn é() {\n    ü () 1;\n}\n"),
            ((1, 1), (1, 1), "()fn é() {\n    ü == 1;\n}\n"),
            ((4, 1), (4, 1), "fn é() {\n    ü == 1;\n}\n()"),
        ] {
            let applied = mutant(start, end).applied(source);
            assert_eq!(applied.as_deref(), Some(expected), "{start:?}");
        }
    }

    #[test]
    fn a_place_that_is_not_there_is_none() {
        for (start, end) in [
            ((1, 80), (1, 81)),
            ((2, 5), (1, 1)),
            ((0, 1), (1, 1)),
            ((9, 2), (9, 3)),
        ] {
            assert_eq!(
                mutant(start, end).applied("fn f() {\n}\n"),
                None,
                "{start:?}"
            );
        }
    }
}
