//! The one place that prints.

use std::io::{self, IsTerminal as _, Write};

use serde_json::Value;

/// Prints for people or for programs. What nobody reads any more (a closed pipe) is no error.
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read this.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person sees progress as it happens.
    pub(super) fn shows_progress(&self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// A line on stdout.
    pub(super) fn line(&self, text: &str) {
        write_line(io::stdout().lock(), text);
    }

    /// A line on stdout, for who prints without end: an error says that nobody reads any more.
    pub(super) fn try_line(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")?;
        stdout.flush()
    }

    /// A remark on stderr, for people only.
    pub(super) fn note(&self, text: &str) {
        if !self.json {
            write_line(io::stderr().lock(), text);
        }
    }

    /// An error on stderr.
    pub(super) fn error(&self, text: &str) {
        write_line(io::stderr().lock(), text);
    }

    /// JSON on stdout: indented for a terminal, else on one line.
    pub(super) fn json(&self, value: &Value) {
        let indented = io::stdout().is_terminal() && !self.json;
        self.line(&spell(value, indented));
    }

    /// JSON on stderr, likewise.
    pub(super) fn error_json(&self, value: &Value) {
        let indented = io::stderr().is_terminal() && !self.json;
        self.error(&spell(value, indented));
    }

    /// `value` for programs, or what `people` makes of it.
    pub(super) fn show(&self, value: &Value, people: impl FnOnce(&Self, &Value)) {
        match self.json {
            true => self.line(&value.to_string()),
            false => people(self, value),
        }
    }

    /// Rows under their titles, in columns.
    pub(super) fn table<const N: usize>(&self, titles: [&str; N], rows: &[[String; N]]) {
        let mut widths = titles.map(|title| title.chars().count());
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        self.line(&columns(&titles.map(str::to_owned), &widths));
        for row in rows {
            self.line(&columns(row, &widths));
        }
    }

    /// How far something is, in place of what was said before.
    pub(super) fn progress(&self, text: &str) {
        if self.shows_progress() {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
        }
    }

    /// Removes what [`Output::progress`] said.
    pub(super) fn progress_done(&self) {
        self.progress("");
    }
}

fn columns<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

fn spell(value: &Value, indented: bool) -> String {
    match indented {
        true => serde_json::to_string_pretty(value).unwrap_or_default(),
        false => value.to_string(),
    }
}

fn write_line(mut to: impl Write, text: &str) {
    let _ = writeln!(to, "{text}");
}

/// The text at `key` of an object, for a table; empty if there is none.
pub(super) fn text(value: &Value, key: &str) -> String {
    printable(&plain(value, key))
}

/// `text` with its control characters escaped, and those that turn the direction of writing: it may be a stranger's.
pub(super) fn printable(text: &str) -> String {
    let turns = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() || turns(c) {
            true => printable.extend(c.escape_default()),
            false => printable.push(c),
        }
    }
    printable
}

/// The same for a text of several lines, which stay.
pub(super) fn printable_lines(text: &str) -> String {
    let lines = text.lines().map(printable);
    lines.collect::<Vec<_>>().join("\n")
}

fn plain(value: &Value, key: &str) -> String {
    match &value[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let words = list.iter().map(|word| {
                word.as_str()
                    .map_or_else(|| word.to_string(), str::to_owned)
            });
            words.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The moment (milliseconds since 1970) at `key`, as a date in UTC; `-` if there is none.
pub(super) fn moment(value: &Value, key: &str) -> String {
    value[key].as_u64().map_or_else(|| "-".to_owned(), date)
}

/// `2026-01-31 12:00:00`, by the calendar's own arithmetic (days since 1970, years that begin in March).
pub(super) fn date(moment: u64) -> String {
    let seconds = moment / 1_000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = match month_from_march {
        m if m < 10 => m + 3,
        m => m - 9,
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_moment_is_a_date() {
        for (moment, expected) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_400_000, "2000-02-29 00:00:00"),
            (1_709_164_799_999, "2024-02-28 23:59:59"),
            (4_107_542_400_000, "2100-03-01 00:00:00"),
        ] {
            assert_eq!(date(moment), expected);
        }
        assert_eq!(moment(&json!({}), "created_at"), "-");
    }

    #[test]
    fn a_strangers_text_cannot_write_to_the_terminal() {
        let name = json!({"name": "a\u{1b}[2Jb\n\u{9b}c\u{202e}é"});
        assert_eq!(text(&name, "name"), "a\\u{1b}[2Jb\\n\\u{9b}c\\u{202e}é");
        let lines = "a\x1b[2J\r\nb\u{202e}c\rd\n\né\n";
        assert_eq!(printable_lines(lines), "a\\u{1b}[2J\nb\\u{202e}c\\rd\n\né");
    }

    #[test]
    fn cells_stand_under_their_titles() {
        let cells = ["a".to_owned(), "b".to_owned()];
        assert_eq!(columns(&cells, &[3, 5]), "a    b");
    }
}
