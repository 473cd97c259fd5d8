//! The way of a message: deployment, permit, transaction, component, commit, reply.
//!
//! The router knows no command. It decodes the request by the contract of the build that serves, runs it in a fresh
//! sandbox inside one transaction, and believes the outcome only if what was read still holds; otherwise it runs again.

mod attempt;
mod ends;
mod replies;

pub(crate) use attempt::takes_a_credential;

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use arc_swap::ArcSwap;
use rand::RngExt as _;
use serde_json::Value;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::audit::AuditRecord;
use crate::clock::Timestamp;
use crate::error::{Code, Failure};
use crate::message::{Answer, Caller, CredentialKind, Message};
use crate::sandbox::fault::Ending;
use crate::sandbox::pin::Pin;
use crate::sandbox::work::{Facts, Memory};
use crate::sandbox::{Deployments, EffectiveLimits, Permits};
use crate::services::{Services, attempt_id, fresh_bytes};
use crate::store::StoreError;
use crate::telemetry::UNKNOWN;
use crate::transaction::commit_unchecked;
use ends::Ends;

/// How often a message runs beside others before it runs alone.
const MAX_RUNS: u32 = 8;

/// How long a message may run while nobody else commits.
const ALONE: Duration = Duration::from_secs(1);

/// Routes messages to the builds that serve.
pub(crate) struct Router {
    pub(crate) services: Arc<Services>,
    pub(crate) deployments: ArcSwap<Deployments>,
    pub(crate) permits: Permits,
    pub(crate) auth: AuthCommands,
    /// The installation's limits, for a message whose channel is not known.
    pub(crate) limits: EffectiveLimits,
}

/// Which command checks a credential of the user plane: (channel, command).
#[derive(Debug, Clone, Default)]
pub(crate) struct AuthCommands {
    pub(crate) jwt: Option<(String, String)>,
    pub(crate) api_token: Option<(String, String)>,
}

impl AuthCommands {
    pub(super) fn for_kind(&self, kind: CredentialKind) -> Option<&(String, String)> {
        match kind {
            CredentialKind::Jwt => self.jwt.as_ref(),
            CredentialKind::ApiToken => self.api_token.as_ref(),
        }
    }
}

/// A message, and what is wanted of it.
struct Asked {
    message: Message,
    wanted: Wanted,
}

/// What is wanted of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// What its command answers.
    Reply,
    /// That its credential was checked; its command is the one that checks it.
    Check,
}

impl Router {
    /// Routes `message` to its end. Dropping the future calls the message off, unless it has hashed, kept or counted by then.
    pub(crate) async fn send(self: &Arc<Self>, message: Message) -> Answer {
        let wanted = Wanted::Reply;
        self.dispatch(Asked { message, wanted }).await
    }

    /// Checks the credential of `caller` as the first step of a message does, in the line and within the limits of the command
    /// that checks it.
    pub(crate) async fn check(
        self: &Arc<Self>,
        caller: Caller,
        request_id: String,
        deadline: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let kind = caller.credential.as_ref().map(|credential| credential.kind);
        let command = kind.and_then(|kind| self.auth.for_kind(kind));
        let (channel, command) = command.ok_or_else(attempt::unauthenticated)?;
        let mut message = Message::new(channel, command, Value::Null, caller);
        message.request_id = request_id;
        message.deadline = deadline;
        let wanted = Wanted::Check;
        self.dispatch(Asked { message, wanted }).await.map(drop)
    }

    /// Whether a command that `[auth]` names is there. A build of its channel without it is never deployed.
    #[cfg(feature = "http")]
    pub(crate) fn checks_credentials(&self) -> bool {
        let deployments = self.deployments.load();
        let named = [&self.auth.jwt, &self.auth.api_token];
        let mut named = named.into_iter().flatten();
        named.any(|(channel, _)| deployments.get(channel).is_some())
    }

    async fn dispatch(self: &Arc<Self>, asked: Asked) -> Answer {
        let pin = Arc::new(Pin::default());
        let router = self.clone();
        let task = tokio::spawn({
            let pin = pin.clone();
            // Boxed: tokio moves what it spawns.
            async move { Box::pin(router.in_turn(asked, pin)).await }
        });
        let _calls_off = CallOff {
            task: task.abort_handle(),
            pin,
        };
        task.await.unwrap_or_else(|_| {
            // What a panic says may hold a value: it is neither logged nor sent.
            self.services.metrics.fault(UNKNOWN, "panic");
            tracing::error!("the task of a message panicked; this is a fault of the host");
            Err(Failure::unknown())
        })
    }

