//! gRPC: the services of `proto/`, on the listener of HTTP.
//!
//! ```text
//!  application/grpc      ─┐              ┌─ an rpc of the table ─► admit ─► message ─► command
//!  application/grpc-web  ─┴─► by path ───┼─ grpc.health.v1.Health
//!  (anything else is HTTP)               └─ grpc.reflection.v1.ServerReflection, if it is configured
//! ```
//!
//! It knows no service: [`rpcs`] lists which rpc is which command, `proto/` describes the messages, and a field travels by its
//! name. Admission, messages and errors are those of HTTP. So are the limits: of connections, of streams, of metadata
//! (`connection`), and of a message's size and the time it may take to arrive (`http.max_body_bytes`,
//! `http.read_timeout_ms`).

mod call;
mod decode;
mod encode;
mod error;
mod fuzz;
mod health;
mod metadata;
mod methods;
mod pages;
mod raw;
mod rpcs;
mod shape;
#[cfg(test)]
mod tests;
mod timestamp;

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method as HttpMethod, Request, Response, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use tonic::body::Body as GrpcBody;
use tonic::server::Grpc as Framing;
use tonic::{Status, Streaming};
use tonic_health::pb::health_server::HealthServer;
use tonic_web::GrpcWebLayer;
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, ServiceExt as _, service_fn};

pub use self::fuzz::fuzz;

use self::call::Call;
use self::error::refusal;
use self::health::Health;
use self::methods::{Method, Methods};
use self::raw::Raw;
use super::http::Front;
use super::reply::{Outcome, Refusal};

/// A service whose code is tonic's.
type Standard = BoxCloneSyncService<Request<GrpcBody>, Response<GrpcBody>, Infallible>;

/// What every request has.
pub(super) struct Grpc {
    front: Arc<Front>,
    methods: Methods,
    health: Standard,
    reflection: Option<Standard>,
}

impl Grpc {
    /// The services over `front`, with `reflection` or without.
    pub(super) fn new(front: Arc<Front>, reflection: bool) -> Self {
        let most = front.max_body_bytes;
        let health = HealthServer::new(Health(front.service.clone()));
        Self {
            methods: Methods::load(),
            health: BoxCloneSyncService::new(health.max_decoding_message_size(most)),
            reflection: reflection.then(|| reflected(most)).flatten(),
            front,
        }
    }
}

/// The description of the services, for programs that ask the server for it.
fn reflected(most: usize) -> Option<Standard> {
    let built = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1();
    match built {
        Ok(server) => Some(BoxCloneSyncService::new(
            server.max_decoding_message_size(most),
        )),
        Err(cause) => {
            tracing::error!(%cause, "the gRPC services cannot be described");
            None
        }
    }
}

/// Answers what is gRPC or gRPC-Web, and hands everything else on.
pub(super) async fn divert(
    State(grpc): State<Arc<Grpc>>,
    request: Request<Body>,
    next: Next,
) -> Response<Body> {
    match content_type(request.headers()).starts_with("application/grpc") {
        true => grpc.serve(request).await,
        false => next.run(request).await,
    }
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    value.and_then(|it| it.to_str().ok()).unwrap_or_default()
}

impl Grpc {
    async fn serve(self: Arc<Self>, request: Request<Body>) -> Response<Body> {
        let is_web = content_type(request.headers()).starts_with("application/grpc-web");
        if !is_web && request.version() < Version::HTTP_2 {
            let hint = "gRPC needs HTTP/2; over HTTP/1.1 there is gRPC-Web";
            return Refusal::with_status(StatusCode::BAD_REQUEST, hint).into_response();
        }
        let translated =
            GrpcWebLayer::new().layer(service_fn(move |request: Request<GrpcBody>| {
                let grpc = self.clone();
                async move { Ok::<_, Infallible>(grpc.route(request).await) }
            }));
        let Ok(response) = translated.oneshot(request).await;
        response.map(Body::new)
    }

    async fn route(&self, request: Request<GrpcBody>) -> Response<GrpcBody> {
        if let Some(status) = misuse(&request) {
            let mut response = Response::new(GrpcBody::empty());
            *response.status_mut() = status;
            return response;
        }
        let path = request.uri().path().trim_start_matches('/');
        if let Some(method) = self.methods.get(path) {
            return self.call(&method.clone(), request).await;
        }
        let standard = match path.split_once('/') {
            Some(("grpc.health.v1.Health", _)) => Some(&self.health),
            Some(("grpc.reflection.v1.ServerReflection", _)) => self.reflection.as_ref(),
            _ => None,
        };
        match standard {
            Some(service) => {
                let Ok(response) = service.clone().oneshot(request).await;
                response
            }
            None => unimplemented(),
        }
    }

    async fn call(&self, method: &Arc<Method>, request: Request<GrpcBody>) -> Response<GrpcBody> {
        let (parts, body) = request.into_parts();
        let mut framed = Request::new(body);
        framed.headers_mut().clone_from(&parts.headers);
        // What the log says of it.
        let refused = OnceLock::new();
        let (front, parts, refusal_of) = (&*self.front, &parts, &refused);
        let answer = move |request: tonic::Request<Streaming<Bytes>>| async move {
            let call = Call {
                front,
                method,
                parts,
            };
            let answered = call.answer(request.into_inner()).await;
            answered.map_err(|failure| {
                let status = refusal(&failure, method);
                refusal_of.get_or_init(|| failure.code);
                status
            })
        };
        let mut response = Framing::new(Raw)
            .max_decoding_message_size(self.front.max_body_bytes)
            .streaming(service_fn(answer), framed)
            .await;
        let outcome = match refused.into_inner() {
            Some(code) => code.as_str().to_owned().into(),
            // Refused by tonic: a compressed request.
            None if response.headers().contains_key("grpc-status") => "bad-request".into(),
            None => crate::telemetry::OK.into(),
        };
        response.extensions_mut().insert(Outcome(outcome));
        match method.rpc.command() {
            Some(command) => self.front.address(response, command.channel, command.name),
            None => response,
        }
    }
}

/// The HTTP status of what is no gRPC request (gRPC over HTTP/2, "Requests").
fn misuse<B>(request: &Request<B>) -> Option<StatusCode> {
    let content_type = content_type(request.headers());
    let is_proto = matches!(content_type, "application/grpc" | "application/grpc+proto");
    match *request.method() {
        HttpMethod::POST if is_proto => None,
        HttpMethod::POST => Some(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        _ => Some(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn unimplemented() -> Response<GrpcBody> {
    Status::unimplemented("there is no such service or method").into_http()
}
