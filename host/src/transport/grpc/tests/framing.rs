//! What is a gRPC request and what is none, and who is let in.

use std::time::Duration;

use axum::http::{Method, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_credential_is_checked_before_the_request_is_read() {
    let fake = fake();
    for (method, metadata, code) in [
        // Not public, and nobody.
        (REFRESH, &[][..], Code::Unauthenticated),
        (
            REFRESH,
            &[("authorization", "Basic dTpw")],
            Code::Unauthenticated,
        ),
        (
            REFRESH,
            &[("authorization", "Bearer vsk_wrong")],
            Code::Unauthenticated,
        ),
        (
            REFRESH,
            &[("authorization", "Bearer vsk_users")],
            Code::PermissionDenied,
        ),
        (
            CREATE,
            &[("authorization", "Bearer eyJ.a.b")],
            Code::PermissionDenied,
        ),
        (PONG, &[], Code::Unauthenticated),
        (
            PONG,
            &[("authorization", "Bearer vsk_wrong")],
            Code::Unauthenticated,
        ),
        (
            PONG,
            &[("authorization", "Bearer eyJ.bad")],
            Code::Unauthenticated,
        ),
        // A service key is no user's, and nobody's deadline is read.
        (
            PONG,
            &[("authorization", "Bearer vsk_all")],
            Code::Unauthenticated,
        ),
        (PONG, &[("grpc-timeout", "soon")], Code::Unauthenticated),
    ] {
        // Its body never comes.
        let body = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let answered = send(app(&fake), request(method, metadata, body)).await;
        assert_eq!(answered.code(), code, "{method} {metadata:?}");
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn ping_answers_anybody_and_pong_who_is_somebody() {
    let fake = fake();
    let body = || frame(&[]).freeze();
    let ping = request("test.v1.TestNoAuthService/Ping", &[], body());
    assert_eq!(send(app(&fake), ping).await.code(), Code::Ok);
    let pong = request(PONG, &[("authorization", "Bearer eyJ.good")], body());
    assert_eq!(send(app(&fake), pong).await.code(), Code::Ok);
    // No command is asked.
    assert!(fake.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_is_one_message_of_bounded_size() {
    let one = || frame(b"\x0a\x01a");
    let mut two = one();
    two.extend_from_slice(&one());
    let mut compressed = one();
    compressed[0] = 1;
    let mut strange = one();
    strange[0] = 7;
    let cut = one().split_to(6);
    let large = frame(&[0; 1_025]);
    // It says to be 4 GiB.
    let huge = BytesMut::from(&b"\x00\xff\xff\xff\xff"[..]);
    for body in [BytesMut::new(), two, compressed, strange, cut, large, huge] {
        let fake = fake();
        let shown = format!("{:?}", &body[..body.len().min(8)]);
        let answered = send(app(&fake), request(SIGN_IN, &[], body.freeze())).await;
        assert_eq!(answered.code(), Code::InvalidArgument, "{shown}");
        let details = answered.details();
        assert_eq!(details.error_info().unwrap().reason, "bad-request");
        assert!(fake.sent.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn metadata_is_read_strictly() {
    for (metadata, field) in [
        (("grpc-timeout", "soon"), "grpc-timeout"),
        (("idempotency-key", ""), "idempotency-key"),
    ] {
        let fake = fake();
        let answered = send(
            app(&fake),
            request(SIGN_IN, &[metadata], frame(&[]).freeze()),
        )
        .await;
        assert_eq!(answered.code(), Code::InvalidArgument);
        assert_eq!(answered.violated(), [field]);
        assert!(fake.sent.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_compressed_request_is_not_unfolded() {
    let fake = fake();
    for method in [SIGN_IN, "grpc.health.v1.Health/Check"] {
        for encoding in ["gzip", "s3cret", "s3cr\u{e9}t", ""] {
            let metadata = [("grpc-encoding", encoding)];
            let request = request(method, &metadata, frame(&[]).freeze());
            let answered = send(app(&fake), request).await;
            assert_eq!(answered.code(), Code::Unimplemented);
            // Its name is the client's, and not repeated.
            let message = "send the request without compression";
            assert_eq!(answered.status.message(), message);
            let details = answered.details();
            assert_eq!(details.error_info().unwrap().reason, "bad-request");
            assert_eq!(answered.headers["grpc-accept-encoding"], "identity");
            assert!(!format!("{:?}", answered.headers).contains("s3cr"));
        }
    }
    assert!(fake.sent.lock().unwrap().is_empty());
    let metadata = [("grpc-encoding", "identity")];
    let request = request(SIGN_IN, &metadata, frame(&[]).freeze());
    send(app(&fake), request).await;
    assert_eq!(fake.sent.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_has_a_time_to_arrive() {
    let fake = fake();
    let mut options = options();
    options.body_timeout = Duration::ZERO;
    let app = http::router(fake.clone(), options);
    let late = "test.v1.TestNoAuthService/Ping";
    for method in [SIGN_IN, late, "grpc.health.v1.Health/Check"] {
        // Its first bytes are there, and the rest never comes.
        let begun = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(&[0, 0]))]);
        let body = Body::from_stream(begun.chain(futures::stream::pending()));
        let answered = send(app.clone(), request(method, &[], body)).await;
        assert_eq!(answered.code(), Code::DeadlineExceeded, "{method}");
        let details = answered.details();
        assert_eq!(details.error_info().unwrap().reason, "deadline-exceeded");
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_implemented() {
    let fake = fake();
    for method in [
        "accounts.v1.AccountsService/Nothing",
        "accounts.v1.Nothing/SignIn",
        "v1/token/verify-token",
        "grpc.health.v1.Health/Nothing",
        // A path has one slash at its beginning.
        "/accounts.v1.PublicAccountsService/SignIn",
        "//test.v1.TestNoAuthService/Ping",
        // It is off.
        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "",
    ] {
        let answered = ask(&fake, method, &[]).await;
        assert_eq!(answered.code(), Code::Unimplemented, "{method}");
    }
    assert!(fake.sent.lock().unwrap().is_empty());
}

async fn raw(fake: &Arc<Fake>, request: Request<Body>) -> Response<Body> {
    app(fake).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn what_is_no_grpc_has_an_http_status() {
    let fake = fake();
    let mut old = request(SIGN_IN, &[], frame(&[]).freeze());
    *old.version_mut() = Version::HTTP_11;
    assert_eq!(raw(&fake, old).await.status(), 400);
    let mut get = request(SIGN_IN, &[], Body::empty());
    *get.method_mut() = Method::GET;
    let refused = raw(&fake, get).await;
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.headers()["allow"], "POST");
    let mut get = request(SIGN_IN, &[], Body::empty());
    *get.method_mut() = Method::GET;
    let content_type = "application/grpc-web".parse().unwrap();
    get.headers_mut().insert("content-type", content_type);
    let refused = raw(&fake, get).await;
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.headers()["allow"], "POST");
    let mut json = request(SIGN_IN, &[], frame(&[]).freeze());
    let content_type = "application/grpc+json".parse().unwrap();
    json.headers_mut().insert("content-type", content_type);
    assert_eq!(raw(&fake, json).await.status(), 415);
    // Without the content type it is HTTP, and a path that is none.
    let mut http = request(SIGN_IN, &[], frame(&[]).freeze());
    http.headers_mut().remove("content-type");
    assert_eq!(raw(&fake, http).await.status(), 401);
}

#[tokio::test]
async fn a_browser_reads_trailers_in_the_body() {
    let body = message(
        "accounts.v1.SignInRequest",
        &json!({"email": "a", "password": "b"}),
    );
    let framed = frame(&body).freeze();
    for (content_type, body) in [
        ("application/grpc-web+proto", framed.to_vec()),
        (
            "application/grpc-web-text",
            STANDARD.encode(&framed).into_bytes(),
        ),
    ] {
        let fake = fake();
        fake.will_answer(Ok(Some(json!({"access_token": "eyJ.a.b"}))));
        let mut request = request(SIGN_IN, &[("accept", content_type)], body);
        *request.version_mut() = Version::HTTP_11;
        let value = content_type.parse().unwrap();
        request.headers_mut().insert("content-type", value);
        let response = raw(&fake, request).await;
        assert_eq!(response.status(), 200);
        assert!(
            response.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("application/grpc-web")
        );
        assert_eq!(response.headers()["x-access-token"], "eyJ.a.b");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes);
        match content_type.contains("text") {
            true => assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}"),
            false => assert!(text.contains("grpc-status:0"), "{text}"),
        }
        let sent = fake.sent.lock().unwrap();
        assert_eq!(sent[0].payload, json!({"email": "a", "password": "b"}));
    }
}
