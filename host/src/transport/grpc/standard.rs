//! The services that every gRPC server has. Their code is tonic's; they keep the limits of the others, and take less.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Request, Response};
use futures::StreamExt as _;
use http_body_util::{BodyStream, StreamBody};
use tokio::time::{Instant, sleep_until};
use tonic::body::Body;
use tonic_health::pb::health_server::HealthServer;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use super::error::late;
use super::health::Health;
use crate::transport::http::Front;

/// The most bytes of a message: it is the name of a service, a file or a symbol.
const MAX_MESSAGE_BYTES: usize = 1024;

/// A service whose code is tonic's.
pub(super) type Service = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Health, and reflection if it is configured.
pub(super) struct Standard {
    health: Service,
    reflection: Option<Service>,
    patience: Duration,
}

impl Standard {
    /// The services over `front`, with `reflection` or without.
    pub(super) fn new(front: &Arc<Front>, reflection: bool) -> Self {
        let health = HealthServer::new(Health(front.service.clone()));
        let most = front.max_body_bytes.min(MAX_MESSAGE_BYTES);
        let patience = front.body_timeout;
        Self {
            health: BoxCloneSyncService::new(health.max_decoding_message_size(most)),
            reflection: reflection.then(|| reflected(most, patience)).flatten(),
            patience,
        }
    }

    /// The service of the method `path`, if there is one.
    pub(super) fn get(&self, path: &str) -> Option<Service> {
        match path.split_once('/')? {
            ("grpc.health.v1.Health", _) => Some(self.health.clone()),
            ("grpc.reflection.v1.ServerReflection", _) => self.reflection.clone(),
            _ => None,
        }
    }

    /// What `service` answers to `request`, which arrives in time.
    pub(super) async fn answer(&self, service: Service, request: Request<Body>) -> Response<Body> {
        let answer = service.oneshot(request);
        match tokio::time::timeout(self.patience, answer).await {
            Ok(Ok(response)) => response,
            Err(_) => late().into_http(),
        }
    }
}

/// The description of the services, for programs that ask the server for it.
fn reflected(most: usize, patience: Duration) -> Option<Service> {
    let built = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1();
    match built {
        Ok(server) => {
            let server = server.max_decoding_message_size(most);
            let bounded = move |request: Request<Body>| request.map(|body| until(body, patience));
            Some(BoxCloneSyncService::new(server.map_request(bounded)))
        }
        Err(cause) => {
            tracing::error!(%cause, "the gRPC services cannot be described");
            None
        }
    }
}

/// What arrives of `body` within `patience`. Reflection answers a stream with a stream, which begins at once and ends with the
/// request.
fn until(body: Body, patience: Duration) -> Body {
    let arrived = BodyStream::new(body).take_until(sleep_until(Instant::now() + patience));
    Body::new(StreamBody::new(arrived))
}
