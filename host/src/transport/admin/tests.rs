mod components;

use std::io::Write as _;
use std::sync::Mutex;

use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::outbox::MailState;
use crate::sandbox::Digest;

fn mail(id: &str) -> MailSummary {
    MailSummary {
        id: id.to_owned(),
        to: Some("ann@example.com".to_owned()),
        subject: Some("Hello".to_owned()),
        state: MailState::Captured,
        channel: "email".to_owned(),
        at: 1,
        changed_at: 2,
        expires_at: 3,
        tries: 1,
        next_at: None,
        reason: None,
    }
}

/// The largest build that is taken here.
const MAX_BUILD_BYTES: usize = 1_000;

fn component(channel: &str) -> DeploymentInfo {
    DeploymentInfo {
        channel: channel.to_owned(),
        version: "1.0.0".to_owned(),
        digest: Digest::of(b"a build").to_string(),
        size: 7,
        author: None,
        state: crate::host::DeploymentState::Bundled,
        since: 1,
        revision: 0,
        previous: None,
        calls: 2,
        faults: 0,
        quarantined: vec![Digest::of(b"a bad one")],
        commands: vec!["verify-token".to_owned()],
        imports: Vec::new(),
        grants: Vec::new(),
        limits: crate::sandbox::EffectiveLimits::of(
            &crate::config::Limits::default(),
            &crate::config::ComponentLimits::default(),
        ),
    }
}

fn build() -> BuildInfo {
    BuildInfo {
        digest: Digest::of(b"a build"),
        version: "1.0.0".to_owned(),
        size: 7,
        author: Some("Ann".to_owned()),
        counter: None,
        signed: false,
        stored_at: 1,
        state: crate::host::BuildState::Serving,
    }
}

fn deployed(build: &[u8]) -> Deployed {
    Deployed {
        channel: "token".to_owned(),
        digest: Digest::of(build),
        version: "1.0.0".to_owned(),
        previous: Digest::of(b"a build"),
        revision: 1,
        changed: true,
        warnings: Vec::new(),
    }
}

/// Lets `Bearer admin` in.
#[derive(Default)]
struct Fake {
    done: Mutex<Vec<String>>,
}

impl Fake {
    fn note(&self, what: String) {
        self.done.lock().unwrap().push(what);
    }
}

fn key(id: &str) -> ServiceKey {
    ServiceKey {
        id: id.to_owned(),
        name: "billing".to_owned(),
        scopes: vec!["token/*".parse().unwrap()],
        act_as: false,
        created_at: 1,
        expires_at: None,
        revoked_at: None,
        operator: false,
    }
}

#[async_trait]
impl Administration for Fake {
    async fn authorize(&self, authorization: Option<&str>) -> Result<String, Failure> {
        match authorization {
            Some("Bearer admin") => Ok("admin-key".to_owned()),
            Some("Bearer other") => Err(Failure::new(Code::AccessDenied, "no")),
            _ => Err(Failure::new(Code::Unauthenticated, "who?")),
        }
    }

    fn metrics_text(&self) -> String {
        "# EOF\n".to_owned()
    }

    fn components(&self) -> Vec<DeploymentInfo> {
        vec![component("token")]
    }

    async fn builds(&self, channel: &str) -> Result<Vec<BuildInfo>, Failure> {
        match channel {
            "token" => Ok(vec![build()]),
            _ => Err(Failure::new(Code::NotFound, "no such channel")),
        }
    }

    fn max_build_bytes(&self) -> usize {
        MAX_BUILD_BYTES
    }

    async fn deploy(
        &self,
        channel: &str,
        build: Vec<u8>,
        options: DeployOptions,
    ) -> Result<Deployed, Failure> {
        self.note(format!("deploy {channel} {} {options:?}", build.len()));
        match channel {
            "token" => Ok(deployed(&build)),
            _ => Err(Failure::new(Code::NotFound, "no such channel")),
        }
    }

    async fn roll_back(
        &self,
        channel: &str,
        options: RollbackOptions,
    ) -> Result<Deployed, Failure> {
        self.note(format!("roll back {channel} {options:?}"));
        Ok(deployed(b"the one before"))
    }