    /// Runs the message in the line of its command: whatever it takes, decoding and logging included, is done in its turns.
    async fn in_turn(&self, asked: Asked, pin: Arc<Pin>) -> Answer {
        let deployments = self.deployments.load_full();
        let command = command_name(&deployments, &asked.message);
        let ends = self.ends(&deployments, &asked.message);
        let is_urgent = || pin.is_committing();
        // A client's deadline no longer ends what is held, so that is no reason to run it before others.
        let limit = || match pin.is_held() {
            true => ends.limit,
            false => ends.deadline,
        };
        let work = self.observe(asked, command.clone(), deployments, pin.clone(), ends);
        let faulted = |answer: &Answer| {
            let code = answer.as_ref().err().map(|failure| failure.code.clone());
            code == Some(Code::Unknown)
        };
        self.services
            .turns
            .run(&command, limit, is_urgent, work, faulted)
            .await
    }

    /// When the message is to have ended, by its client or by the limits of its build.
    fn ends(&self, deployments: &Deployments, message: &Message) -> Ends {
        let build = deployments.get(&message.channel);
        let limits = build.map_or(&self.limits, |deployment| &deployment.limits);
        Ends::of(self.services.clock.now(), message.deadline, limits.wall_ms)
    }

    /// Runs the message and tells metrics and log how it went.
    async fn observe(
        &self,
        asked: Asked,
        name: Arc<str>,
        deployments: Arc<Deployments>,
        pin: Arc<Pin>,
        ends: Ends,
    ) -> Answer {
        let started = Instant::now();
        let id = uuid::Uuid::now_v7().to_string();
        let request = asked.message.request_id.clone();
        let (channel, command) = name.split_once('/').unwrap_or((UNKNOWN, UNKNOWN));
        let answer = self
            .route(&id, asked, name.clone(), deployments, pin, ends)
            .await;
        let outcome = answer
            .as_ref()
            .map_or_else(|failure| failure.code.as_str(), |_| "ok");
        let took = started.elapsed();
        self.services
            .metrics
            .message_done(channel, command, outcome, took.as_secs_f64());
        let ms = took.as_secs_f64() * 1_000.0;
        match &answer {
            Err(failure) if matches!(failure.code, Code::Unknown | Code::Unavailable) => {
                let cause = failure.causes();
                tracing::warn!(
                    message_id = id,
                    request,
                    channel,
                    command,
                    outcome,
                    ms,
                    cause,
                    "message failed"
                );
            }
            _ => tracing::debug!(
                message_id = id,
                request,
                channel,
                command,
                outcome,
                ms,
                "message done"
            ),
        }
        answer
    }

    async fn route(
        &self,
        id: &str,
        asked: Asked,
        name: Arc<str>,
        deployments: Arc<Deployments>,
        pin: Arc<Pin>,
        ends: Ends,
    ) -> Answer {
        let call = attempt::Call::new(&deployments, asked, self.limits.clone());
        if let Some(refusal) = call.refusal() {
            return Err(refusal);
        }
        let facts = Arc::new(self.facts(id, &call, name, deployments, pin, ends)?);
        let auditor = Auditor {
            services: self.services.clone(),
            facts: facts.clone(),
        };
        let answer = self
            .run(&call, &facts, ends)
            .await
            .unwrap_or_else(|ending| Err(self.failure(ending, &facts)));
        match (auditor.finish().await, answer) {
            // A decision that could not be put on record is not given.
            (Err(cause), Ok(_)) => Err(Failure::unavailable(1_000).because(cause)),
            (_, answer) => answer,
        }
    }

    fn facts(
        &self,
        id: &str,
        call: &attempt::Call,
        command: Arc<str>,
        deployments: Arc<Deployments>,
        pin: Arc<Pin>,
        ends: Ends,
    ) -> Result<Facts, Failure> {
        let message = &call.message;
        let seed = fresh_bytes().map_err(|cause| Failure::unavailable(1_000).because(cause))?;
        Ok(Facts {
            id: id.to_owned(),
            request_id: message.request_id.clone(),
            command,
            plane: message.caller.plane,
            service_key: message.caller.service_key.clone(),
            remote_address: message
                .caller
                .remote_address
                .map(|address| address.to_string()),
            now: ends.now,
            deadline: ends.answer_by,
            deployments,
            pin,
            limits: call.limits.clone(),
            operator: message.caller.operator,
            memory: Mutex::new(Memory::new(seed)),
            audit: Mutex::default(),
        })
    }

