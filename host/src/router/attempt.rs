//! One run of a message in one transaction.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;
use wasmtime::component::Val;

use super::ends::Ends;
use super::replies::Replies;
use super::{Asked, Router, Wanted};
use crate::contract::types::Type;
use crate::contract::{Command, json};
use crate::error::{Code, Failure};
use crate::message::{Answer, Credential, Message};
use crate::sandbox::Deployments;
use crate::sandbox::EffectiveLimits;
use crate::sandbox::deployment::Deployment;
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::nested;
use crate::sandbox::work::{Cursor, Facts, Usage, Work};
use crate::services::attempt_id;
use crate::transaction::{Outcome, Transaction};

/// The largest reply, in bytes of its values.
const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

/// A message and where it goes.
pub(super) struct Call {
    pub(super) message: Message,
    /// What a run may use up.
    pub(super) limits: EffectiveLimits,
    /// The build and the decoded request, unless the check of the credential is all that is wanted; or why there is none, which
    /// is said only after the credential was checked.
    target: Result<Option<Target>, Failure>,
}

#[derive(Clone)]
struct Target {
    deployment: Arc<Deployment>,
    params: Arc<[Val]>,
}

impl Call {
    /// Decodes the request by the contract of the build that serves it.
    pub(super) fn new(deployments: &Deployments, asked: Asked, otherwise: EffectiveLimits) -> Self {
        let Asked {
            mut message,
            wanted,
        } = asked;
        let found = find(deployments, &message);
        let limits = found
            .as_ref()
            .map_or(otherwise, |(deployment, _)| deployment.limits.clone());
        let target = match wanted {
            Wanted::Check => Ok(None),
            Wanted::Reply => found.and_then(|(deployment, command)| {
                let params = json::decode_request(command, &message.payload);
                Ok(Some(Target {
                    deployment: deployment.clone(),
                    params: params.map_err(Failure::bad_request)?.into(),
                }))
            }),
        };
        if target.is_err() {
            // It will be refused: nothing of it needs to wait.
            message.payload = Value::Null;
        }
        Self {
            message,
            limits,
            target,
        }
    }

    /// Why the message goes nowhere, if that may be said without checking a credential.
    pub(super) fn refusal(&self) -> Option<Failure> {
        match self.message.caller.credential {
            None => self.target.as_ref().err().cloned(),
            Some(_) => None,
        }
    }
}

/// The serving build for `message`, and its command.
fn find<'a>(
    deployments: &'a Deployments,
    message: &Message,
) -> Result<(&'a Arc<Deployment>, &'a Command), Failure> {
    let deployment = deployments
        .get(&message.channel)
        .ok_or_else(|| Failure::new(Code::NotFound, "there is no such channel"))?;
    if u64::from(message.version) != deployment.exported().version.major {
        return Err(Failure::new(
            Code::NotFound,
            "the channel is not served in that version",
        ));
    }
    match deployment.command(&message.command) {
        Some(command) => Ok((deployment, command)),
        None => Err(Failure::new(
            Code::NotFound,
            "the channel has no such command",
        )),
    }
}

impl Router {
    /// Runs `call` once and ends its transaction. `Err(Conflict)`: run it again.
    pub(super) async fn attempt(
        &self,
        call: &Call,
        facts: &Arc<Facts>,
        alone: bool,
        ends: Ends,
    ) -> Result<Answer, Ending> {
        facts.audit().clear();
        let work = Box::new(Work {
            transaction: Transaction::new(self.services.store.clone(), facts.now),
            facts: facts.clone(),
            principal: call.message.caller.principal.clone(),
            alone,
            usage: Usage::default(),
            depth: 0,
            sandboxes: 0,
            outbox: 0,
            cursor: Cursor::default(),
        });
        let (work, outcome) = self.in_time(call, facts, work, ends).await?;
        let Some(mut work) = work else {
            return outcome.map(|_| Err(Failure::unknown()));
        };
        work.transaction.rest();
        let held_before = facts.pin.is_held();
        facts.pin()?;
        let ended = self.end(call, facts, work, outcome, ends.limit).await;
        if matches!(ended, Err(Ending::Conflict)) && !held_before {
            // Nothing of this run is left: the client may call the next one off.
            facts.pin.release();
        }
        ended
    }

