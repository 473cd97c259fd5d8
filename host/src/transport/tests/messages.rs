//! What becomes a message, and what of its answer becomes one of HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::fixture::{COMMAND, Fake, error, header, post, send};
use crate::error::{Code, Failure};
use crate::message::Plane;

#[tokio::test]
async fn a_message_is_sent_and_answered() {
    let fake = Fake::new();
    let request = post(COMMAND)
        .header("idempotency-key", "k-1")
        .header("x-request-id", "r-1")
        .header("x-forwarded-for", "198.51.100.7")
        .extension(axum::extract::ConnectInfo(std::net::SocketAddr::from((
            [127, 0, 0, 1],
            9,
        ))))
        .body(r#"{"access_token":"x"}"#.into());
    let (response, body) = send(&fake, request.unwrap()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(body, json!({"valid": true}));
    assert_eq!(header(&response, "content-type"), "application/json");
    assert_eq!(header(&response, "cache-control"), "no-store");
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    assert_eq!(header(&response, "x-request-id"), "r-1");
    let sent = fake.sent.lock().unwrap();
    let message = &sent[0];
    assert_eq!(message.id.as_deref(), Some("k-1"));
    assert_eq!(message.request_id, "r-1");
    assert_eq!(
        (&*message.channel, &*message.command, message.version),
        ("token", "verify-token", 1)
    );
    assert_eq!(message.caller.plane, Plane::Service);
    assert_eq!(message.caller.service_key.as_deref(), Some("key-1"));
    assert_eq!(
        message.caller.remote_address,
        Some("198.51.100.7".parse().unwrap())
    );
    assert_eq!(message.payload, json!({"access_token": "x"}));
    assert!(
        fake.metrics
            .encode()
            .contains("vestibule_http_requests_total{status=\"200\"} 1")
    );
}

#[tokio::test]
async fn a_command_without_reply_answers_204() {
    let fake = Fake::new();
    fake.will_answer(Ok(None));
    let request = Request::post(COMMAND)
        .header("authorization", "Bearer vsk_all")
        .body(Body::empty());
    let (response, body) = send(&fake, request.unwrap()).await;
    assert_eq!(
        (response.status(), body),
        (StatusCode::NO_CONTENT, Value::Null)
    );
    assert_eq!(fake.sent.lock().unwrap()[0].payload, Value::Null);
}

#[tokio::test]
async fn a_refusal_of_the_host_keeps_its_code_and_its_time() {
    let fake = Fake::new();
    for (code, ms, status, seconds) in [
        (Code::TooManyRequests, Some(1_001), 429, "2"),
        (Code::Unavailable, Some(1), 503, "1"),
        (Code::Unavailable, None, 503, ""),
        (Code::Unauthenticated, None, 401, ""),
        (Code::Channel("duplicate-email".to_owned()), None, 409, ""),
        (Code::Channel("session-ended".to_owned()), None, 422, ""),
        (Code::Unknown, None, 500, ""),
        (Code::DeadlineExceeded, None, 504, ""),
    ] {
        let mut failure = Failure::new(code.clone(), "no").because("s3cret");
        failure.retry_after_ms = ms;
        fake.will_answer(Err(failure));
        let (response, body) = send(&fake, post(COMMAND).body("{}".into()).unwrap()).await;
        assert_eq!(response.status(), status, "{code:?}");
        let mut expected = error(code.as_str(), "no", json!([]));
        expected["error"]["retry_after_ms"] = json!(ms);
        assert_eq!(body, expected);
        assert_eq!(header(&response, "retry-after"), seconds);
    }
}
