//! Playing a scenario's steps.

use serde_json::{Map, Value};

use super::known::known;
use super::report::Broken;
use super::scenario::{Acting, Queued, Scenario, Step};
use super::values::{compare, fill};
use crate::clock::Clock as _;
use crate::contract::Channel;
use crate::error::Failure;
use crate::message::{Answer, Caller, Message, Principal};
use crate::outbox::Mail;
use crate::testing::{Harness, HarnessBuilder, explain};

/// Plays `scenario` of `channel` in a host that `harness` makes.
///
/// # Errors
/// What did not hold, and at which step.
///
/// # Panics
/// If the host does not start.
pub async fn play(
    harness: HarnessBuilder,
    channel: &str,
    scenario: &Scenario,
) -> Result<(), Broken> {
    let config = scenario.config.clone();
    let harness = harness
        .configure(|all| all.components.entry(channel.to_owned()).or_default().config = config)
        .start()
        .await;
    let mut play = Play::new(&harness, channel);
    for (n, step) in scenario.step.iter().enumerate() {
        play.step(step)
            .await
            .map_err(|what| Broken::at(n, step, &what))?;
    }
    Ok(())
}

/// A scenario that is being played.
pub(super) struct Play<'a> {
    harness: &'a Harness,
    channel: &'a str,
    contract: Option<&'a Channel>,
    bound: Map<String, Value>,
}

impl<'a> Play<'a> {
    pub(super) fn new(harness: &'a Harness, channel: &'a str) -> Self {
        Self {
            harness,
            channel,
            contract: None,
            bound: Map::new(),
        }
    }

    /// Sees of the channel's replies only what this contract has.
    pub(super) fn by(mut self, contract: &'a Channel) -> Self {
        self.contract = Some(contract);
        self
    }

    /// Plays `step`; what did not hold.
    pub(super) async fn step(&mut self, step: &Step) -> Result<(), String> {
        self.harness.clock.advance(step.advance_ms);
        if let Some(command) = &step.call {
            let answer = self.ask(step, command).await?;
            judge(step, answer, &mut self.bound)?;
        }
        self.compare_effects(step).await
    }

    /// What the message of `step` is answered.
    pub(super) async fn ask(&self, step: &Step, command: &str) -> Result<Answer, String> {
        let (channel, command) = command.split_once('/').unwrap_or((self.channel, command));
        let request = fill(&step.request, &self.bound)?;
        let mut caller = Caller::service(None);
        caller.operator = step.operator;
        if let Some(acting) = &step.acting {
            caller.principal = Some(self.principal(acting)?);
        }
        let message = Message::new(channel, command, request, caller);
        let answer = self.harness.host.send(message).await;
        let contract = self.contract.filter(|_| channel == self.channel);
        let commands = contract.into_iter().flat_map(|contract| &contract.commands);
        let reply = commands
            .filter(|known| *known.name == *command)
            .find_map(|known| known.reply.as_ref());
        Ok(match (answer, reply) {
            (Ok(Some(found)), Some(ty)) => Ok(Some(known(found, ty))),
            (answer, _) => answer,
        })
    }

    /// Whom a step acts for, with what was bound in the id's place.
    fn principal(&self, acting: &Acting) -> Result<Principal, String> {
        let id = fill(&Value::String(acting.id.clone()), &self.bound)?;
        let subject = id.as_str().ok_or("only a text can be an id")?.to_owned();
        let acting_methods = || vec!["acting".to_owned()];
        Ok(Principal {
            subject,
            roles: acting.roles.clone(),
            scopes: acting.scopes.clone(),
            session: None,
            methods: acting.methods.clone().unwrap_or_else(acting_methods),
            authenticated_at: self.harness.clock.now(),
        })
    }

    /// Mails, events and audit records, where the step says what there must be.
    async fn compare_effects(&self, step: &Step) -> Result<(), String> {
        if let Some(expected) = &step.mails {
            compare_mails(expected, &self.harness.mails().await)?;
        }
        if let Some(expected) = &step.events {
            let events = self.harness.events().await;
            let names: Vec<_> = events.into_iter().map(|event| event.name).collect();
            if names != *expected {
                return Err(format!("events {names:?}, not {expected:?}"));
            }
        }
        if let Some(expected) = &step.audited {
            let audit = self.harness.audit().await;
            let actions = audit.iter().filter_map(|record| record["action"].as_str());
            let actions: Vec<_> = actions.map(str::to_owned).collect();
            if !actions.ends_with(expected) {
                return Err(format!("audited {actions:?}, not {expected:?} at the end"));
            }
        }
        Ok(())
    }
}

/// What no refusal may repeat.
const SECRET: &str = "s3cret";

/// Whether `answer` is the one that `step` expects.
fn judge(step: &Step, answer: Answer, bound: &mut Map<String, Value>) -> Result<(), String> {
    match (answer, &step.error) {
        (Ok(reply), None) => {
            let expected = step.reply.clone().unwrap_or(Value::Null);
            compare(&expected, &reply.unwrap_or(Value::Null), bound, "reply")
        }
        (Err(failure), Some(code)) if failure.code.as_str() == code => {
            let paths: Vec<_> = violated(&failure);
            if paths != step.violations {
                let expected = &step.violations;
                return Err(format!("violations of {paths:?}, not {expected:?}"));
            }
            match explain(&failure).contains(SECRET) {
                true => Err("the refusal repeats what was sent".to_owned()),
                false => Ok(()),
            }
        }
        (Ok(_), Some(code)) => Err(format!("answered ok, not {code}")),
        (Err(failure), _) => Err(format!("refused: {}", explain(&failure))),
    }
}

fn violated(failure: &Failure) -> Vec<String> {
    let violations = failure.violations.iter();
    violations.map(|violation| violation.path.clone()).collect()
}

fn compare_mails(expected: &[Queued], mails: &[Mail]) -> Result<(), String> {
    let is_it = |(mail, expected): (&Mail, &Queued)| {
        mail.to == expected.to && (expected.subject == "*" || mail.subject == expected.subject)
    };
    if mails.len() != expected.len() || !mails.iter().zip(expected).all(is_it) {
        let heads: Vec<_> = mails.iter().map(|mail| (&mail.to, &mail.subject)).collect();
        return Err(format!("mails {heads:?}, not {expected:?}"));
    }
    for (mail, expected) in mails.iter().zip(expected) {
        if let Some(missing) = expected.text.iter().find(|text| !mail.text.contains(*text)) {
            return Err(format!("the mail to {} has no {missing:?}", mail.to));
        }
    }
    Ok(())
}
