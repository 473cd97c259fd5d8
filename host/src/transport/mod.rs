//! Transports: how messages come in and answers go out. A transport knows the host by [`Service`] only.

pub mod admin;
mod connection;
mod documents;
mod embedded;
mod faults;
mod forwarded;
#[cfg(feature = "grpc")]
mod grpc;
pub mod http;
mod pages;
mod reply;
mod request;
pub mod status;
#[cfg(test)]
mod tests;
mod tls;

use std::sync::Arc;

use async_trait::async_trait;

pub use connection::{Drained, Gauge, Limits, Listener, serve};
#[cfg(feature = "grpc")]
#[doc(hidden)]
pub use grpc::fuzz;
pub use tls::Tls;

use crate::clock::Timestamp;
use crate::contract::Channel;
use crate::error::Failure;
use crate::message::{Answer, Caller, Message};
use crate::planes::Credentials;
use crate::telemetry::Metrics;

/// What a transport needs of the host.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Routes one message. The future may be dropped when the client is gone: what that means for the message is the
    /// implementor's to decide.
    async fn send(&self, message: Message) -> Answer;

    /// Who asks for `command` of `channel` with `credentials`, if they may. It does not tell whether the command exists.
    ///
    /// # Errors
    /// As [`crate::planes::Planes::admit`].
    async fn admit(
        &self,
        credentials: Credentials,
        channel: &str,
        command: &str,
    ) -> Result<Caller, Failure>;

    /// Whether the credential of `caller` is worth anything, for what needs one and reaches no command. `request_id` names the
    /// request in logs; the client waits until `deadline`.
    ///
    /// # Errors
    /// As [`crate::Host::authenticate`].
    async fn authenticate(
        &self,
        caller: Caller,
        request_id: String,
        deadline: Option<Timestamp>,
    ) -> Result<(), Failure>;

    /// Whether there is a command that checks credentials of users, of one kind at least.
    fn checks_credentials(&self) -> bool;

    /// The moment, on the host's clock.
    fn now(&self) -> Timestamp;

    /// What is deployed now. The same `Arc` as long as nothing is deployed anew, so that what is derived from it can be kept.
    fn deployed(&self) -> Arc<dyn Deployed>;

    /// By which doors beside that for services `command` of `channel` is reached.
    fn access(&self, channel: &str, command: &str) -> crate::contract::openapi::Access;

    /// The public halves of the signing keys as a JWK set (RFC 7517 §5).
    fn jwks(&self) -> serde_json::Value;

    /// Whether messages can be answered now.
    ///
    /// # Errors
    /// Why not, for the log.
    async fn ready(&self) -> Result<(), String>;

    /// Where requests are counted.
    fn metrics(&self) -> &Metrics;
}

/// The contracts of what is deployed at one moment.
pub trait Deployed: Send + Sync {
    /// The channels that are served.
    fn channels(&self) -> Vec<&Channel>;
}
