//! A host that is not there, and requests to it.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::clock::Timestamp;
use crate::contract::{Contract, openapi::Access};
use crate::error::{Code, Failure};
use crate::planes::Planes;
use crate::service_keys::ServiceKey;
use crate::transport::http::{self, Installation, Options};
use crate::transport::*;

/// Serves one channel; answers what it is told to.
pub(in crate::transport) struct Fake {
    deployed: Arc<dyn Deployed>,
    public: Vec<String>,
    answers: Mutex<VecDeque<Answer>>,
    pub(in crate::transport) sent: Mutex<Vec<Message>>,
    pub(in crate::transport) ready: AtomicBool,
    pub(in crate::transport) checks: AtomicBool,
    pub(in crate::transport) metrics: Metrics,
}

struct OneContract(Contract);

impl Deployed for OneContract {
    fn channels(&self) -> Vec<&Channel> {
        self.0.channels.iter().collect()
    }
}

impl Fake {
    /// Serves `token` with the command `verify-token`, to services.
    pub(in crate::transport) fn new() -> Arc<Self> {
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
    pub(in crate::transport) fn serving(wit: &str, public: &[&str]) -> Arc<Self> {
        let component = crate::contract::testing::component(wit, None);
        Arc::new(Self {
            deployed: Arc::new(OneContract(Contract::read(&component).unwrap())),
            public: public.iter().map(|name| (*name).to_owned()).collect(),
            answers: Mutex::default(),
            sent: Mutex::default(),
            ready: AtomicBool::new(true),
            checks: AtomicBool::new(true),
            metrics: Metrics::new(),
        })
    }

    pub(in crate::transport) fn will_answer(&self, answer: Answer) {
        self.will_answer_in_turn([answer]);
    }

    /// The last of `answers` again and again.
    pub(in crate::transport) fn will_answer_in_turn(
        &self,
        answers: impl IntoIterator<Item = Answer>,
    ) {
        *self.answers.lock().unwrap() = answers.into_iter().collect();
    }
}

struct Keys;

#[async_trait]
impl crate::planes::ServiceKeyLookup for Keys {
    async fn look_up(&self, presented: &str) -> Result<Option<ServiceKey>, Failure> {
        let scope = match presented {
            "vsk_all" => "*",
            "vsk_users" => "users/*",
            "vsk_lost" => return Err(Failure::unavailable(1_000).because("the keys are gone")),
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
        let mut answers = self.answers.lock().unwrap();
        let answer = match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        };
        answer.unwrap_or_else(|| Ok(Some(json!({"valid": true}))))
    }

    async fn authenticate(
        &self,
        caller: Caller,
        _request_id: String,
        _deadline: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let value = caller.credential.map(|credential| credential.value);
        match value.is_some_and(|value| value.as_str() == "eyJ.good") {
            true => Ok(()),
            false => Err(Failure::new(Code::Unauthenticated, "not worth anything")),
        }
    }

    fn checks_credentials(&self) -> bool {
        self.checks.load(Ordering::SeqCst)
    }

    fn now(&self) -> Timestamp {
        1_000
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

fn app(fake: &Arc<Fake>) -> axum::Router {
    patient(fake, Duration::from_secs(60))
}

pub(super) fn patient(fake: &Arc<Fake>, body_timeout: Duration) -> axum::Router {
    let options = Options {
        body_timeout,
        ..options()
    };
    http::router(fake.clone(), options)
}

pub(in crate::transport) fn options() -> Options {
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

pub(super) const COMMAND: &str = "/v1/token/verify-token";

/// A good request, to be spoilt.
pub(super) fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header("authorization", "Bearer vsk_all")
        .header("content-type", "application/json")
}

pub(super) async fn send(fake: &Arc<Fake>, request: Request<Body>) -> (Response<()>, Value) {
    send_to(app(fake), request).await
}

pub(super) async fn send_to(app: axum::Router, request: Request<Body>) -> (Response<()>, Value) {
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = match bytes.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&bytes).unwrap(),
    };
    (Response::from_parts(parts, ()), body)
}

pub(super) fn error(code: &str, message: &str, violations: Value) -> Value {
    json!({"error": {"code": code, "message": message, "violations": violations, "retry_after_ms": null}})
}

pub(super) fn header<'a>(response: &'a Response<()>, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}
