//! What the router did not see is in the log; what it saw is not there twice.

use serde_json::json;
use tracing::Level;

use super::*;
use crate::error::Failure;

/// One request named `r-1`, and what was logged of it.
async fn lines(fake: &Arc<Fake>, method: &str, credential: &str) -> (Answered, Vec<String>) {
    let metadata = [("authorization", credential), ("x-request-id", "r-1")];
    let request = request(method, &metadata, frame(&[]).freeze());
    logged(Level::WARN, send(app(fake), request)).await
}

#[tokio::test]
async fn a_reply_that_does_not_fit_is_in_the_log() {
    let never = json!({"metadata": {"name": "s3cret", "expires_at": 300_000_000_000_000_u64}});
    let long = json!({"access_token": "s3cret".repeat(2_000)});
    for (method, reply, cause) in [
        (CREATE, Some(never.clone()), "token_metadata.expires_at"),
        (
            LIST,
            Some(json!({"tokens": [never]})),
            "token_metadata.expires_at",
        ),
        (LIST, None, "no page of a list"),
        (SIGN_IN, None, "no session"),
        (
            SIGN_IN,
            Some(json!({"access_token": "s3cret\n"})),
            "cannot travel",
        ),
        (SIGN_IN, Some(long), "too large"),
    ] {
        let fake = fake();
        fake.will_answer(Ok(reply));
        let (answered, lines) = lines(&fake, method, "Bearer vsk_all").await;
        assert_eq!(answered.code(), Code::Unknown, "{method} {cause}");
        assert_eq!(answered.details().error_info().unwrap().reason, "unknown");
        let [line] = lines.as_slice() else {
            panic!("one line: {lines:?}");
        };
        for part in ["r-1", method, cause] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(!line.contains("s3cret"), "{line}");
    }
}

#[tokio::test]
async fn a_later_page_that_does_not_fit_is_in_the_log() {
    let fake = fake();
    let uuids = (0..100).map(|n| json!({"uuid": format!("u-{n}")}));
    let page = json!({"tokens": uuids.collect::<Vec<_>>()});
    // The second is the first again: there would be no end.
    for second in [Some(json!({"tokens": 7})), Some(page.clone())] {
        fake.will_answer_in_turn([Ok(Some(page.clone())), Ok(second)]);
        let (answered, lines) = lines(&fake, LIST, "Bearer vsk_all").await;
        assert_eq!(answered.code(), Code::Unknown);
        assert_eq!(answered.messages.len(), 100);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(LIST) && lines[0].contains("no page of a list"));
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_looked_up_is_in_the_log() {
    let fake = fake();
    let (answered, lines) = lines(&fake, CREATE, "Bearer vsk_lost").await;
    assert_eq!(answered.code(), Code::Unavailable);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("the keys are gone") && lines[0].contains("r-1"));
    assert!(!lines[0].contains("vsk_"), "{lines:?}");
}

#[tokio::test]
async fn what_is_no_fault_or_the_router_s_is_not() {
    let fake = fake();
    let (answered, lines_of_refusal) = lines(&fake, CREATE, "Bearer vsk_wrong").await;
    assert_eq!(answered.code(), Code::Unauthenticated);
    fake.will_answer(Err(Failure::unknown().because("said by the router")));
    let (answered, lines_of_fault) = lines(&fake, CREATE, "Bearer vsk_all").await;
    assert_eq!(answered.code(), Code::Unknown);
    let lines = [lines_of_refusal, lines_of_fault].concat();
    assert!(lines.is_empty(), "{lines:?}");
}
