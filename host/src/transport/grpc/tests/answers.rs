//! From what a command answers to what a client gets.

use futures::StreamExt as _;
use serde_json::json;

use super::*;
use crate::error::{Code as Reason, Failure, Violation};

#[tokio::test]
async fn a_reply_is_a_message() {
    let fake = fake();
    let reply = json!({
        "uuid": "u-1",
        "metadata": {"name": "ci", "expires_at": 1_795_269_413_123_u64},
        "permissions": {"scopes": ["tokens:read", "*"]},
        "value": "vst_s3cret",
        "last_four": "cret",
    });
    fake.will_answer(Ok(Some(reply.clone())));
    let answered = ask(&fake, CREATE, &[]).await;
    assert_eq!(answered.code(), Code::Ok);
    let [message] = answered.messages.as_slice() else {
        panic!("one message");
    };
    let mut expected = reply;
    expected.as_object_mut().unwrap().remove("last_four");
    let fields = fields("tokens.v1.CreateTokenResponse", message);
    assert_eq!(Value::from(fields), expected);
}

#[tokio::test]
async fn a_command_without_reply_answers_an_empty_message() {
    let fake = fake();
    fake.will_answer(Ok(None));
    let answered = ask(&fake, "accounts.v1.PublicAccountsService/SignUp", &[]).await;
    assert_eq!(answered.code(), Code::Ok);
    assert_eq!(answered.messages, [Bytes::new()]);
}

#[tokio::test]
async fn a_session_is_initial_metadata() {
    let fake = fake();
    fake.will_answer(Ok(Some(json!({
        "access_token": "eyJ.a.b", "access_expires_at": 7, "refresh_token": "r", "refresh_expires_at": 9, "session_id": "s",
    }))));
    for method in [
        SIGN_IN,
        REFRESH,
        "accounts.v1.AccountsService/TokenAuthorization",
    ] {
        let answered = ask(&fake, method, &[]).await;
        assert_eq!(answered.code(), Code::Ok);
        assert_eq!(answered.messages, [Bytes::new()]);
        for (key, value) in [
            ("x-access-token", "eyJ.a.b"),
            ("x-access-expires-at", "7"),
            ("x-refresh-token", "r"),
            ("x-refresh-expires-at", "9"),
            ("x-session-id", "s"),
        ] {
            assert_eq!(answered.headers[key], value);
            assert!(answered.headers[key].is_sensitive());
        }
    }
}

#[tokio::test]
async fn a_refusal_has_its_reason_and_its_fields() {
    let fake = fake();
    let mut failure = Failure::new(
        Reason::ValidationFailed,
        "the request broke a rule of a field",
    )
    .because("s3cret");
    failure.violations = vec![
        Violation::new("metadata.name", "must not be empty"),
        Violation::new("permissions.scopes[1]", "is not known"),
    ];
    fake.will_answer(Err(failure));
    let answered = ask(&fake, CREATE, &[]).await;
    assert_eq!(answered.code(), Code::InvalidArgument);
    assert_eq!(
        answered.status.message(),
        "the request broke a rule of a field"
    );
    let details = answered.details();
    let info = details.error_info().unwrap();
    assert_eq!(
        (&*info.reason, &*info.domain),
        ("validation-failed", "vestibule")
    );
    let fields = ["token_metadata.name", "token_permissions.scopes[1]"];
    assert_eq!(answered.violated(), fields);
    assert!(details.retry_info().is_none());
    assert!(!format!("{:?}", answered.status).contains("s3cret"));
}

#[tokio::test]
async fn a_limit_says_when_to_come_back() {
    let fake = fake();
    let mut failure = Failure::new(Reason::TooManyRequests, "too often");
    failure.retry_after_ms = Some(1_500);
    fake.will_answer(Err(failure));
    let answered = ask(&fake, SIGN_IN, &[]).await;
    assert_eq!(answered.code(), Code::ResourceExhausted);
    let details = answered.details();
    let delay = details.retry_info().unwrap().retry_delay.unwrap();
    assert_eq!(delay.as_millis(), 1_500);
    assert!(details.bad_request().is_none());
}