    /// Commits what the run did, or makes sure that its outcome may be believed.
    async fn end(
        &self,
        call: &Call,
        facts: &Arc<Facts>,
        work: Box<Work>,
        outcome: Result<Ran, Ending>,
        limit: Instant,
    ) -> Result<Answer, Ending> {
        // Before the turn to commit, and given up after it: who holds that turn is never in line.
        let _committing = facts.pin.commit();
        let _turn = match work.transaction.ends_in_the_store() {
            true => tokio::time::timeout_at(limit, self.services.commit_turn(work.alone))
                .await
                .map_err(Ending::unavailable)?,
            false => None,
        };
        match outcome {
            Ok(Ran::Replied(answer @ Ok(_), replies)) => {
                self.commit(call, facts, *work, answer, replies).await
            }
            Ok(Ran::Replied(refusal, _)) => self.believe(*work, Ok(refusal)).await,
            Ok(Ran::Repeated(answer)) => self.believe(*work, Ok(answer)).await,
            Err(ending) => self.believe(*work, Err(ending)).await,
        }
    }

    /// Runs the command, but no longer than it may take. The client's own deadline counts until the message is pinned.
    async fn in_time(
        &self,
        call: &Call,
        facts: &Arc<Facts>,
        work: Box<Work>,
        ends: Ends,
    ) -> Result<(Option<Box<Work>>, Result<Ran, Ending>), Ending> {
        let wall_clock = || Ending::Fault {
            fault: Fault::WallClock,
            channel: call.message.channel.clone(),
            trace: None,
        };
        let run = tokio::time::timeout_at(ends.limit, Box::pin(self.execute(call, facts, work)));
        if !ends.has_deadline() {
            return run.await.map_err(|_| wall_clock());
        }
        tokio::pin!(run);
        tokio::select! {
            biased;
            ran = &mut run => return ran.map_err(|_| wall_clock()),
            () = tokio::time::sleep_until(ends.deadline) => {}
        }
        if facts.pin.call_off() {
            return Err(Ending::Deadline);
        }
        run.await.map_err(|_| wall_clock())
    }

    /// Checks the credential, looks for a stored reply, runs the command.
    async fn execute(
        &self,
        call: &Call,
        facts: &Arc<Facts>,
        mut work: Box<Work>,
    ) -> (Option<Box<Work>>, Result<Ran, Ending>) {
        if let Some(credential) = &call.message.caller.credential {
            let (returned, checked) = self.authenticate(credential, facts, work).await;
            let Some(returned) = returned else {
                return (None, checked.map(|()| Ran::nothing()));
            };
            work = returned;
            if let Err(ending) = checked {
                return (Some(work), Err(ending));
            }
        }
        let target = match &call.target {
            Ok(Some(target)) => target.clone(),
            Ok(None) => return (Some(work), Ok(Ran::Replied(Ok(None), None))),
            Err(failure) => return (Some(work), Err(Ending::Refused(failure.clone()))),
        };
        let replies = match &call.message.id {
            None => None,
            Some(id) => {
                let replies = match Replies::of(
                    &self.services.keyring,
                    &call.message,
                    id,
                    work.principal.as_ref(),
                ) {
                    Ok(replies) => replies,
                    Err(cause) => return (Some(work), Err(Ending::unavailable(cause))),
                };
                match replies
                    .find(&mut work.transaction, &self.services.keyring)
                    .await
                {
                    Ok(None) => Some(replies),
                    Ok(Some(answer)) => return (Some(work), Ok(Ran::Repeated(answer))),
                    Err(cause) => return (Some(work), Err(Ending::unavailable(cause))),
                }
            }
        };
        let (work, result) = target
            .deployment
            .invoke(
                &self.services,
                work,
                &call.message.command,
                &target.params,
                None,
            )
            .await;
        (
            work,
            result.and_then(|reply| {
                Ok(Ran::Replied(
                    answer(&target.deployment, &call.message, reply)?,
                    replies,
                ))
            }),
        )
    }

    /// Runs the command that checks `credential`, as the message's first call. It must establish a principal.
    async fn authenticate(
        &self,
        credential: &Credential,
        facts: &Arc<Facts>,
        mut work: Box<Work>,
    ) -> (Option<Box<Work>>, Result<(), Ending>) {
        let refused = || Ending::Refused(unauthenticated());
        let target = self.auth.for_kind(credential.kind);
        let Some((channel, name)) = target else {
            return (Some(work), Err(refused()));
        };
        let Some(deployment) = facts.deployments.get(channel).cloned() else {
            return (Some(work), Err(refused()));
        };
        let params = deployment.command(name).and_then(|command| {
            let request = credential_request(command, &credential.value)?;
            json::decode_request(command, &request).ok()
        });
        let Some(params) = params else {
            return (Some(work), Err(refused()));
        };
        // Whoever presents a credential is who it says, and nobody else.
        work.principal = None;
        work.transaction.enter();
        let (work, result) = deployment
            .invoke(&self.services, work, name, &params, None)
            .await;
        let Some(mut work) = work else {
            return (None, result.map(|_| ()));
        };
        let ok = matches!(&result, Ok(reply) if !matches!(reply, Some(Val::Result(Err(_)))));
        work.transaction.leave(ok);
        if !ok {
            work.principal = None;
        }
        let checked = match result {
            Err(ending) => Err(ending),
            Ok(_) if ok && work.principal.is_some() => Ok(()),
            Ok(_) => Err(refused()),
        };
        (Some(work), checked)
    }

