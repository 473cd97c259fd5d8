//! What travels beside the messages: the client's deadline in a request, a session in an answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tonic::metadata::MetadataMap;

use crate::clock::Timestamp;
use crate::error::{Failure, Violation};
use crate::transport::request::single;

pub(super) const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The longest number of `grpc-timeout`, in digits.
const MAX_DIGITS: usize = 8;

/// When the client stops waiting: `now` and its `grpc-timeout`, 1 to 8 digits and a unit (gRPC over HTTP/2, "Requests").
///
/// # Errors
/// `bad-request` for a timeout that is none.
pub(super) fn deadline(headers: &HeaderMap, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    let Ok(text) = single(headers, &TIMEOUT) else {
        return Err(broken());
    };
    match text.map(millis) {
        None => Ok(None),
        Some(Some(millis)) => Ok(Some(now.saturating_add(millis))),
        Some(None) => Err(broken()),
    }
}

/// The milliseconds of `5S`, rounded up: 99 999 999 hours at most.
fn millis(timeout: &str) -> Option<u64> {
    let (digits, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    let is_number = (1..=MAX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = is_number.then(|| digits.parse().ok()).flatten()?;
    match unit {
        "H" => Some(number * 3_600_000),
        "M" => Some(number * 60_000),
        "S" => Some(number * 1_000),
        "m" => Some(number),
        "u" => Some(number.div_ceil(1_000)),
        "n" => Some(number.div_ceil(1_000_000)),
        _ => None,
    }
}

fn broken() -> Failure {
    let rule = "must be 1 to 8 digits and a unit: H, M, S, m, u or n";
    Failure::bad_request(vec![Violation::new("grpc-timeout", rule)])
}

/// The fields of `reply` as metadata: `access_token` is `x-access-token`. All of it is marked as secret, so that neither end
/// keeps it in its tables of headers (RFC 7541 §7.1.3), and no `Debug` shows it.
///
/// # Errors
/// `unknown` for a reply that cannot travel so, or has nothing in it.
pub(super) fn session(reply: &Value) -> Result<MetadataMap, Failure> {
    let fault = |cause| Failure::unknown().because(cause);
    let fields = reply.as_object().ok_or_else(|| fault(NO_SESSION))?;
    let mut headers = HeaderMap::new();
    let mut left = MAX_SESSION_BYTES;
    for (field, value) in fields {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(fault("a session's field is no text or number")),
        };
        let name = format!("x-{}", field.replace('_', "-"));
        let size = name.len() + text.len() + FIELD_BYTES;
        left = left.checked_sub(size).ok_or_else(|| fault(TOO_LARGE))?;
        let name: HeaderName = name.parse().map_err(|_| fault(UNFIT))?;
        let mut value: HeaderValue = text.parse().map_err(|_| fault(UNFIT))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    match headers.is_empty() {
        true => Err(fault(NO_SESSION)),
        false => Ok(MetadataMap::from_headers(headers)),
    }
}

const UNFIT: &str = "a session's field cannot travel as metadata";

const TOO_LARGE: &str = "a session's fields are too large for metadata";

const NO_SESSION: &str = "the reply is no session";

/// The most bytes of a session's metadata. Clients take 8 KiB of it and more, other metadata included.
const MAX_SESSION_BYTES: usize = 7 * 1024;

/// What a field counts for beside its name and value (RFC 9113 §6.5.2).
const FIELD_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(timeout: &str) -> Result<Option<Timestamp>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", HeaderValue::from_str(timeout).unwrap());
        deadline(&headers, 10_000)
    }

    #[test]
    fn a_timeout_is_a_deadline() {
        for (timeout, deadline) in [
            ("5S", 15_000),
            ("250m", 10_250),
            ("1u", 10_001),
            ("0n", 10_000),
            ("2000001n", 10_003),
            ("2M", 130_000),
            ("1H", 3_610_000),
            ("00000001S", 11_000),
            ("99999999H", 359_999_996_410_000),
        ] {
            assert_eq!(read(timeout).unwrap(), Some(deadline), "{timeout}");
        }
        assert_eq!(deadline(&HeaderMap::new(), 7).unwrap(), None);
    }

    #[test]
    fn what_is_no_timeout_is_refused() {
        let most = "1".repeat(9) + "S";
        for timeout in [
            "", "S", "5", "5s", "-1S", "+1S", "1.5S", " 1S", "5 S", "5SS", &most,
        ] {
            let failure = read(timeout).unwrap_err();
            assert_eq!(failure.code.as_str(), "bad-request", "{timeout}");
            assert_eq!(failure.violations[0].path, "grpc-timeout");
        }
        let mut headers = HeaderMap::new();
        headers.append(TIMEOUT, HeaderValue::from_static("1S"));
        headers.append(TIMEOUT, HeaderValue::from_static("2S"));
        assert!(deadline(&headers, 0).is_err());
        headers.insert(TIMEOUT, HeaderValue::from_bytes(b"1\xc3\xa9").unwrap());
        assert!(deadline(&headers, 0).is_err());
    }

    #[test]
    fn a_session_is_secret_metadata() {
        let reply = json!({
            "access_token": "s3cret", "access_expires_at": 17, "refresh_token": null, "session_id": "s-1",
        });
        let metadata = session(&reply).unwrap();
        let headers = metadata.as_ref();
        assert_eq!(headers["x-access-token"], "s3cret");
        assert_eq!(headers["x-access-expires-at"], "17");
        assert_eq!(headers["x-session-id"], "s-1");
        assert_eq!(headers.len(), 3);
        assert!(headers.values().all(HeaderValue::is_sensitive));
        assert!(!format!("{metadata:?}").contains("s3cret"));
    }

    #[test]
    fn a_session_may_be_long() {
        let session = session(&json!({"access_token": "a".repeat(6 * 1_024)}));
        assert_eq!(session.unwrap().len(), 1);
    }

    #[test]
    fn a_session_that_cannot_travel_is_a_fault() {
        for reply in [
            json!({"access_token": "a\nb"}),
            json!({"access_token": ["a"]}),
            json!({"access token": "a"}),
            json!({"access_token": "a".repeat(7 * 1_024)}),
            json!({"access_token": "a".repeat(4_000), "refresh_token": "a".repeat(4_000)}),
            json!({}),
            json!({"access_token": null}),
            json!(null),
            json!(["a"]),
            json!("a"),
        ] {
            let failure = session(&reply).unwrap_err();
            assert_eq!(failure.code.as_str(), "unknown");
        }
    }
}
