//! What a mail calls its reader.

/// The longest first or last name, in bytes.
pub(crate) const MAX_BYTES: usize = 256;

/// First and last name as one; none if both are missing, or if a mail program could take it for a link: then the mail
/// would advertise whatever somebody calls themselves.
pub(crate) fn full(first: Option<&str>, last: Option<&str>) -> Option<String> {
    let names: Vec<&str> = [first, last]
        .into_iter()
        .flatten()
        .filter(|name| !name.is_empty())
        .collect();
    let name = names.join(" ");
    (!name.is_empty() && !looks_like_link(&name)).then_some(name)
}

/// Mail programs make links of `scheme:…`, of `a/b`, of addresses, and of words with a dot inside (`example.org`). An
/// initial (`J.R. Smith`) is none: no top-level domain has one letter.
fn looks_like_link(name: &str) -> bool {
    let has_link_sign = name.contains(['/', '\\', ':', '@']);
    let ends = |part: &str| part.chars().take_while(|c| c.is_alphanumeric()).count() >= 2;
    // Other dots are dots too, to those who resolve names (UTS #46).
    let mut parts = name.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
    parts.next();
    has_link_sign || parts.any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined() {
        assert_eq!(full(Some("Ada"), Some("King")).as_deref(), Some("Ada King"));
        assert_eq!(full(Some("Ada"), None).as_deref(), Some("Ada"));
        assert_eq!(full(None, Some("King")).as_deref(), Some("King"));
        assert_eq!(full(Some(""), Some("King")).as_deref(), Some("King"));
        assert_eq!(full(Some(""), Some("")), None);
        assert_eq!(full(None, None), None);
    }

    #[test]
    fn names_with_dots_are_names() {
        for name in [
            "J. R. Smith",
            "J.R. Smith",
            "Dr. Ada",
            "Ada B.",
            "J.R.R.",
            "…",
        ] {
            assert_eq!(full(Some(name), None).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_looks_like_a_link_is_no_name() {
        for name in [
            "https://evil.example",
            "evil.example",
            "Ada, see evil.example now",
            "evil。example",
            "www.evil.co",
            "evil.de/free",
            "mailto:eve",
            "eve@evil",
            "\\\\evil",
            "例.テスト",
        ] {
            assert_eq!(full(Some(name), Some("King")), None, "{name}");
            assert_eq!(full(None, Some(name)), None, "{name}");
        }
        // Only together.
        assert_eq!(
            full(Some("evil."), Some("example")).as_deref(),
            Some("evil. example")
        );
    }
}