    /// Waits for a permit, then runs until the outcome can be believed.
    async fn run(
        &self,
        call: &attempt::Call,
        facts: &Arc<Facts>,
        ends: Ends,
    ) -> Result<Answer, Ending> {
        let limit = ends.limit;
        if ends.has_deadline() && ends.deadline <= Instant::now() {
            // Nobody waits for the answer any more: a permit that is free would let it begin all the same.
            return Err(Ending::Deadline);
        }
        let permit = self.permits.acquire(&facts.command);
        let _permit = tokio::time::timeout_at(ends.deadline, permit)
            .await
            .map_err(|cause| match ends.has_deadline() {
                true => Ending::Deadline,
                false => Ending::unavailable(cause),
            })??;
        let _running = self.services.engine.run();
        for run in 0..MAX_RUNS {
            match self.attempt(call, facts, false, ends).await {
                Err(Ending::Conflict) => self.back_off(facts, run, limit).await,
                outcome => return outcome,
            }
        }
        let _committing = facts.pin.commit();
        let _nobody_else = tokio::time::timeout_at(limit, self.services.commits.write())
            .await
            .map_err(|_| Ending::Conflict)?;
        // Nobody else commits meanwhile: that must not take long.
        let limit = limit.min(Instant::now() + ALONE);
        self.attempt(call, facts, true, Ends { limit, ..ends })
            .await
    }

    /// Waits a random moment, longer with every conflict, so that those who collided do not collide again.
    async fn back_off(&self, facts: &Facts, run: u32, limit: Instant) {
        let (channel, command) = facts.command.split_once('/').unwrap_or((UNKNOWN, UNKNOWN));
        self.services.metrics.conflict(channel, command);
        let most = 500_u64 << run.min(6);
        let pause = Duration::from_micros(rand::rng().random_range(0..=most));
        tokio::time::sleep_until((Instant::now() + pause).min(limit)).await;
    }

    fn failure(&self, ending: Ending, facts: &Facts) -> Failure {
        if let Ending::Fault {
            fault,
            channel,
            trace,
        } = &ending
        {
            self.services.metrics.fault(channel, fault.kind());
            if let Some(deployment) = facts.deployments.get(channel) {
                deployment.counts.fault();
            }
            let serving = || facts.deployments.get(channel);
            let digest = match trace {
                Some(trace) => Some(trace.digest),
                None => serving().map(|deployment| deployment.digest),
            };
            tracing::error!(
                message_id = facts.id,
                channel,
                digest = digest.map(tracing::field::display),
                command = trace.as_ref().map(|trace| &*trace.command),
                fault = fault.kind(),
                trace = trace.as_ref().map(|trace| &*trace.functions),
                message_command = &*facts.command,
                "a component faulted",
            );
        }
        ending.into_failure()
    }
}

/// `channel/command` of what is deployed; `-/-` for what is not: a client's own words name no share, no line and no metric.
fn command_name(deployments: &Deployments, message: &Message) -> Arc<str> {
    deployments
        .get(&message.channel)
        .filter(|deployment| deployment.command(&message.command).is_some())
        .map_or_else(
            || format!("{UNKNOWN}/{UNKNOWN}"),
            |deployment| format!("{}/{}", deployment.channel, message.command),
        )
        .into()
}

/// Writes what a message audited and did not commit: when it ends, and also when its client hangs up.
struct Auditor {
    services: Arc<Services>,
    facts: Arc<Facts>,
}

impl Auditor {
    fn take(&self) -> Vec<AuditRecord> {
        std::mem::take(&mut *self.facts.audit())
    }

    async fn write(
        services: &Services,
        facts: &Facts,
        records: Vec<AuditRecord>,
    ) -> Result<(), StoreError> {
        let writes = services
            .audit
            .writes(&records, facts.generation())
            .map_err(|cause| StoreError::Corrupt(Box::new(cause)));
        let written = match writes {
            Ok(writes) => commit_unchecked(&*services.store, attempt_id(), facts.now, writes).await,
            Err(cause) => Err(cause),
        };
        if let Err(cause) = &written {
            tracing::error!(message_id = facts.id, %cause, "audit records could not be written");
        }
        written
    }

    /// The usual end: the answer waits until its records are durable.
    async fn finish(self) -> Result<(), StoreError> {
        let records = self.take();
        match records.is_empty() {
            true => Ok(()),
            false => Self::write(&self.services, &self.facts, records).await,
        }
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        let records = self.take();
        if records.is_empty() {
            return;
        }
        let (services, facts) = (self.services.clone(), self.facts.clone());
        // It has been logged if it failed, and there is nobody left to tell.
        tokio::spawn(async move { drop(Self::write(&services, &facts, records).await) });
    }
}

/// Aborts the message's task when the client is gone, unless the message may no longer be called off.
struct CallOff {
    task: AbortHandle,
    pin: Arc<Pin>,
}

impl Drop for CallOff {
    fn drop(&mut self) {
        if self.pin.call_off() {
            self.task.abort();
        }
    }
}
