//! What is read of an HTTP request. Everything here comes from outside: it is bounded before it is used.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use zeroize::Zeroizing;

use super::reply::Refusal;
use crate::error::{Code, Failure, Violation};
use crate::planes::{ACTING_USER, Credentials};

/// The header that names a message, for safe repetition.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a violation calls it over HTTP.
pub(super) const IDEMPOTENCY_PLACE: &str = "Idempotency-Key";

/// The header that names a request in logs.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;
const MAX_REQUEST_ID_BYTES: usize = 128;

/// The client's name for the request, if it is one that can be logged; else a new one.
pub(super) fn request_id(headers: &HeaderMap) -> String {
    match single(headers, &REQUEST_ID) {
        Ok(Some(id)) if is_visible(id, MAX_REQUEST_ID_BYTES) => id.to_owned(),
        _ => uuid::Uuid::now_v7().to_string(),
    }
}

/// The message's id, if the client gave one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    match single(headers, &IDEMPOTENCY_KEY) {
        Ok(None) => Ok(None),
        Ok(Some(key)) if is_visible(key, MAX_IDEMPOTENCY_KEY_BYTES) => Ok(Some(key.to_owned())),
        _ => {
            let rule = "must be one header of 1 to 255 visible ASCII characters";
            let broken = Violation::new(IDEMPOTENCY_PLACE, rule);
            Err(Failure::bad_request(vec![broken]))
        }
    }
}

/// What the client presents. Two credentials at once are none, for two readers could choose differently.
pub(super) fn credentials(
    headers: &HeaderMap,
    address: Option<std::net::IpAddr>,
) -> Result<Credentials, Failure> {
    let authorization = single(headers, &header::AUTHORIZATION)
        .map_err(|Unreadable| Failure::new(Code::Unauthenticated, "the credential is not valid"))?;
    let acting_user =
        single(headers, &HeaderName::from_static(ACTING_USER)).map_err(|Unreadable| {
            let rule = "must be one header of ASCII text; write other characters as JSON escapes";
            Failure::bad_request(vec![Violation::new(ACTING_USER, rule)])
        })?;
    Ok(Credentials {
        authorization: authorization.map(|text| Zeroizing::new(text.to_owned())),
        acting_user: acting_user.map(str::to_owned),
        remote_address: address,
    })
}

/// The body of a request whose content must be JSON: at most `limit` bytes that arrive within `patience`. Nothing is read of one
/// that says to be longer or something else.
pub(super) async fn body(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    patience: Duration,
) -> Result<Bytes, Refusal> {
    let length = hyper::body::Body::size_hint(&body).exact();
    let is_nothing = length == Some(0) && !headers.contains_key(header::CONTENT_TYPE);
    if !is_nothing && !is_json(headers) {
        return Err(Refusal::with_status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the request as `Content-Type: application/json`, not encoded otherwise",
        ));
    }
    let limit_u64 = u64::try_from(limit).unwrap_or(u64::MAX);
    if length.is_some_and(|length| length > limit_u64) {
        return Err(too_large(limit));
    }
    let read = tokio::time::timeout(patience, Limited::new(body, limit).collect()).await;
    match read {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(_)) => Err(Refusal::with_status(
            StatusCode::BAD_REQUEST,
            "the request ended before its body did",
        )),
        Err(_) => Err(Refusal::with_status(
            StatusCode::REQUEST_TIMEOUT,
            "the request's body did not arrive in time",
        )),
    }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::with_status(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("the request is too large: at most {limit} bytes are accepted"),
    )
}

/// `application/json` in UTF-8 (RFC 8259 §8.1, §11), not compressed.
fn is_json(headers: &HeaderMap) -> bool {
    let plain = match single(headers, &header::CONTENT_ENCODING) {
        Ok(encoding) => encoding.is_none_or(|name| name.eq_ignore_ascii_case("identity")),
        Err(Unreadable) => false,
    };
    let Ok(Some(content_type)) = single(headers, &header::CONTENT_TYPE) else {
        return false;
    };
    let (essence, parameters) = content_type
        .split_once(';')
        .map_or((content_type, None), |(essence, rest)| {
            (essence, Some(rest))
        });
    let is_utf8 = |parameters: &str| {
        let value = parameters.trim().to_ascii_lowercase();
        matches!(value.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
    };
    plain
        && essence.trim().eq_ignore_ascii_case("application/json")
        && parameters.is_none_or(is_utf8)
}

/// A header that stands there twice, or is not ASCII.
pub(super) struct Unreadable;

/// The value of a header that may stand there once.
pub(super) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, Unreadable> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Unreadable),
        (Some(_), Some(_)) => Err(Unreadable),
    }
}

fn is_visible(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn a_request_id_is_kept_if_it_can_be_logged() {
        let long = "x".repeat(129);
        assert_eq!(request_id(&headers(&[("x-request-id", "a-1")])), "a-1");
        for pairs in [
            &[][..],
            &[("x-request-id", "")],
            &[("x-request-id", "a b")],
            &[("x-request-id", "é")],
            &[("x-request-id", &long)],
            &[("x-request-id", "a"), ("x-request-id", "b")],
        ] {
            assert_eq!(request_id(&headers(pairs)).len(), 36, "{pairs:?}");
        }
    }

    #[test]
    fn an_idempotency_key_is_visible_ascii() {
        let (most, more) = ("k".repeat(255), "k".repeat(256));
        assert_eq!(idempotency_key(&headers(&[])).unwrap(), None);
        let given = idempotency_key(&headers(&[("idempotency-key", &most)]));
        assert_eq!(given.unwrap(), Some(most));
        for pairs in [
            &[("idempotency-key", "")][..],
            &[("idempotency-key", "a b")],
            &[("idempotency-key", "é")],
            &[("idempotency-key", &more)],
            &[("idempotency-key", "a"), ("idempotency-key", "a")],
        ] {
            let failure = idempotency_key(&headers(pairs)).unwrap_err();
            assert_eq!(failure.code, Code::BadRequest);
            assert_eq!(failure.violations[0].path, "Idempotency-Key");
        }
    }

    #[test]
    fn only_plain_json_is_json() {
        for value in [
            "application/json",
            "Application/JSON",
            "application/json; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert!(is_json(&headers(&[("content-type", value)])), "{value}");
        }
        for pairs in [
            &[][..],
            &[("content-type", "text/plain")],
            &[("content-type", "application/json; charset=latin1")],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[("content-type", "application/jsonp")],
            &[
                ("content-type", "application/json"),
                ("content-type", "text/plain"),
            ],
            &[
                ("content-type", "application/json"),
                ("content-encoding", "gzip"),
            ],
        ] {
            assert!(!is_json(&headers(pairs)), "{pairs:?}");
        }
    }

    #[test]
    fn two_credentials_are_none() {
        let twice = headers(&[("authorization", "Bearer a"), ("authorization", "Bearer b")]);
        let failure = credentials(&twice, None).unwrap_err();
        assert_eq!(failure.code, Code::Unauthenticated);
        let twice = headers(&[("vestibule-user", "{}"), ("vestibule-user", "{}")]);
        let failure = credentials(&twice, None).unwrap_err();
        assert_eq!(failure.code, Code::BadRequest);
    }
}