    /// Commits everything together with the stored reply and the audit records.
    async fn commit(
        &self,
        call: &Call,
        facts: &Arc<Facts>,
        work: Work,
        answer: Answer,
        replies: Option<Replies>,
    ) -> Result<Answer, Ending> {
        let mut more = Vec::new();
        if work.transaction.has_effects() {
            let broken = |cause| Ending::Unavailable {
                retry_after_ms: 1_000,
                cause: Some(cause),
            };
            let records = facts.audit().clone();
            more = self
                .services
                .audit
                .writes(&records, facts.generation())
                .map_err(|cause| broken(cause.into()))?;
            if let Some(replies) = replies {
                let target = call.target.as_ref().ok().and_then(Option::as_ref);
                let short = target.is_some_and(|target| {
                    let manifest = &target.deployment.contract.manifest;
                    manifest.has_short_reply(&call.message.command)
                });
                more.push(
                    replies
                        .write(&self.services.keyring, facts.now, short, &answer)
                        .map_err(broken)?,
                );
            }
        }
        let with_audit = !more.is_empty();
        let mails = work.usage.mails;
        match work
            .transaction
            .commit(attempt_id(), more)
            .await
            .map_err(Ending::unavailable)?
        {
            Outcome::Conflict => Err(Ending::Conflict),
            Outcome::Committed => {
                if with_audit {
                    facts.audit().clear();
                }
                if mails > 0 {
                    self.services.mailed.notify_one();
                }
                Ok(answer)
            }
        }
    }

    /// An outcome without effects counts only if what it was based on still holds.
    async fn believe(&self, work: Work, outcome: Result<Answer, Ending>) -> Result<Answer, Ending> {
        if matches!(outcome, Err(Ending::Conflict)) {
            return outcome;
        }
        match work.transaction.discard(attempt_id()).await {
            Ok(Outcome::Committed) => outcome,
            Ok(Outcome::Conflict) => Err(Ending::Conflict),
            Err(cause) => Err(Ending::unavailable(cause)),
        }
    }
}

/// What a run gave.
enum Ran {
    /// The component's answer, and where it is to be stored.
    Replied(Answer, Option<Replies>),
    /// The answer that an earlier message with the same id was given.
    Repeated(Answer),
}

impl Ran {
    fn nothing() -> Self {
        Self::Repeated(Err(Failure::unknown()))
    }
}

/// The component's reply as JSON, or its error as a failure.
fn answer(
    deployment: &Deployment,
    message: &Message,
    reply: Option<Val>,
) -> Result<Answer, Ending> {
    let (Some(reply), Some(command)) = (reply, deployment.command(&message.command)) else {
        return Ok(Ok(None));
    };
    if nested::size(&reply) > MAX_REPLY_BYTES {
        let channel = deployment.channel.to_string();
        return Err(Ending::Fault {
            fault: Fault::Reply,
            channel,
            trace: None,
        });
    }
    Ok(json::answer(command, &[reply]))
}

/// Whether `command` can check a credential: its request is an object with a single string.
pub(crate) fn takes_a_credential(command: &Command) -> bool {
    matches!(command.fields(), [field] if matches!(field.ty, Type::String))
}

/// The request that carries `credential`: the command's request is an object with a single string.
fn credential_request(command: &Command, credential: &str) -> Option<Value> {
    match command.fields() {
        [field] if matches!(field.ty, Type::String) => Some(Value::Object(
            [(field.json.to_string(), Value::from(credential))]
                .into_iter()
                .collect(),
        )),
        _ => None,
    }
}

/// The one face of every credential that is worth nothing.
pub(super) fn unauthenticated() -> Failure {
    Failure::new(
        Code::Unauthenticated,
        "the credential is missing, or not worth anything any more",
    )
}
