//! A file of JSON lines, one at a time and never more than one.

use std::io::{self, BufRead, Read as _};

use serde_json::Value;
use vestibule::contract::json::parse;
use vestibule::error::Violation;

/// The longest line, in bytes: every field at its longest, all of it escaped, has a quarter.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// A line that is not empty.
#[derive(Debug, PartialEq)]
pub(super) struct Line {
    /// Its number, from 1 on.
    pub(super) number: u64,
    /// Its length, in bytes.
    pub(super) bytes: usize,
    /// The object in it, or the rule that it breaks.
    pub(super) user: Result<Value, Violation>,
}

/// Reads lines.
pub(super) struct Lines<R> {
    input: R,
    number: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            number: 0,
            buffer: Vec::new(),
        }
    }

    /// The next line from number `from` on; none at the end.
    pub(super) fn next(&mut self, from: u64) -> io::Result<Option<Line>> {
        loop {
            let is_whole = match self.advance()? {
                None => return Ok(None),
                Some(is_whole) => is_whole,
            };
            if self.number < from {
                continue;
            }
            let text = self.text();
            if text.is_empty() && is_whole {
                continue;
            }
            return Ok(Some(Line {
                number: self.number,
                bytes: text.len(),
                user: match is_whole {
                    true => read(text),
                    false => Err(whole(format!(
                        "is longer than {} KiB",
                        MAX_LINE_BYTES >> 10
                    ))),
                },
            }));
        }
    }

    /// Takes the next line into the buffer, and says whether all of it fits; none at the end.
    fn advance(&mut self) -> io::Result<Option<bool>> {
        self.buffer.clear();
        let most = MAX_LINE_BYTES as u64 + 1;
        let read = (&mut self.input)
            .take(most)
            .read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let is_whole = read <= MAX_LINE_BYTES || self.buffer.ends_with(b"\n");
        if !is_whole {
            self.input.skip_until(b'\n')?;
        }
        Ok(Some(is_whole))
    }

    fn text(&self) -> &[u8] {
        let text = match self.number {
            // Some programs begin a file with a mark of its encoding.
            1 => self
                .buffer
                .strip_prefix(b"\xef\xbb\xbf")
                .unwrap_or(&self.buffer),
            _ => &self.buffer,
        };
        text.trim_ascii()
    }
}

/// The object in a line. What serde says of a value may repeat it, so only the place is told. What two readers could understand
/// differently, a name that stands twice above all, is refused here: the server would not see it.
fn read(text: &[u8]) -> Result<Value, Violation> {
    if let Err(error) = serde_json::from_slice::<Value>(text) {
        return Err(whole(format!("is not JSON, at column {}", error.column())));
    }
    match parse(text)? {
        user @ Value::Object(_) => Ok(user),
        _ => Err(whole("must be a JSON object")),
    }
}

/// A rule about a whole line.
fn whole(rule: impl Into<String>) -> Violation {
    Violation::new("", rule)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(text: &[u8], from: u64) -> Vec<(u64, Result<Value, String>)> {
        let mut lines = Lines::new(text);
        let mut found = Vec::new();
        while let Some(line) = lines.next(from).unwrap() {
            let user = line.user;
            let user = user.map_err(|broken| match broken.path.is_empty() {
                true => broken.message,
                false => format!("{}: {}", broken.path, broken.message),
            });
            found.push((line.number, user));
        }
        found
    }

    #[test]
    fn lines_are_numbered_and_empty_ones_are_passed_over() {
        let text = b"\xef\xbb\xbf{\"a\": 1}\r\n\n  \n{\"b\": 2}\n{\"c\": 3}";
        assert_eq!(
            all(text, 1),
            [
                (1, Ok(json!({"a": 1}))),
                (4, Ok(json!({"b": 2}))),
                (5, Ok(json!({"c": 3}))),
            ]
        );
        assert_eq!(all(text, 5), [(5, Ok(json!({"c": 3})))]);
        assert_eq!(all(text, 6), []);
        assert_eq!(all(b"", 1), []);
    }

    #[test]
    fn what_is_no_object_is_refused_by_its_place() {
        for (text, rule) in [
            (&b"[]"[..], "must be a JSON object"),
            (b"\"s3cret\"", "must be a JSON object"),
            (b"{\"s3cret\": s3cret}", "is not JSON, at column 12"),
            (b"{\"a\": 1} {}", "is not JSON, at column 10"),
            (b"{\"a\": \"s3cret", "is not JSON, at column 13"),
            (b"{\"a\": \"\xff\"}", "is not JSON, at column 8"),
            (br#"{"a": "\ud800"}"#, "is not JSON, at column 14"),
            (
                br#"{"a": 1, "a": "s3cret"}"#,
                "a: stands twice in the same object",
            ),
        ] {
            let refused = all(text, 1);
            let [(1, Err(told))] = refused.as_slice() else {
                panic!("{refused:?}");
            };
            assert_eq!(told, rule);
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_without_being_kept() {
        let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_LINE_BYTES - 8));
        assert_eq!(fits.len(), MAX_LINE_BYTES);
        let text = format!("{fits}\n{fits} \n{}\n{{}}\n", "x".repeat(1_000_000));
        let mut lines = Lines::new(text.as_bytes());
        let mut outcomes = Vec::new();
        while let Some(line) = lines.next(1).unwrap() {
            assert!(lines.buffer.len() <= MAX_LINE_BYTES + 1);
            outcomes.push((line.number, line.user.is_ok()));
        }
        assert_eq!(outcomes, [(1, true), (2, false), (3, false), (4, true)]);
    }
}
