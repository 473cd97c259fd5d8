//! The public router over a host that is not there.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::http::{Installation, Options};
use super::*;
use crate::contract::{Contract, openapi::Access};
use crate::error::{Code, Failure};
use crate::message::Plane;
use crate::planes::Planes;
use crate::service_keys::ServiceKey;

/// Serves one channel; answers what it is told to.
pub(crate) struct Fake {
    deployed: Arc<dyn Deployed>,
    public: Vec<String>,
    answer: Mutex<Option<Answer>>,
    pub(crate) sent: Mutex<Vec<Message>>,
    pub(super) ready: AtomicBool,
    metrics: Metrics,
}

struct OneContract(Contract);

impl Deployed for OneContract {
    fn channels(&self) -> Vec<&Channel> {
        self.0.channels.iter().collect()
    }
}

impl Fake {
    /// Serves `token` with the command `verify-token`, to services.
    pub(crate) fn new() -> Arc<Self> {
        let wit = r#"
            package vestibule:token@1.0.0;
            interface commands {
                variant error { unknown }
                verify-token: func(access-token: string) -> result<bool, error>;
            }
            world w { export commands; }
        "#;
        Self::serving(wit, &[])
    }

    /// Serves the channel of the package `wit`; the commands `public` are open to anybody.
    pub(super) fn serving(wit: &str, public: &[&str]) -> Arc<Self> {
        let component = crate::contract::testing::component(wit, None);
        Arc::new(Self {
            deployed: Arc::new(OneContract(Contract::read(&component).unwrap())),
            public: public.iter().map(|name| (*name).to_owned()).collect(),
            answer: Mutex::new(None),
            sent: Mutex::default(),
            ready: AtomicBool::new(true),
            metrics: Metrics::new(),
        })
    }

    pub(super) fn will_answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = Some(answer);
    }
}

struct Keys;

#[async_trait]
impl crate::planes::ServiceKeyLookup for Keys {
    async fn look_up(&self, presented: &str) -> Result<Option<ServiceKey>, Failure> {
        let scope = match presented {
            "vsk_all" => "*",
            "vsk_users" => "users/*",
            _ => return Ok(None),
        };
        Ok(Some(ServiceKey {
            id: "key-1".to_owned(),
            name: "test".to_owned(),
            scopes: vec![scope.parse().unwrap()],
            act_as: false,
            created_at: 0,
            expires_at: None,
            revoked_at: None,
            operator: false,
        }))
    }
}

#[async_trait]
impl Service for Fake {
    async fn send(&self, message: Message) -> Answer {
        self.sent.lock().unwrap().push(message);
        let answer = self.answer.lock().unwrap().clone();
        answer.unwrap_or_else(|| Ok(Some(json!({"valid": true}))))
    }

    async fn admit(
        &self,
        credentials: Credentials,
        channel: &str,
        command: &str,
    ) -> Result<Caller, Failure> {
        let planes = Planes::new(&crate::config::Planes {
            user: vec!["accounts/*".to_owned()],
            public: vec!["accounts/sign-in".to_owned()],
        });
        planes
            .unwrap()
            .admit(&Keys, credentials, channel, command, 0)
            .await
    }

    async fn authenticate(
        &self,
        credentials: Credentials,
        _request_id: String,
        _deadline: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let caller = crate::planes::identify(&Keys, credentials, 0).await?;
        let value = caller.credential.map(|credential| credential.value);
        match value.is_none_or(|value| value.as_str() == "eyJ.good") {
            true => Ok(()),
            false => Err(Failure::new(Code::Unauthenticated, "not worth anything")),
        }
    }

    fn now(&self) -> Timestamp {
        1_000
    }

    fn deployed(&self) -> Arc<dyn Deployed> {
        self.deployed.clone()
    }

    fn access(&self, channel: &str, command: &str) -> Access {
        Access {
            public: self.public.contains(&format!("{channel}/{command}")),
            ..Access::default()
        }
    }

    fn jwks(&self) -> Value {
        json!({"keys": []})
    }

    async fn ready(&self) -> Result<(), String> {
        match self.ready.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err("the store is gone: s3cret".to_owned()),
        }
    }

    fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

pub(crate) fn app(fake: &Arc<Fake>) -> axum::Router {
    patient(fake, Duration::from_secs(60))
}

fn patient(fake: &Arc<Fake>, body_timeout: Duration) -> axum::Router {
    let options = Options {
        body_timeout,
        ..options()
    };
    http::router(fake.clone(), options)
}

pub(super) fn options() -> Options {
    Options {
        max_body_bytes: 64,
        body_timeout: Duration::from_secs(60),
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        installation: Installation {
            product_name: "Vestibule".to_owned(),
            public_origin: "http://127.0.0.1:8080".to_owned(),
            bare: vec!["token".to_owned()],
        },
        links: crate::config::Links::default(),
        grpc_reflection: false,
    }
}

const COMMAND: &str = "/v1/token/verify-token";

/// A good request, to be spoilt.
fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header("authorization", "Bearer vsk_all")
        .header("content-type", "application/json")
}

async fn send(fake: &Arc<Fake>, request: Request<Body>) -> (Response<()>, Value) {
    send_to(app(fake), request).await
}

async fn send_to(app: axum::Router, request: Request<Body>) -> (Response<()>, Value) {
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = match bytes.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&bytes).unwrap(),
    };
    (Response::from_parts(parts, ()), body)
}

fn error(code: &str, message: &str, violations: Value) -> Value {
    json!({"error": {"code": code, "message": message, "violations": violations, "retry_after_ms": null}})
}

fn header<'a>(response: &'a Response<()>, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

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
