//! The gRPC services over a host that is not there.

mod answers;
mod faults;
mod framing;
mod observed;
mod requests;
mod standard;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, Version};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use prost_reflect::DescriptorPool;
use serde_json::{Map, Value};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};
use tower::ServiceExt as _;

use super::shape::Shape;
use crate::transport::http;
use crate::transport::tests::{Fake, logged, options};

const ACCOUNTS: &str = r#"
    package vestibule:accounts@1.0.0;
    interface commands {
        variant error { unknown }
        sign-in: func(email: string, password: string) -> result<_, error>;
        is-email-verified: func() -> result<bool, error>;
    }
    world w { export commands; }
"#;

const SIGN_IN: &str = "accounts.v1.PublicAccountsService/SignIn";
const REFRESH: &str = "accounts.v1.AccountsService/RefreshSession";
const CREATE: &str = "tokens.v1.TokensService/CreateToken";
const LIST: &str = "tokens.v1.TokensService/ListTokens";
const PONG: &str = "test.v1.TestAuthService/Pong";

fn fake() -> Arc<Fake> {
    Fake::serving(ACCOUNTS, &[])
}

fn app(fake: &Arc<Fake>) -> axum::Router {
    let mut options = options();
    options.max_body_bytes = 1_024;
    http::router(fake.clone(), options)
}

/// The shape of the message `name`.
fn shape(name: &str) -> Shape {
    let pool = DescriptorPool::decode(proto::FILE_DESCRIPTOR_SET).unwrap();
    Shape::new(pool.get_message_by_name(name).unwrap(), &[])
}

/// The message `name` with the fields `json`, by their places in a command.
fn message(name: &str, json: &Value) -> Bytes {
    shape(name).encode(json).unwrap()
}

/// The fields of a message, by their places in a command.
fn fields(name: &str, message: &Bytes) -> Map<String, Value> {
    shape(name).decode(message.clone()).unwrap()
}

/// A frame: not compressed, the length, the message (gRPC over HTTP/2, "Length-Prefixed-Message").
fn frame(message: &[u8]) -> BytesMut {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put(message);
    frame
}

/// A request for `method` that a service with a key makes.
fn request(method: &str, metadata: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(format!("/{method}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (key, value) in metadata {
        request = request.header(*key, *value);
    }
    request.body(body.into()).unwrap()
}

/// What came back.
struct Answered {
    headers: HeaderMap,
    messages: Vec<Bytes>,
    status: Status,
}

impl Answered {
    fn code(&self) -> Code {
        self.status.code()
    }

    fn details(&self) -> ErrorDetails {
        self.status.get_error_details()
    }

    /// The fields that a refusal names.
    fn violated(&self) -> Vec<String> {
        let details = self.details();
        let bad = details.bad_request().map(|it| it.field_violations.clone());
        let fields = bad.unwrap_or_default().into_iter().map(|it| it.field);
        fields.collect()
    }
}

async fn send(app: axum::Router, request: Request<Body>) -> Answered {
    let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
    assert_eq!(parts.status, 200);
    assert_eq!(parts.headers["content-type"], "application/grpc");
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    let status = Status::from_header_map(trailers.as_ref().unwrap_or(&parts.headers));
    Answered {
        headers: parts.headers,
        messages: unframed(collected.to_bytes()),
        status: status.unwrap(),
    }
}

fn unframed(mut body: Bytes) -> Vec<Bytes> {
    let mut messages = Vec::new();
    while body.has_remaining() {
        assert_eq!(body.get_u8(), 0);
        let length = body.get_u32();
        messages.push(body.split_to(usize::try_from(length).unwrap()));
    }
    messages
}

/// One request with one message, by a service with a key.
async fn ask(fake: &Arc<Fake>, method: &str, message: &[u8]) -> Answered {
    let key = [("authorization", "Bearer vsk_all")];
    send(app(fake), request(method, &key, frame(message).freeze())).await
}
