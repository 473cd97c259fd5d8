//! A span of time as people write it: `90d`, `12h`.

/// The milliseconds of `text`: a whole number and one of `s`, `m`, `h`, `d`.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let refuse = || "write a number and s, m, h or d: 90d, 12h".to_owned();
    let unit = text.chars().last().ok_or_else(refuse)?;
    let unit_ms: u64 = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return Err(refuse()),
    };
    let number = text.strip_suffix(unit).ok_or_else(refuse)?.trim();
    let number: u64 = number.parse().map_err(|_| refuse())?;
    number
        .checked_mul(unit_ms)
        .filter(|ms| *ms > 0)
        .ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(parse("90d"), Ok(7_776_000_000));
        assert_eq!(parse("12 h"), Ok(43_200_000));
        for text in [
            "",
            "d",
            "12",
            "-1d",
            "0s",
            "1w",
            "1.5h",
            "99999999999999999999d",
            "1dd",
            "é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
