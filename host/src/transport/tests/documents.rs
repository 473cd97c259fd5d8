//! What anybody may read.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::fixture::{COMMAND, Fake, header, send};

#[tokio::test]
async fn documents_and_probes_need_no_credential() {
    let fake = Fake::new();
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        send(&fake, request).await
    };
    let (response, body) = get("/openapi.json").await;
    assert_eq!(response.status(), 200);
    assert!(body["paths"][COMMAND]["post"].is_object());
    let (_, body) = get("/asyncapi.json").await;
    assert_eq!(body["asyncapi"], "3.0.0");
    let (response, body) = get("/.well-known/jwks.json").await;
    assert_eq!(body, json!({"keys": []}));
    assert_eq!(header(&response, "cache-control"), "public, max-age=300");
    let (response, body) = get("/healthz").await;
    assert_eq!(
        (response.status(), body),
        (StatusCode::OK, json!({"status": "ok"}))
    );
    let (response, body) = get("/readyz").await;
    assert_eq!(
        (response.status(), body),
        (StatusCode::OK, json!({"status": "ready"}))
    );
    fake.ready.store(false, Ordering::SeqCst);
    let (response, body) = get("/readyz").await;
    assert_eq!(response.status(), 503);
    assert_eq!(header(&response, "retry-after"), "1");
    assert_eq!(body["error"]["code"], "unavailable");
    assert!(!body.to_string().contains("s3cret"));
}
