//! A moment as people write it: a date in UTC, `2026-01-31` or `2026-01-31 12:00`, or how long ago it was: `7d`.

use super::lifetime;
use super::output::date;

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Milliseconds since 1970.
    At(u64),
    /// So many milliseconds before now.
    Ago(u64),
}

impl Moment {
    /// Its milliseconds since 1970, if it is `now`.
    pub(super) fn since_1970(self, now: u64) -> u64 {
        match self {
            Self::At(moment) => moment,
            Self::Ago(span) => now.saturating_sub(span),
        }
    }
}

/// The moment that `text` says: a span as [`lifetime::parse`] reads it, or a date of four, two and two digits, perhaps with
/// a time to the minute or the second (RFC 3339, in UTC only).
pub(super) fn parse(text: &str) -> Result<Moment, String> {
    if let Ok(span) = lifetime::parse(text) {
        return Ok(Moment::Ago(span));
    }
    let rule = "write a date in UTC or how long ago: 2026-01-31, 2026-01-31T12:00:00Z, 7d, 12h";
    at(text).map(Moment::At).ok_or_else(|| rule.to_owned())
}

fn at(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z').unwrap_or(text).replacen('T', " ", 1);
    let whole = match text.len() {
        10 => format!("{text} 00:00:00"),
        16 => format!("{text}:00"),
        _ => text,
    };
    let number = |from: usize, to: usize| whole.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let seconds = number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    let moment = (days(year, month, day)? * 86_400 + seconds) * 1_000;
    // What is no date, such as the 31st of a short month, is written otherwise.
    (date(moment) == whole).then_some(moment)
}

/// Days since 1970, by the calendar's own arithmetic (years that begin in March).
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month_from_march) = match month {
        ..=2 => (year.checked_sub(1)?, month + 9),
        _ => (year, month - 3),
    };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = ((153 * month_from_march + 2) / 5 + day).checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_moment() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400_000),
            ("2024-02-28 23:59:59", 1_709_164_799_000),
            ("2024-02-28T23:59Z", 1_709_164_740_000),
            ("2100-03-01T00:00:00", 4_107_542_400_000),
        ] {
            assert_eq!(parse(text), Ok(Moment::At(expected)), "{text}");
        }
        assert_eq!(parse("7d"), Ok(Moment::Ago(604_800_000)));
        assert_eq!(Moment::Ago(5).since_1970(7), 2);
        assert_eq!(Moment::Ago(8).since_1970(7), 0);
        assert_eq!(Moment::At(8).since_1970(7), 8);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "1969-12-31",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-01-00",
            "2024-01-32",
            "2024-1-1",
            "2024-01-01 24:00",
            "2024-01-01 12",
            "2024-01-01T12:00:00+01:00",
            "2024/01/01",
            "+024-01-01",
            "2024-01-01T12:00:00ZZ",
            "éééééééé",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