    async fn keys(&self) -> Result<Vec<ServiceKey>, Failure> {
        Ok(vec![key("k1")])
    }

    async fn create_key(&self, wanted: KeyRequest) -> Result<KeyCreated, Failure> {
        self.note(format!("{wanted:?}"));
        Ok(KeyCreated {
            key: key("k2"),
            token: "vsk_new".to_owned(),
        })
    }

    async fn revoke_key(&self, id: &str) -> Result<ServiceKey, Failure> {
        match id {
            "k1" => Ok(key(id)),
            _ => Err(Failure::new(Code::NotFound, "no such key")),
        }
    }

    fn signing_keys(&self) -> Vec<KeySummary> {
        Vec::new()
    }

    async fn rotate_signing_key(&self, request: RotationRequest) -> Result<Rotated, Failure> {
        self.note(format!("{request:?}"));
        Ok(Rotated {
            current: "kid".to_owned(),
        })
    }

    async fn mails(&self, query: MailQuery) -> Result<MailPage, Failure> {
        self.note(format!("{query:?}"));
        Ok(MailPage {
            mails: vec![mail("m-1")],
            next: None,
        })
    }

    async fn mail(&self, id: &str) -> Result<MailView, Failure> {
        match id {
            "m-1" => Ok(MailView {
                summary: mail(id),
                text: Some("words".to_owned()),
                html: None,
            }),
            _ => Err(Failure::new(Code::NotFound, "no such mail")),
        }
    }

    async fn retry_mail(&self, id: &str) -> Result<MailSummary, Failure> {
        self.note(format!("retry {id}"));
        Ok(mail(id))
    }

    async fn backup(&self, request: BackupRequest) -> Result<tokio::fs::File, Failure> {
        self.note(format!("{request:?}"));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 100_000]).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        Ok(tokio::fs::File::from_std(file))
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, Failure> {
        self.note(format!("{query:?}"));
        Ok(AuditPage::default())
    }

    async fn export_subject(&self, id: &str, by: &Administrator) -> Result<SubjectExport, Failure> {
        self.note(format!("export {id:?} by {by:?}"));
        Ok(SubjectExport {
            subject: id.to_owned(),
            exported_at: 1,
            entries: Vec::new(),
        })
    }

    async fn forget_subject(&self, id: &str, by: &Administrator) -> Result<Forgotten, Failure> {
        self.note(format!("forget {id:?} by {by:?}"));
        Ok(Forgotten {
            subject: id.to_owned(),
            entries: 7,
        })
    }

    async fn doctor(&self) -> Vec<Finding> {
        Vec::new()
    }
}

async fn ask(
    fake: &Arc<Fake>,
    request: axum::http::request::Builder,
    body: &str,
) -> (Response<()>, Vec<u8>) {
    let is_build = request.method_ref() == Some(&axum::http::Method::PUT);
    let media = match is_build {
        true => "application/wasm",
        false => "application/json",
    };
    send(fake, request.header("content-type", media), body.to_owned()).await
}

