//! What metrics and log say of a request.

use tracing::Level;

use super::*;
use crate::error::Failure;

/// What the log says of the outcome of `request`, and what is counted.
async fn outcome(fake: &Arc<Fake>, request: Request<Body>) -> String {
    let answered = app(fake).oneshot(request);
    let (_, lines) = logged(Level::DEBUG, answered).await;
    let of_request: Vec<_> = lines.iter().filter(|it| it.contains("outcome=")).collect();
    let [line] = of_request.as_slice() else {
        panic!("one line: {lines:?}");
    };
    let (_, rest) = line.split_once("outcome=").unwrap();
    rest.split(' ').next().unwrap().trim_matches('"').to_owned()
}

fn counted(fake: &Fake, code: &str) -> bool {
    let line = format!("vestibule_grpc_requests_total{{code=\"{code}\"}} 1\n");
    fake.metrics.encode().contains(&line)
}

#[tokio::test]
async fn every_answer_is_counted_by_its_code_and_named_in_the_log() {
    let fine = || frame(&[]).freeze();
    let key = [("authorization", "Bearer vsk_all")];
    let gzip = [("grpc-encoding", "gzip")];
    let health = "grpc.health.v1.Health/Check";
    let unknown = frame(b"\x0a\x01x").freeze();
    let ping = "test.v1.TestNoAuthService/Ping";
    for (request, outcome_of, code) in [
        (request(ping, &[], fine()), "ok", "OK"),
        (request(health, &[], fine()), "ok", "OK"),
        (request(health, &[], unknown), "NOT_FOUND", "NOT_FOUND"),
        (
            request(PONG, &[], fine()),
            "unauthenticated",
            "UNAUTHENTICATED",
        ),
        (request("a.b/C", &[], fine()), "not-found", "UNIMPLEMENTED"),
        (request(ping, &gzip, fine()), "bad-request", "UNIMPLEMENTED"),
        (
            request(CREATE, &key, fine()),
            "too-many-requests",
            "RESOURCE_EXHAUSTED",
        ),
    ] {
        let fake = fake();
        fake.will_answer(Err(Failure::new(
            crate::error::Code::TooManyRequests,
            "too often",
        )));
        let shown = request.uri().to_string();
        assert_eq!(outcome(&fake, request).await, outcome_of, "{shown}");
        assert!(counted(&fake, code), "{shown}: {}", fake.metrics.encode());
    }
}

#[tokio::test]
async fn what_is_no_grpc_is_not_counted_as_such() {
    let fake = fake();
    let mut json = request(SIGN_IN, &[], frame(&[]).freeze());
    let content_type = "application/grpc+json".parse().unwrap();
    json.headers_mut().insert("content-type", content_type);
    assert_eq!(outcome(&fake, json).await, "bad-request");
    let text = fake.metrics.encode();
    assert!(text.contains("vestibule_http_requests_total{status=\"415\"} 1"));
    assert!(!text.contains("vestibule_grpc_requests_total{"), "{text}");
}