#[tokio::test]
async fn many_violations_fit_into_the_trailers() {
    let fake = fake();
    let rule = "must be one of: ".repeat(16);
    let violations = (0..32).map(|n| Violation::new(format!("uuid[{n}]"), &*rule));
    fake.will_answer(Err(Failure::bad_request(violations.collect())));
    let answered = ask(&fake, "tokens.v1.TokensService/GetToken", &[]).await;
    let told = answered.violated();
    assert_eq!(told[0], "token_uuid.uuid[0]");
    assert!((10..32).contains(&told.len()));
    assert!(answered.headers["grpc-status-details-bin"].len() < 7 * 1_024);
}

/// A page of so many tokens.
fn page(count: usize) -> Value {
    page_of(0, count)
}

/// The page number `number`.
fn page_of(number: usize, count: usize) -> Value {
    let first = number * 100;
    let token = |n| json!({"uuid": format!("u-{}", first + n), "metadata": {"name": "t", "expires_at": 1}, "permissions": {"scopes": []}});
    json!({"tokens": (0..count).map(token).collect::<Vec<_>>()})
}

#[tokio::test]
async fn a_list_is_a_stream() {
    let fake = fake();
    fake.will_answer(Ok(Some(page(3))));
    let answered = ask(&fake, LIST, &[]).await;
    assert_eq!(answered.code(), Code::Ok);
    let uuids = answered
        .messages
        .iter()
        .map(|message| fields("tokens.v1.ListTokensResponse", message)["uuid"].clone());
    assert_eq!(uuids.collect::<Vec<_>>(), ["u-0", "u-1", "u-2"]);
    let sent = fake.sent.lock().unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].payload, json!({"limit": 100}));
}

#[tokio::test]
async fn a_page_is_asked_for_when_the_one_before_is_taken() {
    let fake = fake();
    fake.will_answer_in_turn((0..100).map(|number| Ok(Some(page_of(number, 100)))));
    let metadata = [
        ("authorization", "Bearer vsk_all"),
        ("idempotency-key", "k"),
    ];
    let request = request(LIST, &metadata, frame(&[]).freeze());
    let response = app(&fake).oneshot(request).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    // Its messages are sent in pieces of 32 KiB and more.
    for _ in 0..2 {
        body.next().await.unwrap().unwrap();
    }
    let asked = fake.sent.lock().unwrap().len();
    assert!((2..50).contains(&asked), "{asked}");
    drop(body);
    let sent = fake.sent.lock().unwrap();
    assert_eq!(sent.len(), asked);
    assert_eq!(sent[1].payload, json!({"limit": 100, "after": "u-99"}));
    // Pages are many messages: none of them has the request's name.
    assert!(sent.iter().all(|message| message.id.is_none()));
}

#[tokio::test]
async fn a_stream_that_fails_says_so_at_its_end() {
    let fake = fake();
    fake.will_answer(Ok(Some(page(100))));
    let metadata = [("authorization", "Bearer vsk_all")];
    let request = request(LIST, &metadata, frame(&[]).freeze());
    let response = app(&fake).oneshot(request).await.unwrap();
    fake.will_answer(Err(Failure::unavailable(250)));
    let collected = response.into_body().collect().await.unwrap();
    let status = Status::from_header_map(collected.trailers().unwrap()).unwrap();
    assert_eq!(status.code(), Code::Unavailable);
    let details = status.get_error_details();
    let delay = details.retry_info().unwrap().retry_delay.unwrap();
    assert_eq!(delay.as_millis(), 250);
    assert_eq!(unframed(collected.to_bytes()).len(), 100);
}

#[tokio::test]
async fn a_reply_that_is_no_list_is_a_fault() {
    for reply in [
        None,
        Some(json!({})),
        Some(json!({"tokens": [{"uuid": 1}]})),
    ] {
        let fake = fake();
        fake.will_answer(Ok(reply));
        assert_eq!(ask(&fake, LIST, &[]).await.code(), Code::Unknown);
    }
}
