//! The arithmetic of key ranges: keys are ordered by their UTF-8 bytes, which is the order of their code points.

use std::ops::Bound;

use super::Range;

impl Range {
    /// Where its keys begin.
    #[must_use]
    pub fn start(&self) -> Bound<&str> {
        match self.after.as_deref() {
            // An `after` before the prefix excludes nothing; one that equals it excludes the prefix itself.
            Some(after) if after >= self.prefix.as_str() => Bound::Excluded(after),
            _ => Bound::Included(&self.prefix),
        }
    }

    /// The least string that is greater than every key with its prefix; none if there is no such string.
    #[must_use]
    pub fn end(&self) -> Option<String> {
        let mut end = self.prefix.clone();
        while let Some(last) = end.pop() {
            if let Some(next) = successor(last) {
                end.push(next);
                return Some(end);
            }
        }
        None
    }

    /// Whether `key` lies in it.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        key.starts_with(&self.prefix) && self.after.as_deref().is_none_or(|after| key > after)
    }
}

/// The code point after `c`, over the gap of the surrogates; none after the last.
fn successor(c: char) -> Option<char> {
    (c..=char::MAX).nth(1)
}

#[cfg(test)]
mod tests {
    use super::super::Namespace;
    use super::*;

    fn range(prefix: &str, after: Option<&str>) -> Range {
        Range {
            namespace: Namespace::reserved("test"),
            prefix: prefix.to_owned(),
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn the_end_is_the_least_string_beyond_the_prefix() {
        assert_eq!(range("", None).end(), None);
        assert_eq!(range("a", None).end().as_deref(), Some("b"));
        assert_eq!(range("a\u{7f}", None).end().as_deref(), Some("a\u{80}"));
        assert_eq!(
            range("\u{d7ff}", None).end().as_deref(),
            Some("\u{e000}"),
            "surrogates are no characters"
        );
        assert_eq!(
            range("a\u{10ffff}\u{10ffff}", None).end().as_deref(),
            Some("b")
        );
        assert_eq!(range("\u{10ffff}", None).end(), None);
    }

    #[test]
    fn the_start_is_the_later_of_prefix_and_after() {
        assert_eq!(range("b", None).start(), Bound::Included("b"));
        assert_eq!(range("b", Some("a")).start(), Bound::Included("b"));
        assert_eq!(range("b", Some("b")).start(), Bound::Excluded("b"));
        assert_eq!(range("b", Some("bc")).start(), Bound::Excluded("bc"));
        assert_eq!(range("b", Some("c")).start(), Bound::Excluded("c"));
    }

    #[test]
    fn it_contains_what_has_the_prefix_and_comes_after() {
        let range = range("b", Some("ba"));
        assert!(range.contains("bb"));
        assert!(!range.contains("ba"));
        assert!(!range.contains("c"));
    }
}
