//! `grpc.health.v1.Health`: whether the services can be used, by what is deployed now.

use std::sync::Arc;

use futures::stream::Empty;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health as HealthService;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::rpcs::{Asks, Command, RPCS, VERSION};
use crate::contract::Channel;
use crate::transport::Service;

/// Answers who asks for the health of a service.
pub(super) struct Health(pub(super) Arc<dyn Service>);

impl Health {
    /// Of the service `name`, or of the whole server for an empty one; none if there is no such service.
    async fn status(&self, name: &str) -> Option<ServingStatus> {
        let is_whole = name.is_empty() || self.is_deployed(name)?;
        let is_serving = is_whole && self.0.ready().await.is_ok();
        Some(match is_serving {
            true => ServingStatus::Serving,
            false => ServingStatus::NotServing,
        })
    }

    /// Whether there is something behind every rpc of the service `name`; none if there is no such service.
    fn is_deployed(&self, name: &str) -> Option<bool> {
        let mut rpcs = RPCS.iter().filter(|rpc| rpc.service() == name).peekable();
        rpcs.peek()?;
        Some(rpcs.all(|rpc| match &rpc.asks {
            Asks::Nothing => true,
            Asks::Check => self.0.checks_credentials(),
            Asks::Command(command) => self.has(command),
        }))
    }

    fn has(&self, command: &Command) -> bool {
        let deployed = self.0.deployed();
        let channels = deployed.channels();
        let is_asked =
            |it: &Channel| *it.name == *command.channel && it.version.major == u64::from(VERSION);
        let mut asked = channels.into_iter().filter(|it| is_asked(it));
        asked.any(|channel| channel.command(command.name).is_some())
    }
}

#[tonic::async_trait]
impl HealthService for Health {
    type WatchStream = Empty<Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let status = self.status(&request.get_ref().service).await;
        let status = status.ok_or_else(|| Status::not_found("there is no such service"))?;
        Ok(Response::new(HealthCheckResponse {
            status: status.into(),
        }))
    }

    /// A stream without an end would keep its connection from resting and from draining. Clients take this answer for "cannot be
    /// watched" and go on (gRFC A17).
    async fn watch(
        &self,
        _: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("ask with Check"))
    }
}
