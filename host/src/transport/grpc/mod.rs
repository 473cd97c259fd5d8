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
mod standard;
#[cfg(test)]
mod tests;
mod timestamp;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method as HttpMethod, Request, Response, StatusCode,
    Version, header,
};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use tonic::body::Body as GrpcBody;
use tonic::server::Grpc as Framing;
use tonic::{Code, Status, Streaming};
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _, service_fn};

pub use self::fuzz::fuzz;

use self::call::Call;
use self::error::{code_name, outcome, refusal, unimplemented};
use self::methods::{Method, Methods};
use self::raw::Raw;
use self::standard::Standard;
use super::http::Front;
use super::reply::{Outcome, Refusal};
use super::request::{Unreadable, single};
use crate::error::Code as Reason;
use crate::telemetry::OK;

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");
const IDENTITY: &str = "identity";

/// What every request has.
pub(super) struct Grpc {
    front: Arc<Front>,
    methods: Methods,
    standard: Standard,
}

impl Grpc {
    /// The services over `front`, with `reflection` or without.
    pub(super) fn new(front: Arc<Front>, reflection: bool) -> Self {
        Self {
            methods: Methods::load(),
            standard: Standard::new(&front, reflection),
            front,
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
                async move { Ok::<_, Infallible>(grpc.observed(request).await) }
            }));
        let Ok(mut response) = translated.oneshot(request).await;
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            // RFC 9110 §15.5.6.
            let post = HeaderValue::from_static("POST");
            response.headers_mut().insert(header::ALLOW, post);
        }
        if response.status() != StatusCode::OK {
            let outcome = Outcome(Reason::BadRequest.as_str().to_owned().into());
            response.extensions_mut().insert(outcome);
        }
        response.map(Body::new)
    }

    /// Answers `request`, counts it, and sees to it that the log knows how it went.
    async fn observed(&self, request: Request<GrpcBody>) -> Response<GrpcBody> {
        if let Some(status) = misuse(&request) {
            let mut response = Response::new(GrpcBody::empty());
            *response.status_mut() = status;
            return response;
        }
        let mut response = match is_plain(request.headers()) {
            true => self.route(request).await,
            false => compressed(),
        };
        // An answer that fails has its status here; one that is going well has it at its end.
        let failed = Status::from_header_map(response.headers());
        let code = failed.as_ref().map_or(Code::Ok, Status::code);
        self.front.service.metrics().grpc_request(code_name(code));
        let outcome = failed.map_or(OK.into(), |status| outcome(&status));
        response.extensions_mut().insert(Outcome(outcome));
        response
    }

    async fn route(&self, request: Request<GrpcBody>) -> Response<GrpcBody> {
        let path = request.uri().path();
        let path = path.strip_prefix('/').unwrap_or(path);
        if let Some(method) = self.methods.get(path) {
            return self.call(method, request).await;
        }
        if let Some(service) = self.standard.get(path) {
            return self.standard.answer(service, request).await;
        }
        let message = "there is no such service or method";
        unimplemented(&Reason::NotFound, message).into_http()
    }

    async fn call(&self, method: &Arc<Method>, request: Request<GrpcBody>) -> Response<GrpcBody> {
        let (parts, body) = request.into_parts();
        let mut framed = Request::new(body);
        framed.headers_mut().clone_from(&parts.headers);
        let (front, parts) = (&*self.front, &parts);
        let answer = move |request: tonic::Request<Streaming<Bytes>>| async move {
            let call = Call {
                front,
                method,
                parts,
            };
            let answered = call.answer(request.into_inner()).await;
            answered.map_err(|failure| refusal(&failure, method))
        };
        let response = Framing::new(Raw)
            .max_decoding_message_size(self.front.max_body_bytes)
            .streaming(service_fn(answer), framed)
            .await;
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

/// Whether the messages of a request are as they are, and not compressed.
fn is_plain(headers: &HeaderMap) -> bool {
    match single(headers, &ENCODING) {
        Ok(encoding) => encoding.is_none_or(|encoding| encoding == IDENTITY),
        Err(Unreadable) => false,
    }
}

/// Says what is taken instead (gRPC's compression.md). tonic would repeat the encoding's name, which is the client's.
fn compressed() -> Response<GrpcBody> {
    let status = unimplemented(&Reason::BadRequest, "send the request without compression");
    let mut response = status.into_http();
    let identity = HeaderValue::from_static(IDENTITY);
    response.headers_mut().insert(ACCEPTED, identity);
    response
}
