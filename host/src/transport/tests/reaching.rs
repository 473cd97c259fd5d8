//! Who reaches what, and what those are told who do not.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use super::fixture::{COMMAND, Fake, error, header, post, send};

/// Without a credential everything that is not public is the same, there or not.
// F05
#[tokio::test]
async fn a_stranger_learns_nothing() {
    let fake = Fake::new();
    let expected = error(
        "unauthenticated",
        "this needs a credential: send `Authorization: Bearer …`",
        json!([]),
    );
    for path in [
        COMMAND,
        "/v1/token/no-such-command",
        "/v1/nothing/at-all",
        "/v1/%ff/x",
        "/v1/a%2Fb/c",
        "/v9/token/verify-token",
        "/v1/token",
        "/",
        "/admin/keys",
    ] {
        let request = Request::post(path).body("not even JSON".into()).unwrap();
        let (response, body) = send(&fake, request).await;
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(body, expected, "{path}");
        assert_eq!(
            header(&response, "www-authenticate"),
            "Bearer realm=\"vestibule\"",
            "{path}"
        );
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_bad_key_is_refused_and_one_out_of_scope_too() {
    let fake = Fake::new();
    for path in [COMMAND, "/v1/accounts/sign-in", "/v1/nothing/at-all", "/"] {
        let request = Request::post(path)
            .header("authorization", "Bearer vsk_s3cret")
            .body(Body::empty());
        let (response, body) = send(&fake, request.unwrap()).await;
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(
            body,
            error("unauthenticated", "the credential is not valid", json!([]))
        );
        assert_eq!(
            header(&response, "www-authenticate"),
            "Bearer realm=\"vestibule\", error=\"invalid_token\""
        );
        let request = Request::post(path)
            .header("authorization", "Bearer vsk_users")
            .body(Body::empty());
        let (response, body) = send(&fake, request.unwrap()).await;
        assert_eq!(response.status(), 403, "{path}");
        assert_eq!(
            body,
            error(
                "access-denied",
                "the credential does not reach this command",
                json!([])
            )
        );
        assert_eq!(header(&response, "www-authenticate"), "");
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn who_may_do_everything_is_told_what_is_not_there() {
    let fake = Fake::new();
    for path in [
        "/v01/token/verify-token",
        "/v/token/verify-token",
        "/v70000/token/verify-token",
        "/v1/Token/verify-token",
        "/v1/token/verify_token",
        "/v1/token",
        "/s3cret",
    ] {
        let (response, body) = send(&fake, post(path).body("{}".into()).unwrap()).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(
            body,
            error(
                "not-found",
                "there is no such channel or command",
                json!([])
            )
        );
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}
