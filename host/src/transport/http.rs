//! HTTP: `POST /v1/<channel>/<command>`, the documents, the probes, the pages of links; and gRPC, by its content type.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use ipnet::IpNet;
use serde_json::{Value, json};

pub use super::documents::Installation;
use super::documents::{self, Documents};
use super::faults;
use super::forwarded::client_address;
#[cfg(feature = "grpc")]
use super::grpc::{self, Grpc};
use super::pages;
use super::reply::{self, Outcome, Refusal};
use super::request::{self, REQUEST_ID};
use super::{Deployed, Service};
use crate::config::{Config, Links, is_name};
use crate::contract::json::parse;
use crate::error::{Code, Failure};
use crate::message::{Caller, Message};
use crate::planes::Credentials;
use crate::telemetry::UNKNOWN;

/// How the public router behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What the documents and the pages say of the installation.
    pub installation: Installation,
    /// Which pages for links in mails are somebody else's.
    pub links: Links,
    /// Whether gRPC clients are told what services there are. Without the feature `grpc` there are none.
    pub grpc_reflection: bool,
}

impl From<&Config> for Options {
    fn from(config: &Config) -> Self {
        Self {
            max_body_bytes: config.http.max_body_bytes,
            body_timeout: Duration::from_millis(config.http.read_timeout_ms),
            trusted_proxies: config.http.trusted_proxies.clone(),
            installation: Installation {
                product_name: config.shared.product_name.clone(),
                public_origin: config.shared.public_origin.clone(),
                bare: config.asyncapi.bare.clone(),
            },
            links: config.links.clone(),
            grpc_reflection: config.grpc.reflection,
        }
    }
}

/// What every handler has.
pub(super) struct Front {
    pub(super) service: Arc<dyn Service>,
    pub(super) documents: Documents,
    pub(super) installation: Installation,
    pub(super) max_body_bytes: usize,
    pub(super) body_timeout: Duration,
    trusted_proxies: Vec<IpNet>,
}

/// The public router over `service`.
///
/// The client's address is taken from axum's [`ConnectInfo<SocketAddr>`], which [`super::serve`] sets; without it no
/// address is known and `X-Forwarded-For` is not looked at.
pub fn router(service: Arc<dyn Service>, options: Options) -> axum::Router {
    let pages = pages::of_links(&*service, &options.links);
    let front = Arc::new(Front {
        service,
        documents: Documents::default(),
        installation: options.installation,
        max_body_bytes: options.max_body_bytes,
        body_timeout: options.body_timeout,
        trusted_proxies: options.trusted_proxies,
    });
    let router = axum::Router::new()
        .route("/{version}/{channel}/{command}", post(command))
        .route("/openapi.json", get(documents::openapi_document))
        .route("/asyncapi.json", get(documents::asyncapi_document))
        .route("/.well-known/jwks.json", get(documents::jwks))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .merge(pages)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_path);
    #[cfg(feature = "grpc")]
    let router = {
        let grpc = Arc::new(Grpc::new(front.clone(), options.grpc_reflection));
        router.layer(middleware::from_fn_with_state(grpc, grpc::divert))
    };
    router
        .layer(middleware::from_fn_with_state(front.clone(), observe))
        .with_state(front)
}

/// The request's name in logs, made or accepted by [`observe`].
#[derive(Clone)]
struct RequestId(String);

/// What the log says of a message beside its outcome. Names are those of contracts, never a client's.
#[derive(Clone)]
struct Addressed {
    channel: Arc<str>,
    command: Arc<str>,
}

