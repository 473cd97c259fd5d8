//! How a registry asks who one is: `WWW-Authenticate` (RFC 9110 §11.6.1).

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// Parameters of a challenge beyond these are not looked at.
const MAX_PARAMETERS: usize = 16;

/// What a registry asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// The account with each request (RFC 7617).
    Basic,
    /// A token from somewhere, for which the account is shown there (the distribution project's token authentication).
    Bearer {
        /// Where.
        realm: String,
        /// What the registry is called there.
        service: Option<String>,
    },
}

impl Challenge {
    /// The first challenge in an answer's `headers` that can be met; a token rather than the account itself.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        let found: Vec<_> = values
            .filter_map(|value| parse(value.to_str().ok()?))
            .collect();
        let is_bearer = |challenge: &Self| matches!(challenge, Self::Bearer { .. });
        let at = found.iter().position(is_bearer).unwrap_or(0);
        found.into_iter().nth(at)
    }
}

/// The challenge in one value of the header; a second one in the same value is taken for parameters, and ignored.
fn parse(value: &str) -> Option<Challenge> {
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service) = (None, None);
    let mut rest = rest;
    for _ in 0..MAX_PARAMETERS {
        let Some((name, value, after)) = parameter(rest) else {
            break;
        };
        match name {
            name if name.eq_ignore_ascii_case("realm") => realm = Some(value),
            name if name.eq_ignore_ascii_case("service") => service = Some(value),
            _ => {}
        }
        rest = after;
    }
    Some(Challenge::Bearer {
        realm: realm?,
        service,
    })
}

/// The parameter at the beginning of `text`: name, value, and what follows.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let (name, rest) = text.split_once('=')?;
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find([',', ' ']).unwrap_or(rest.len());
        return Some((name.trim(), rest[..end].to_owned(), &rest[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((name.trim(), value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        Challenge::of(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
        })
    }

    #[test]
    fn what_registries_send_is_read() {
        for (values, expected) in [
            (
                &[
                    r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                ][..],
                bearer("https://auth.docker.io/token", Some("registry.docker.io")),
            ),
            (
                &[r#"bearer service="a\"b" , realm="https://x/""#],
                bearer("https://x/", Some("a\"b")),
            ),
            (
                &["Bearer realm=https://x/, error=\"e\""],
                bearer("https://x/", None),
            ),
            (&["Basic realm=\"Registry\""], Some(Challenge::Basic)),
            (&["Basic"], Some(Challenge::Basic)),
            (
                &["Basic realm=\"r\"", "Bearer realm=\"https://x/\""],
                bearer("https://x/", None),
            ),
            (&["Negotiate", "Basic realm=\"r\""], Some(Challenge::Basic)),
        ] {
            assert_eq!(of(values), expected, "{values:?}");
        }
    }

    #[test]
    fn what_cannot_be_met_is_none() {
        for values in [
            &[][..],
            &[""],
            &["Negotiate abc"],
            &["Bearer"],
            &["Bearer service=\"x\""],
            &["Bearer realm=\"https://x/"],
            &["Bearer realm=\"https://x/\\"],
        ] {
            assert_eq!(of(values), None, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_not(value in "[ -~]{0,200}", rest in "[a-z=\",\\\\ ]{0,80}") {
            let _ = parse(&value);
            let _ = parse(&format!("Bearer {rest}"));
        }
    }
}
