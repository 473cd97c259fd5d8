//! The host: the one place that puts the parts together and names the backends.

mod builder;
mod deploying;
mod examining;
mod following;
mod info;
mod known;
mod rolling_back;
mod starting;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::known::Known;
use crate::audit::AuditLog;
use crate::builds::trust::Untrusted;
use crate::builds::{Builds, BuildsError, Provenance, Refused};
use crate::clock::{Clock, Timestamp};
use crate::config::{self, Config};
use crate::contract::Channel;
use crate::error::Failure;
use crate::hashing::HashPoolError;
use crate::keyring::{KeyRing, KeyRingError};
use crate::message::{Answer, Caller, Message};
use crate::outbox::mail::Reason;
use crate::outbox::{self, Deliverer, Mails, Posted};
use crate::planes::Planes;
use crate::router::Router;
use crate::sandbox::deployment::Deployment;
use crate::sandbox::{CodeCache, DeployError, EngineError, Grants};
use crate::service_keys::ServiceKeys;
use crate::services::Services;
use crate::store::{Range, Store, StoreError};
use crate::subjects::Subjects;
use crate::telemetry::Metrics;

pub use builder::HostBuilder;
pub use info::{BuildInfo, BuildState, DeploymentInfo, DeploymentState};
#[cfg(any(test, feature = "testing"))]
pub(crate) use starting::bundle;

/// A running host. Cheap to clone; the last clone that goes ends its background work.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    router: Arc<Router>,
    service_keys: Arc<ServiceKeys>,
    config: Config,
    planes: Planes,
    cache: Option<CodeCache>,
    /// The settings of a channel of which the configuration says nothing.
    unset: config::Component,
    default_grants: HashMap<String, Grants>,
    /// The builds that this host brings along, by channel: what serves where nothing was deployed.
    brought: HashMap<String, Arc<[u8]>>,
    builds: Builds,
    provenance: Arc<dyn Provenance>,
    /// Held while something about deployments is changed. What it is held for is decided in the store: this spares work.
    changing: tokio::sync::Mutex<()>,
    known: Mutex<HashMap<String, Known>>,
    /// Builds that served lately, by channel, the latest last.
    warm: Mutex<HashMap<String, Vec<Arc<Deployment>>>>,
    started_at: Timestamp,
    mails: Mails,
    deliverer: Arc<Deliverer>,
    /// Ends when it is told to stop and has finished what it had begun. None: this host delivers no mails.
    delivery: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    /// Told, or dropped with the host: background tasks end.
    stop: watch::Sender<bool>,
}

/// Why a host could not start. It says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The sandbox engine cannot run.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The key ring cannot be opened.
    #[error(transparent)]
    KeyRing(#[from] KeyRingError),
    /// Password hashing cannot be set up.
    #[error("passwords: {0}")]
    Hashing(#[from] HashPoolError),
    /// A component cannot be deployed.
    #[error("component of channel {channel}: {cause}")]
    Component {
        /// Its channel, or a file name.
        channel: String,
        /// Why.
        cause: DeployError,
    },
    /// A component's file cannot be read.
    #[error("components.{channel}.file cannot be read: {cause}")]
    File {
        /// Its channel.
        channel: String,
        /// Why.
        cause: std::io::Error,
    },
    /// A component's file is not taken: `[deploy]` asks for a signature, or for other bytes.
    #[error("components.{channel}.file: {cause}; {}", .cause.remedy())]
    Untrusted {
        /// Its channel.
        channel: String,
        /// Why.
        cause: Untrusted,
    },
    /// What was deployed cannot be read.
    #[error("the deployed builds: {0}")]
    Builds(#[from] BuildsError),
    /// A build that was deployed cannot serve any more.
    #[error(
        "channel {channel}: the build that was deployed cannot serve: {cause}; mend that, or go back to the build before: \
         `vestibule component rollback {channel} --offline`"
    )]
    Deployed {
        /// Its channel.
        channel: String,
        /// Why.
        cause: Refused,
    },
    /// Builds that were deployed do not fit the others.
    #[error(
        "{cause}; builds that were deployed serve {}: go back with `vestibule component rollback <channel> --offline` where \
         the others need a newer one", .deployed.join(", ")
    )]
    Misfit {
        /// The channels to which builds were deployed.
        deployed: Vec<String>,
        /// Why.
        cause: DeployError,
    },
    /// The configuration contradicts itself.
    #[error("{0}")]
    Config(String),
}

impl Host {
    /// Starts making a host.
    #[must_use]
    pub fn builder() -> HostBuilder {
        HostBuilder::default()
    }

    /// Routes one message to the component that serves its channel, and gives its answer.
    ///
    /// # Errors
    /// Whatever the client is to be told; see [`crate::error::Code`].
    pub async fn send(&self, message: Message) -> Answer {
        self.0.router.send(message).await
    }

    /// Checks the credential of `caller` by the command that the configuration names for it, as a message would before its
    /// command runs, and nothing else. `request_id` names the request in logs; the client waits until `deadline`.
    ///
    /// # Errors
    /// `unauthenticated` for a credential that is not worth anything, and for a caller without one; as [`Host::send`].
    pub async fn authenticate(
        &self,
        caller: Caller,
        request_id: String,
        deadline: Option<Timestamp>,
    ) -> Result<(), Failure> {
        self.0.router.check(caller, request_id, deadline).await
    }