/// Runs around every request: names it, counts it, logs it, and sets the headers that all answers have.
async fn observe(
    State(front): State<Arc<Front>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let started = Instant::now();
    let id = request::request_id(request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    front
        .service
        .metrics()
        .http_request(response.status().as_u16());
    log(&id, &response, started.elapsed());
    response
}

fn log(id: &str, response: &Response<Body>, took: Duration) {
    let extensions = response.extensions();
    let outcome = extensions.get::<Outcome>().map_or("ok", |o| &*o.0);
    let addressed = extensions.get::<Addressed>();
    let channel = addressed.map_or(UNKNOWN, |to| &to.channel);
    let command = addressed.map_or(UNKNOWN, |to| &to.command);
    let status = response.status().as_u16();
    let ms = took.as_secs_f64() * 1_000.0;
    if status >= 500 {
        tracing::info!(request = id, channel, command, outcome, status, ms, "http");
    } else {
        tracing::debug!(request = id, channel, command, outcome, status, ms, "http");
    }
}

/// `POST /v1/<channel>/<command>`
async fn command(
    State(front): State<Arc<Front>>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(Path((version, channel, command))) = path else {
        return front.refuse_unknown(&parts).await.into_response();
    };
    let answer = front
        .answer(&version, &channel, &command, &parts, body)
        .await
        .unwrap_or_else(IntoResponse::into_response);
    front.address(answer, &channel, &command)
}

impl Front {
    async fn answer(
        &self,
        version: &str,
        channel: &str,
        command: &str,
        parts: &Parts,
        body: Body,
    ) -> Result<Response<Body>, Refusal> {
        let caller = self.admit(parts, channel, command).await?;
        let version = major(version).ok_or_else(not_found)?;
        if !is_name(channel) || !is_name(command) {
            return Err(not_found().into());
        }
        let id = request::idempotency_key(&parts.headers)?;
        let read = request::body(&parts.headers, body, self.max_body_bytes, self.body_timeout);
        let bytes = read.await?;
        let payload = match bytes.is_empty() {
            true => Value::Null,
            false => parse(&bytes).map_err(|broken| Failure::bad_request(vec![broken]))?,
        };
        // Not kept while the message runs.
        drop(bytes);
        let presented = caller.credential.is_some();
        let message = Message {
            id,
            request_id: request_id(parts),
            version,
            ..Message::new(channel, command, payload, caller)
        };
        Ok(reply::answer(self.service.send(message).await, presented))
    }

    async fn admit(&self, parts: &Parts, channel: &str, command: &str) -> Result<Caller, Refusal> {
        let presented = parts.headers.contains_key(header::AUTHORIZATION);
        let caller = self.caller(parts, channel, command).await;
        caller.map_err(|failure| Refusal::of_credential(failure, presented))
    }

    /// Who asks for `command` of `channel`, if they may.
    pub(super) async fn caller(
        &self,
        parts: &Parts,
        channel: &str,
        command: &str,
    ) -> Result<Caller, Failure> {
        let credentials = self.credentials(parts)?;
        let admitted = self.service.admit(credentials, channel, command).await;
        admitted.map_err(|failure| faults::logged(failure, &request_id(parts), "admission"))
    }

    /// What the client presents, and where it is.
    pub(super) fn credentials(&self, parts: &Parts) -> Result<Credentials, Failure> {
        request::credentials(&parts.headers, self.address_of(parts))
    }

    fn address_of(&self, parts: &Parts) -> Option<IpAddr> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
        Some(client_address(peer, &parts.headers, &self.trusted_proxies))
    }

    /// Notes in `response` what the log may call the message: names that are in a contract.
    pub(super) fn address<B>(
        &self,
        mut response: Response<B>,
        channel: &str,
        command: &str,
    ) -> Response<B> {
        let deployed: Arc<dyn Deployed> = self.service.deployed();
        let channels = deployed.channels();
        let found = channels.iter().find(|known| *known.name == *channel);
        if let Some(known) = found
            && let Some(command) = known.command(command)
        {
            response.extensions_mut().insert(Addressed {
                channel: known.name.clone(),
                command: command.name.clone(),
            });
        }
        response
    }

    /// A path that is none says so to those who present a good credential only.
    pub(super) async fn refuse_unknown(&self, parts: &Parts) -> Refusal {
        match self.admit(parts, "", "").await {
            Ok(_) => not_found().into(),
            Err(refusal) => refusal,
        }
    }
}

async fn unknown_path(State(front): State<Arc<Front>>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    front.refuse_unknown(&parts).await.into_response()
}

async fn method_not_allowed(method: Method) -> Response<Body> {
    // axum adds `Allow`. The method's name is not repeated: it is the client's.
    let hint = match method {
        Method::GET | Method::HEAD => "this path is not read: send a POST",
        _ => "this path does not take this method",
    };
    Refusal::with_status(StatusCode::METHOD_NOT_ALLOWED, hint).into_response()
}

/// `GET /healthz`: the process answers.
async fn healthz() -> Response<Body> {
    reply::json(StatusCode::OK, &json!({"status": "ok"}))
}

/// `GET /readyz`: messages can be answered.
async fn readyz(State(front): State<Arc<Front>>) -> Response<Body> {
    match front.service.ready().await {
        Ok(()) => reply::json(StatusCode::OK, &json!({"status": "ready"})),
        Err(cause) => {
            tracing::warn!(cause, "not ready");
            Refusal::from(Failure::unavailable(1_000)).into_response()
        }
    }
}

/// What [`observe`] named the request.
pub(super) fn request_id(parts: &Parts) -> String {
    let id = parts.extensions.get::<RequestId>();
    id.map(|id| id.0.clone()).unwrap_or_default()
}

/// `v1` is 1.
fn major(version: &str) -> Option<u16> {
    let digits = version.strip_prefix('v')?;
    let canonical = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    canonical.then(|| digits.parse().ok()).flatten()
}

fn not_found() -> Failure {
    Failure::new(Code::NotFound, "there is no such channel or command")
}
