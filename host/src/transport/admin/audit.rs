//! `/admin/audit`: the audit records, in pages.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{Response, StatusCode};

use super::Admin;
use crate::audit::{AuditQuery, MAX_PAGE};
use crate::error::{Failure, Violation};
use crate::transport::reply::{Refusal, json};

/// How many records a page has if nobody says otherwise.
const PAGE: usize = 100;

/// The longest value of a parameter, in bytes: an id of a record has a moment, a message's id and two numbers.
const MAX_VALUE_BYTES: usize = 256;

/// What the names of parameters are.
const NAMES: [&str; 7] = [
    "after",
    "limit",
    "since",
    "until",
    "action",
    "subject",
    "newest_first",
];

/// `GET /admin/audit?after=&limit=&since=&until=&action=&subject=&newest_first=`
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    RawQuery(query): RawQuery,
) -> Result<Response<Body>, Refusal> {
    let query = parse(query.as_deref().unwrap_or_default())?;
    let page = admin.administration.audit(query).await?;
    Ok(json(StatusCode::OK, &page))
}

/// The query that the parameters in `text` say. Each may stand there once.
fn parse(text: &str) -> Result<AuditQuery, Failure> {
    let mut given = BTreeMap::new();
    let mut violations = Vec::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        // A name that we do not know is not repeated either: it may be a value that lost its name.
        let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
            violations.push(Violation::new("", "a parameter is unknown"));
            break;
        };
        if value.len() > MAX_VALUE_BYTES {
            violations.push(Violation::new(name, "is too long"));
        } else if given.insert(name, value.into_owned()).is_some() {
            violations.push(Violation::new(name, "may be given once"));
        }
    }
    let mut parameters = Parameters { given, violations };
    let query = AuditQuery {
        after: parameters.text("after"),
        limit: parameters
            .value("limit", "must be a whole number from 1 to 1000", |limit| {
                (1..=MAX_PAGE).contains(limit)
            })
            .unwrap_or(PAGE),
        since: parameters.value("since", MOMENT, |_| true),
        until: parameters.value("until", MOMENT, |_| true),
        action: parameters.text("action"),
        subject: parameters.text("subject"),
        newest_first: parameters
            .value("newest_first", "must be true or false", |_| true)
            .unwrap_or(false),
    };
    match parameters.violations.is_empty() {
        true => Ok(query),
        false => Err(Failure::bad_request(parameters.violations)),
    }
}

const MOMENT: &str = "must be a moment in milliseconds since 1970";

struct Parameters {
    given: BTreeMap<&'static str, String>,
    violations: Vec<Violation>,
}

impl Parameters {
    fn text(&mut self, name: &str) -> Option<String> {
        self.given.remove(name)
    }

    /// The value of `name`, if it is given and as `rule` says.
    fn value<T: FromStr>(
        &mut self,
        name: &str,
        rule: &str,
        fits: impl FnOnce(&T) -> bool,
    ) -> Option<T> {
        let text = self.given.remove(name)?;
        let value = text.parse().ok().filter(fits);
        if value.is_none() {
            self.violations.push(Violation::new(name, rule));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asked_is_the_first_page() {
        let expected = AuditQuery {
            limit: PAGE,
            ..AuditQuery::default()
        };
        assert_eq!(parse("").unwrap(), expected);
    }

    #[test]
    fn everything_can_be_asked() {
        let query = "after=1%2Fm%2F0-00&limit=7&since=1&until=2&action=sign-in&subject=a+b%26&newest_first=true";
        let expected = AuditQuery {
            after: Some("1/m/0-00".to_owned()),
            limit: 7,
            since: Some(1),
            until: Some(2),
            action: Some("sign-in".to_owned()),
            subject: Some("a b&".to_owned()),
            newest_first: true,
        };
        assert_eq!(parse(query).unwrap(), expected);
    }

    #[test]
    fn what_does_not_fit_is_named_and_not_repeated() {
        let long = format!("subject={}", "s3cret".repeat(50));
        for (query, path) in [
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=s3cret", "limit"),
            ("limit=", "limit"),
            ("since=-1", "since"),
            ("until=99999999999999999999", "until"),
            ("newest_first=1", "newest_first"),
            ("subject=a&subject=s3cret", "subject"),
            (&long, "subject"),
            ("s3cret=1", ""),
        ] {
            let refused = parse(query).unwrap_err();
            assert_eq!(refused.violations[0].path, path, "{query}");
            assert!(!format!("{refused:?}").contains("s3cret"), "{query}");
        }
    }
}