    /// Sends `request` to `channel/command` on the service plane and reads the reply as `Reply`.
    ///
    /// The names of the fields are the JSON names: snake_case. For a command without reply use `()`.
    ///
    /// # Errors
    /// As [`Host::send`]; also `bad-request` when `request` is no JSON, and `unknown` when the reply is no `Reply`.
    pub async fn call<Request, Reply>(
        &self,
        channel: &str,
        command: &str,
        request: &Request,
    ) -> Result<Reply, Failure>
    where
        Request: Serialize + Sync,
        Reply: DeserializeOwned,
    {
        let payload = serde_json::to_value(request)
            .map_err(|cause| Failure::bad_request(Vec::new()).because(cause))?;
        let reply = self
            .send(Message::new(
                channel,
                command,
                payload,
                Caller::service(None),
            ))
            .await?;
        serde_json::from_value(reply.unwrap_or(Value::Null))
            .map_err(|cause| Failure::unknown().because(cause))
    }

    /// The builds that serve now, by channel.
    #[must_use]
    pub fn deployments(&self) -> Vec<DeploymentInfo> {
        let serving = self.0.router.deployments.load_full();
        let infos = serving.iter().map(|deployment| self.0.info(deployment));
        infos.collect()
    }

    /// What the store knows of builds.
    #[must_use]
    pub fn builds(&self) -> &Builds {
        &self.0.builds
    }

    /// The contracts of the builds that serve now.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        self.0
            .router
            .deployments
            .load()
            .iter()
            .map(|deployment| deployment.exported().clone())
            .collect()
    }

    /// What lies in the outbox with its words, oldest first: at most 1 000 mails, those that wait and those that were captured or
    /// given up, and 1 000 events.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outbox(&self) -> Result<Vec<Posted>, StoreError> {
        let services = self.services();
        let mut posted = self.0.mails.readable(1_000).await?;
        let namespace = outbox::events();
        let range = Range {
            namespace: namespace.clone(),
            prefix: String::new(),
            after: None,
        };
        let now = services.clock.now();
        let mut snapshot = services.store.begin().await?;
        let found = snapshot.scan(&range, 1_000, 16 * 1024 * 1024, now).await?;
        drop(snapshot);
        for entry in found {
            let opened = outbox::open(&services.keyring, &namespace, &entry.key, &entry.record);
            posted.extend(opened.await.ok());
        }
        Ok(posted)
    }

    /// The mails: what there is, how it went, and once more.
    #[must_use]
    pub fn mails(&self) -> &Mails {
        &self.0.mails
    }

    /// Why no mail can be handed over now, if that is so.
    #[must_use]
    pub fn mail_outage(&self) -> Option<Reason> {
        self.0.deliverer.outage()
    }

    /// Ends the host's background work, and waits up to `limit` for mails that are being handed over: one that is cut off is handed
    /// over again later. What persistent buckets counted last is written. Messages are still answered.
    pub async fn stop(&self, limit: Duration) {
        self.0.stop.send_replace(true);
        let delivery = self.0.delivery.lock().await.take();
        if let Some(delivery) = delivery
            && timeout(limit, delivery).await.is_err()
        {
            tracing::warn!("mails were being handed over and were cut off");
        }
        if let Err(cause) = self.services().buckets.flush().await {
            tracing::warn!(%cause, "what was counted last by persistent buckets could not be written");
        }
    }

    /// The audit records.
    #[must_use]
    pub fn audit_log(&self) -> AuditLog {
        let services = self.services();
        AuditLog::new(services.store.clone(), services.clock.clone())
    }

    /// What is stored about people, by whose it is.
    #[must_use]
    pub fn subjects(&self) -> Subjects {
        let services = self.services();
        Subjects::new(
            services.store.clone(),
            services.clock.clone(),
            services.audit,
        )
    }

    /// The key ring.
    #[must_use]
    pub fn keyring(&self) -> &Arc<KeyRing> {
        &self.services().keyring
    }

    /// The service keys.
    #[must_use]
    pub fn service_keys(&self) -> &Arc<ServiceKeys> {
        &self.0.service_keys
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.services().store
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.services().clock
    }

    /// The metrics.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.services().metrics
    }

    /// The configuration this host was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// All metrics in the OpenMetrics text format, with the store's and the hash pool's figures of now.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        let services = self.services();
        services.metrics.store_status(&services.store.status());
        services
            .metrics
            .hashes_waiting(services.hashing.status().waiting);
        services.metrics.encode()
    }

    /// Which commands are open to whom.
    #[must_use]
    pub fn planes(&self) -> &Planes {
        &self.0.planes
    }

    /// Whether credentials of one kind at least can be checked.
    #[cfg(feature = "http")]
    pub(crate) fn checks_credentials(&self) -> bool {
        self.0.router.checks_credentials()
    }

    /// What serves now; the same `Arc` until that changes.
    #[cfg(feature = "http")]
    pub(crate) fn deployed(&self) -> Arc<crate::sandbox::Deployments> {
        self.0.router.deployments.load_full()
    }

    /// Serves these builds from now on; see [`HostBuilder::prepared`].
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn serve_prepared(&self, deployments: Arc<crate::sandbox::Deployments>) {
        self.0.router.deployments.store(deployments);
    }

    fn services(&self) -> &Arc<Services> {
        &self.0.router.services
    }
}
