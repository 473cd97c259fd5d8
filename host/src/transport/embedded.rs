//! The host as a transport's service, and its router for whoever embeds it.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::http::{self, Options};
use super::{Deployed, Service};
use crate::clock::Timestamp;
use crate::contract::Channel;
use crate::contract::openapi::Access;
use crate::error::Failure;
use crate::host::Host;
use crate::message::{Answer, Caller, Message};
use crate::planes::Credentials;
use crate::sandbox::Deployments;
use crate::telemetry::Metrics;

impl Host {
    /// An axum router with the commands (`POST /v1/<channel>/<command>`), the gRPC services, the documents, the probes and the
    /// pages that links in mails lead to, as the configuration says. It is served at the root of the public origin.
    ///
    /// The client's address is known if the router is served with
    /// [`axum::extract::ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo), as [`super::serve`] does.
    pub fn router(&self) -> axum::Router {
        http::router(Arc::new(self.clone()), Options::from(self.config()))
    }
}

#[async_trait]
impl Service for Host {
    async fn send(&self, message: Message) -> Answer {
        Host::send(self, message).await
    }

    async fn admit(
        &self,
        credentials: Credentials,
        channel: &str,
        command: &str,
    ) -> Result<Caller, Failure> {
        let (planes, keys) = (self.planes(), self.service_keys());
        planes
            .admit(&**keys, credentials, channel, command, self.now())
            .await
    }

    async fn authenticate(
        &self,
        caller: Caller,
        request_id: String,
        deadline: Option<Timestamp>,
    ) -> Result<(), Failure> {
        Host::authenticate(self, caller, request_id, deadline).await
    }

    fn checks_credentials(&self) -> bool {
        Host::checks_credentials(self)
    }

    fn now(&self) -> Timestamp {
        self.clock().now()
    }

    fn deployed(&self) -> Arc<dyn Deployed> {
        Host::deployed(self)
    }

    fn access(&self, channel: &str, command: &str) -> Access {
        Access {
            user: self.planes().is_user(channel, command),
            public: self.planes().is_public(channel, command),
        }
    }

    fn jwks(&self) -> Value {
        serde_json::to_value(self.keyring().jwks()).unwrap_or_default()
    }

    async fn ready(&self) -> Result<(), String> {
        // Whoever can read can most likely write: a write that is no message's would wear the disk with every probe.
        match self.store().begin().await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn metrics(&self) -> &Metrics {
        Host::metrics(self)
    }
}

impl Deployed for Deployments {
    fn channels(&self) -> Vec<&Channel> {
        self.iter()
            .map(|deployment| deployment.exported())
            .collect()
    }
}
