//! The documents that describe what is deployed, made anew when that changes.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, Response, header};
use axum::response::IntoResponse;
use bytes::Bytes;
use serde_json::Value;

use super::http::Front;
use super::reply::with_header;
use super::status::status;
use super::{Deployed, Service};
use crate::contract::openapi::{self, openapi};
use crate::contract::{Channel, Info, asyncapi::asyncapi};

/// What the documents say of the installation.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The product's name.
    pub product_name: String,
    /// The origin that clients use: `https://auth.example.org`.
    pub public_origin: String,
    /// The channels whose AsyncAPI addresses are the bare command names.
    pub bare: Vec<String>,
}

/// The documents of what was deployed when somebody last asked.
#[derive(Default)]
pub(super) struct Documents(Mutex<Option<Written>>);

#[derive(Clone)]
struct Written {
    of: Arc<dyn Deployed>,
    openapi: Bytes,
    asyncapi: Bytes,
}

impl Documents {
    fn current(&self, service: &dyn Service, installation: &Installation) -> Written {
        let deployed = service.deployed();
        // Held while writing: of many who ask at once, one writes.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(written) if Arc::ptr_eq(&written.of, &deployed) => written.clone(),
            _ => {
                let written = write(service, deployed, installation);
                *last = Some(written.clone());
                written
            }
        }
    }
}

fn write(service: &dyn Service, of: Arc<dyn Deployed>, installation: &Installation) -> Written {
    let channels: Vec<&Channel> = of.channels();
    let info = || Info {
        title: &installation.product_name,
        version: env!("CARGO_PKG_VERSION"),
        description: "An authentication service. Every command takes and answers JSON.",
    };
    let options = openapi::Options {
        info: info(),
        server: &installation.public_origin,
        status: &|code| status(code).http.as_u16(),
        access: &|channel, command| service.access(&channel.name, &command.name),
    };
    let text = |document: &Value| Bytes::from(document.to_string());
    let openapi = text(&openapi(&options, &channels));
    let asyncapi = text(&asyncapi(&info(), &channels, &installation.bare));
    Written {
        of,
        openapi,
        asyncapi,
    }
}

/// `GET /openapi.json`
pub(super) async fn openapi_document(State(front): State<Arc<Front>>) -> Response<Body> {
    let written = front
        .documents
        .current(&*front.service, &front.installation);
    document(written.openapi, "no-cache")
}

/// `GET /asyncapi.json`
pub(super) async fn asyncapi_document(State(front): State<Arc<Front>>) -> Response<Body> {
    let written = front
        .documents
        .current(&*front.service, &front.installation);
    document(written.asyncapi, "no-cache")
}

/// `GET /.well-known/jwks.json`: a key is published longer than this may be kept before it signs.
pub(super) async fn jwks(State(front): State<Arc<Front>>) -> Response<Body> {
    let text = Bytes::from(front.service.jwks().to_string());
    document(text, "public, max-age=300")
}

fn document(text: Bytes, cache: &'static str) -> Response<Body> {
    let with = |response, name: HeaderName, value| with_header(response, name, value);
    let response = with(
        text.into_response(),
        header::CONTENT_TYPE,
        "application/json",
    );
    with(response, header::CACHE_CONTROL, cache)
}
