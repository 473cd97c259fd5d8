//! Requests that are none.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use tracing::Level;

use super::fixture::{COMMAND, Fake, error, header, patient, post, send, send_to};
use super::log::logged;

// M03
#[tokio::test]
async fn a_request_that_is_none_is_refused_and_nothing_is_sent() {
    // C08: every refusal is compared whole, and none repeats what was sent.
    let fake = Fake::new();
    let no_fit = "the request does not fit the command";
    let at = |path: &str, message: &str| json!([{"path": path, "message": message}]);
    let cases = [
        (
            post(COMMAND).body(Body::from("s3cret")),
            400,
            error(
                "bad-request",
                no_fit,
                at("", "the request is not JSON: see line 1, column 1"),
            ),
        ),
        (
            post(COMMAND).body(Body::from(&b"\"\xff\""[..])),
            400,
            error("bad-request", no_fit, at("", "the request is not UTF-8")),
        ),
        (
            post(COMMAND).body(Body::from(vec![b' '; 65])),
            413,
            error(
                "bad-request",
                "the request is too large: at most 64 bytes are accepted",
                json!([]),
            ),
        ),
        (
            // Its length is not said beforehand.
            post(COMMAND).body(Body::from_stream(futures::stream::iter(
                (0..9).map(|_| Ok::<_, std::io::Error>("12345678")),
            ))),
            413,
            error(
                "bad-request",
                "the request is too large: at most 64 bytes are accepted",
                json!([]),
            ),
        ),
        (
            Request::post(COMMAND)
                .header("authorization", "Bearer vsk_all")
                .header("content-type", "text/s3cret")
                .body(Body::from("{}")),
            415,
            error(
                "bad-request",
                "send the request as `Content-Type: application/json`, not encoded otherwise",
                json!([]),
            ),
        ),
        (
            post(COMMAND)
                .header("idempotency-key", "s3cret s3cret")
                .body(Body::from("{}")),
            400,
            error(
                "bad-request",
                no_fit,
                at(
                    "Idempotency-Key",
                    "must be one header of 1 to 255 visible ASCII characters",
                ),
            ),
        ),
        (
            post(COMMAND)
                .header("vestibule-user", r#"{"id":"s3cret"}"#)
                .body(Body::from("{}")),
            403,
            error(
                "access-denied",
                "only a service key with the right to act as a user may name one",
                json!([]),
            ),
        ),
        (
            Request::get(COMMAND).body(Body::empty()),
            405,
            error(
                "bad-request",
                "this path is not read: send a POST",
                json!([]),
            ),
        ),
        (
            Request::put("/healthz").body(Body::empty()),
            405,
            error(
                "bad-request",
                "this path does not take this method",
                json!([]),
            ),
        ),
    ];
    for (request, status, expected) in cases {
        let (response, body) = send(&fake, request.unwrap()).await;
        assert_eq!(response.status(), status, "{expected}");
        assert_eq!(body, expected);
        assert_eq!(header(&response, "content-type"), "application/json");
        assert_eq!(header(&response, "x-request-id").len(), 36);
        assert!(!format!("{response:?}{body}").contains("s3cret"));
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let fake = Fake::new();
    let stream = futures::stream::pending::<Result<&str, std::io::Error>>();
    let request = post(COMMAND).body(Body::from_stream(stream)).unwrap();
    let impatient = patient(&fake, Duration::ZERO);
    let (response, body) = send_to(impatient, request).await;
    assert_eq!(response.status(), 408);
    assert_eq!(
        body,
        error(
            "bad-request",
            "the request's body did not arrive in time",
            json!([])
        )
    );
}

#[tokio::test]
async fn a_key_that_cannot_be_looked_up_is_in_the_log() {
    let fake = Fake::new();
    let request = Request::post(COMMAND)
        .header("authorization", "Bearer vsk_lost")
        .header("x-request-id", "r-1");
    let sent = send(&fake, request.body(Body::empty()).unwrap());
    let ((response, _), lines) = logged(Level::WARN, sent).await;
    assert_eq!(response.status(), 503);
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in ["r-1", "admission", "the keys are gone"] {
        assert!(lines[0].contains(part), "{part} is not in {lines:?}");
    }
    assert!(!lines[0].contains("vsk_"), "{lines:?}");
    // One that is worth nothing is no fault.
    let request = Request::post(COMMAND).header("authorization", "Bearer vsk_wrong");
    let sent = send(&fake, request.body(Body::empty()).unwrap());
    let ((response, _), lines) = logged(Level::WARN, sent).await;
    assert_eq!(response.status(), 401);
    assert!(lines.is_empty(), "{lines:?}");
}
