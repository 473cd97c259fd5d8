//! Builds on their way in, and the way back.

use super::*;

#[tokio::test]
async fn a_build_is_taken_with_what_the_query_says_and_who_asked() {
    let fake = Arc::new(Fake::default());
    let peer: SocketAddr = "192.0.2.7:9".parse().unwrap();
    let path = "/admin/components/token?grant=mail&grant=users%2F*&allow_downgrade=true";
    let request = request("PUT", path).extension(ConnectInfo(peer));
    let (response, body) = ask(&fake, request, "a new build").await;
    assert_eq!(response.status(), 200);
    let body: Value = serde_json::from_slice(&body).unwrap();
    let expected = serde_json::to_value(deployed(b"a new build")).unwrap();
    assert_eq!(body, expected);
    let noted = fake.done.lock().unwrap().pop().unwrap();
    for part in [
        "deploy token 11",
        r#"grants: ["mail", "users/*"], allow_downgrade: true, allow_quarantined: false"#,
        r#"service_key: Some("admin-key"), remote_address: Some("192.0.2.7")"#,
    ] {
        assert!(noted.contains(part), "{noted}");
    }
}

#[tokio::test]
async fn a_rollback_says_from_where_and_how() {
    let fake = Arc::new(Fake::default());
    let from = Digest::of(b"a build");
    let path = format!("/admin/components/token/rollback?from={from}&quarantine=true");
    let (response, _) = ask(&fake, request("POST", &path), "").await;
    assert_eq!(response.status(), 200);
    let noted = fake.done.lock().unwrap().pop().unwrap();
    assert!(noted.contains(&format!("from: Some({from:?})")), "{noted}");
    assert!(
        noted.contains("quarantine: true, allow_unread_schema: false"),
        "{noted}"
    );
}

#[tokio::test]
async fn what_is_no_deploy_is_refused_and_nothing_is_done() {
    let fake = Arc::new(Fake::default());
    let long = format!("/admin/components/token?grant={}", "s3cret".repeat(100));
    let many = format!("/admin/components/token?{}", "grant=mail&".repeat(65));
    for (method, path, at) in [
        (
            "PUT",
            "/admin/components/token?allow_downgrade=s3cret",
            "allow_downgrade",
        ),
        (
            "PUT",
            "/admin/components/token?allow_downgrade=true&allow_downgrade=true",
            "allow_downgrade",
        ),
        ("PUT", "/admin/components/token?s3cret=1", ""),
        ("PUT", "/admin/components/token?from=1", ""),
        ("PUT", &long, "grant"),
        ("PUT", &many, "grant"),
        (
            "POST",
            "/admin/components/token/rollback?from=s3cret",
            "from",
        ),
        ("POST", "/admin/components/token/rollback?grant=mail", ""),
    ] {
        let (response, body) = ask(&fake, request(method, path), "a build").await;
        assert_eq!(response.status(), 400, "{path}");
        let text = String::from_utf8(body).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["error"]["violations"][0]["path"], at, "{path}");
    }
    let put = || request("PUT", "/admin/components/token");
    for (name, value) in [
        ("content-type", "application/json"),
        ("content-type", "application/wasm; charset=utf-8"),
        ("x-nothing", "application/wasm"),
    ] {
        let (response, _) = send(&fake, put().header(name, value), "a build").await;
        assert_eq!(response.status(), 415, "{name}: {value}");
    }
    let encoded = put()
        .header("content-type", "application/wasm")
        .header("content-encoding", "gzip");
    assert_eq!(send(&fake, encoded, "a build").await.0.status(), 415);
    assert!(fake.done.lock().unwrap().is_empty());
    let (response, _) = ask(&fake, request("PUT", "/admin/components/nobody"), "a build").await;
    assert_eq!(response.status(), 404);
    let (response, _) = ask(&fake, request("GET", "/admin/components/nobody/builds"), "").await;
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn a_build_beyond_the_limit_is_refused_and_never_held() {
    let fake = Arc::new(Fake::default());
    let put = || {
        let put = request("PUT", "/admin/components/token");
        put.header("content-type", "application/wasm")
    };
    let (response, _) = send(&fake, put(), vec![7; MAX_BUILD_BYTES]).await;
    assert_eq!(response.status(), 200);
    fake.done.lock().unwrap().clear();
    // One that says how long it is, and one that does not.
    let chunks = (0..11).map(|_| Ok::<_, std::io::Error>(vec![7; 100]));
    let chunks = futures::stream::iter(chunks);
    for body in [
        Body::from(vec![7; MAX_BUILD_BYTES + 1]),
        Body::from_stream(chunks),
    ] {
        let (response, answer) = send(&fake, put(), body).await;
        assert_eq!(response.status(), 413);
        let text = String::from_utf8(answer).unwrap();
        assert!(
            text.contains("deploy.max_bytes") && text.contains("1000"),
            "{text}"
        );
    }
    let broken = futures::stream::iter([Ok(vec![7; 100]), Err(std::io::Error::other("gone"))]);
    let (response, _) = send(&fake, put(), Body::from_stream(broken)).await;
    assert_eq!(response.status(), 400);
    assert!(fake.done.lock().unwrap().is_empty());
}