async fn send(
    fake: &Arc<Fake>,
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (Response<()>, Vec<u8>) {
    let app = router(fake.clone(), "127.0.0.1:8081".parse().unwrap());
    let request = request.body(body.into()).unwrap();
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (Response::from_parts(parts, ()), bytes.to_vec())
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:8081")
        .header("authorization", "Bearer admin")
}

const PATHS: [(&str, &str); 18] = [
    ("GET", "/admin/components"),
    ("GET", "/admin/components/token"),
    ("PUT", "/admin/components/token"),
    ("GET", "/admin/components/token/builds"),
    ("POST", "/admin/components/token/rollback"),
    ("GET", "/admin/keys"),
    ("POST", "/admin/keys"),
    ("DELETE", "/admin/keys/k1"),
    ("GET", "/admin/signing-keys"),
    ("POST", "/admin/signing-keys/rotate"),
    ("GET", "/admin/mails"),
    ("GET", "/admin/mails/m-1"),
    ("POST", "/admin/mails/m-1/retry"),
    ("POST", "/admin/backup"),
    ("GET", "/admin/audit"),
    ("GET", "/admin/subjects/ann"),
    ("DELETE", "/admin/subjects/ann"),
    ("GET", "/admin/doctor"),
];

#[tokio::test]
async fn the_operator_is_let_in() {
    let fake = Arc::new(Fake::default());
    for (method, path) in PATHS {
        let body = match (method, path) {
            ("POST", "/admin/keys") => r#"{"name":"billing","scopes":["token/*"]}"#,
            _ => "",
        };
        let (response, answer) = ask(&fake, request(method, path), body).await;
        assert!(response.status().is_success(), "{method} {path}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        is_as_described(method, path, &response, &answer);
    }
}

/// Whether what was answered is what the OpenAPI document says.
fn is_as_described(method: &str, path: &str, response: &Response<()>, answer: &[u8]) {
    let status = response.status().as_u16();
    let content = openapi::testing::answered(method, path, status);
    let content = content.unwrap_or_else(|| panic!("{method} {path} {status} is not described"));
    let (media, described) = content.as_object().unwrap().iter().next().unwrap();
    let said = response.headers()["content-type"].to_str().unwrap();
    assert!(said.starts_with(media), "{method} {path}: {said}");
    if media == "application/json" {
        let answer: Value = serde_json::from_slice(answer).unwrap();
        let fits = openapi::testing::fits(&described["schema"], &answer);
        assert!(fits, "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn others_are_not() {
    let fake = Arc::new(Fake::default());
    for (method, path) in PATHS
        .into_iter()
        .chain([("GET", "/nowhere"), ("PATCH", "/admin/keys")])
    {
        for (authorization, status) in [("Bearer other", 403), ("Bearer wrong", 401), ("", 401)] {
            let mut request = Request::builder()
                .method(method)
                .uri(path)
                .header("host", "127.0.0.1:8081");
            if !authorization.is_empty() {
                request = request.header("authorization", authorization);
            }
            let (response, answer) = ask(&fake, request, "{}").await;
            assert_eq!(response.status(), status, "{method} {path} {authorization}");
            if PATHS.contains(&(method, path)) {
                is_as_described(method, path, &response, &answer);
            }
        }
    }
    assert!(fake.done.lock().unwrap().is_empty());
}

#[tokio::test]
async fn another_host_name_is_refused_also_for_what_needs_no_key() {
    let fake = Arc::new(Fake::default());
    for path in ["/metrics", "/mails", "/pages/mails.js", "/admin/keys"] {
        let request = Request::get(path)
            .header("host", "rebound.example")
            .header("authorization", "Bearer admin");
        let (response, body) = ask(&fake, request, "").await;
        assert_eq!(response.status(), 421, "{path}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], "bad-request");
    }
}

#[tokio::test]
async fn metrics_need_no_key() {
    let fake = Arc::new(Fake::default());
    let request = Request::get("/metrics").header("host", "localhost:8081");
    let (response, body) = ask(&fake, request, "").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], telemetry::CONTENT_TYPE);
    assert_eq!(body, b"# EOF\n");
}

#[tokio::test]
async fn the_page_for_mails_needs_no_key_and_holds_none() {
    let fake = Arc::new(Fake::default());
    let get = |path: &str| Request::get(path).header("host", "localhost:8081");
    let (response, page) = ask(&fake, get("/mails"), "").await;
    assert_eq!(response.status(), 200);
    let headers = response.headers();
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(
        headers["content-security-policy"],
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let page = String::from_utf8(page).unwrap();
    // An empty sandbox: what a mail's HTML brings along does not run.
    assert!(page.contains("<iframe sandbox=\"\""));
    for path in crate::transport::pages::testing::parts_of(&page) {
        let (response, _) = ask(&fake, get(&path), "").await;
        assert_eq!(response.status(), 200, "{path}");
    }
    for path in ["/mails", "/metrics"] {
        let request = Request::post(path).header("host", "localhost:8081");
        let (response, _) = ask(&fake, request, "{}").await;
        assert_eq!(response.status(), 405, "{path}");
        assert_eq!(response.headers()["allow"], "GET,HEAD");
    }
    for path in ["/verify-email", "/pages/verify-email.js"] {
        let (response, _) = ask(&fake, get(path), "").await;
        assert_eq!(response.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn a_key_is_shown_once() {
    let fake = Arc::new(Fake::default());
    let wanted = r#"{"name":"billing","scopes":["token/*"],"act_as":true,"expires_in_ms":5}"#;
    let (response, body) = ask(&fake, request("POST", "/admin/keys"), wanted).await;
    assert_eq!(response.status(), 201);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["id"], &body["token"]),
        (&json!("k2"), &json!("vsk_new"))
    );
    let (_, listed) = ask(&fake, request("GET", "/admin/keys"), "").await;
    assert!(!String::from_utf8(listed).unwrap().contains("vsk_"));
}

#[tokio::test]
async fn a_request_that_does_not_fit_is_refused_without_its_values() {
    let fake = Arc::new(Fake::default());
    for (path, body, at) in [
        ("/admin/keys", "{}", ""),
        ("/admin/keys", r#"{"name":1,"scopes":[]}"#, "name"),
        (
            "/admin/keys",
            r#"{"name":"s3cret","scopes":"s3cret"}"#,
            "scopes",
        ),
        ("/admin/keys", r#"{"name":"a","scopes":[]} s3cret"#, ""),
        (
            "/admin/backup",
            r#"{"with_root_key":"s3cret"}"#,
            "with_root_key",
        ),
        ("/admin/signing-keys/rotate", r#"{"forse":true}"#, "forse"),
        ("/admin/signing-keys/rotate", "s3cret", ""),
    ] {
        let (response, answer) = ask(&fake, request("POST", path), body).await;
        assert_eq!(response.status(), 400, "{body}");
        let text = String::from_utf8(answer).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(answer["error"]["violations"][0]["path"], at, "{body}");
    }
    assert!(fake.done.lock().unwrap().is_empty());
    let (response, _) = ask(&fake, request("DELETE", "/admin/keys/k9"), "").await;
    assert_eq!(response.status(), 404);
    let (response, _) = ask(&fake, request("GET", "/admin/components/none"), "").await;
    assert_eq!(response.status(), 404);
}

#[tokio::test]
async fn what_is_no_text_names_nothing() {
    let fake = Arc::new(Fake::default());
    for (method, path) in [
        ("GET", "/admin/components/%ff"),
        ("DELETE", "/admin/keys/%ff"),
        ("GET", "/admin/mails/%ff"),
        ("POST", "/admin/mails/%ff/retry"),
        ("DELETE", "/admin/subjects/%c3%28"),
    ] {
        let (response, body) = ask(&fake, request(method, path), "").await;
        assert_eq!(response.status(), 404, "{method} {path}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], "not-found", "{method} {path}");
    }
    assert!(fake.done.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_subject_is_named_by_the_path_and_who_asked_is_known() {
    let fake = Arc::new(Fake::default());
    let peer: SocketAddr = "[::ffff:192.0.2.7]:9".parse().unwrap();
    for (method, path) in [
        ("GET", "/admin/subjects/a%2Fb%20c"),
        ("DELETE", "/admin/subjects/%2e%2e%2Fkeys"),
    ] {
        let request = request(method, path).extension(ConnectInfo(peer));
        let (response, _) = ask(&fake, request, "").await;
        assert_eq!(response.status(), 200, "{path}");
    }
    let by =
        r#"Administrator { service_key: Some("admin-key"), remote_address: Some("192.0.2.7") }"#;
    assert_eq!(
        *fake.done.lock().unwrap(),
        [
            format!("export \"a/b c\" by {by}"),
            format!("forget \"../keys\" by {by}"),
        ]
    );
    let (response, body) = ask(&fake, request("DELETE", "/admin/subjects/ann"), "").await;
    assert_eq!(response.status(), 200);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, json!({"subject": "ann", "entries": 7}));
}

#[tokio::test]
async fn the_audit_record_is_asked_as_the_query_says() {
    let fake = Arc::new(Fake::default());
    let path = "/admin/audit?limit=2&subject=ann&newest_first=true";
    let (response, body) = ask(&fake, request("GET", path), "").await;
    assert_eq!(response.status(), 200);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body, json!({"records": [], "after": null, "more": false}));
    let asked = fake.done.lock().unwrap().pop().unwrap();
    assert!(
        asked.contains(r#"limit: 2"#) && asked.contains(r#"Some("ann")"#),
        "{asked}"
    );

    let refused = ask(&fake, request("GET", "/admin/audit?limit=s3cret"), "").await;
    assert_eq!(refused.0.status(), 400);
    assert!(!String::from_utf8(refused.1).unwrap().contains("s3cret"));
    assert!(fake.done.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_backup_is_streamed_whole() {
    let fake = Arc::new(Fake::default());
    let (response, bytes) = ask(
        &fake,
        request("POST", "/admin/backup"),
        r#"{"with_root_key":true}"#,
    )
    .await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-length"], "100000");
    assert_eq!(bytes, vec![7; 100_000]);
    assert_eq!(
        *fake.done.lock().unwrap(),
        ["BackupRequest { with_root_key: true }"]
    );
}

#[tokio::test]
async fn mails_are_listed_shown_and_tried_again() {
    let fake = Arc::new(Fake::default());
    let get = |path| request("GET", path);
    let (response, body) = ask(
        &fake,
        get("/admin/mails?state=failed&after=m-0&limit=5"),
        "",
    )
    .await;
    assert_eq!(response.status(), 200);
    let page: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(page["mails"][0]["to"], "ann@example.com");
    assert_eq!(page["mails"][0]["state"], "captured");
    let (_, body) = ask(&fake, get("/admin/mails/m-1"), "").await;
    let shown: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&shown["subject"], &shown["text"], &shown["html"]),
        (&json!("Hello"), &json!("words"), &Value::Null)
    );
    let (response, _) = ask(&fake, get("/admin/mails/m-2"), "").await;
    assert_eq!(response.status(), 404);
    let (response, _) = ask(&fake, request("POST", "/admin/mails/m-1/retry"), "").await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        *fake.done.lock().unwrap(),
        [
            r#"MailQuery { state: Some(Failed), after: Some("m-0"), limit: Some(5) }"#,
            "retry m-1"
        ]
    );
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_refused_without_its_values() {
    let fake = Arc::new(Fake::default());
    let long = format!("/admin/mails?after={}", "a".repeat(600));
    for path in [
        "/admin/mails?state=s3cret",
        "/admin/mails?limit=s3cret",
        "/admin/mails?sate=failed",
        "/admin/mails?after=%00",
        "/admin/mails?after=s3cret%20",
        &long,
    ] {
        let (response, body) = ask(&fake, request("GET", path), "").await;
        assert_eq!(response.status(), 400, "{path}");
        assert!(!String::from_utf8(body).unwrap().contains("s3cret"));
    }
    for path in ["/admin/mails/s3%20cret", "/admin/mails/%00"] {
        let (response, body) = ask(&fake, request("GET", path), "").await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(!String::from_utf8(body).unwrap().contains("s3"));
    }
    assert!(fake.done.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_document_needs_no_key_and_every_reference_in_it_leads_somewhere() {
    let fake = Arc::new(Fake::default());
    let request = Request::get("/openapi.json").header("host", "localhost:8081");
    let (response, body) = ask(&fake, request, "").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    let document: Value = serde_json::from_slice(&body).unwrap();
    let text = String::from_utf8(body).unwrap();
    let references = text.split("#/components/schemas/").skip(1);
    for name in references.map(|rest| rest.split('"').next().unwrap()) {
        assert!(
            document["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
    // Nothing is described that is not there.
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.replace("{channel}", "token").replace("{id}", "k1");
        for method in operations.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let request = Request::builder().method(&*method).uri(&path);
            let request = request
                .header("host", "127.0.0.1:8081")
                .header("authorization", "Bearer admin");
            let (response, _) = ask(&fake, request, "{}").await;
            assert_ne!(response.status(), 405, "{method} {path}");
            let known = PATHS.iter().any(|known| *known == (&*method, &*path));
            let open = ["/metrics", "/mails", "/openapi.json"].contains(&&*path);
            assert!(known || open || path.contains("/k1"), "{method} {path}");
        }
    }
}
