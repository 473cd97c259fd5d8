//! Conformance scenarios: what a channel promises, as data. A scenario sends messages, moves the clock and compares replies.
//!
//! In a reply `"$name"` binds what stands there, or must equal what it was bound to before; `"!$name"` must be something
//! else; `"*"` is any string and `"#"` any number. Everything else is compared exactly, field by field. In a request
//! `"$name"` is what was bound, `"$name~"` the same with its last character changed, and `"$$…"` a text that begins with
//! one `$`; `{"$times" = n, of = x}` is the text or the list `x` n times over.
//!
//! No refusal, and no cause that the log has of it, may repeat a text with `s3cret` in it.
//!
//! Every message comes from a service; `as` says for whom it acts, and with what kind of credential.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use vestibule::clock::Clock as _;
use vestibule::error::Failure;
use vestibule::message::{Answer, Caller, Message, Principal};
use vestibule::outbox::Mail;

use crate::harness::{Harness, explain};
use crate::store::Backend;

/// A file of scenarios for one channel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The scenarios.
    pub scenario: Vec<Scenario>,
}

/// One story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What holds.
    pub name: String,
    /// Which items of the security checklist it shows.
    #[serde(default)]
    pub covers: Vec<String>,
    /// The component's configuration.
    #[serde(default)]
    pub config: BTreeMap<String, toml::Value>,
    /// What happens.
    pub step: Vec<Step>,
}

/// One thing that happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Move the clock on by so many milliseconds first.
    #[serde(default)]
    pub advance_ms: u64,
    /// The command to send: `command`, or `channel/command` for one of another channel.
    pub call: Option<String>,
    /// For whom. None: for nobody.
    #[serde(rename = "as")]
    pub acting: Option<Acting>,
    /// Whether it comes with the operator's key.
    #[serde(default)]
    pub operator: bool,
    /// Its request.
    #[serde(default)]
    pub request: Value,
    /// The reply that it must give.
    pub reply: Option<Value>,
    /// Or the code it must be refused with.
    pub error: Option<String>,
    /// And the paths of the violations that it must name.
    #[serde(default)]
    pub violations: Vec<String>,
    /// Names of events that must have been published by now, all of them, in order.
    pub events: Option<Vec<String>>,
    /// Actions that must have been audited by now, the last ones, in order.
    pub audited: Option<Vec<String>>,
    /// The mails that must be queued by now, all of them, in order.
    pub mails: Option<Vec<Queued>>,
}

/// Whom a message acts for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acting {
    /// The account's id, or `"$name"`.
    pub id: String,
    /// Their roles.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What the credential is limited to. None: not limited.
    pub scopes: Option<Vec<String>>,
    /// How they proved who they are. None: a service says so.
    pub methods: Option<Vec<String>>,
}

/// A queued mail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queued {
    /// To whom.
    pub to: String,
    /// The subject line, or `"*"`.
    pub subject: String,
    /// What the text part has in it.
    #[serde(default)]
    pub text: Vec<String>,
}

/// Plays `scenario` against the bundled build of `channel` on `backend`.
///
/// # Errors
/// What did not hold, and at which step.
pub async fn play(channel: &str, scenario: &Scenario, backend: Backend) -> Result<(), String> {
    let config = scenario.config.clone();
    let harness = Harness::on(backend)
        .with_bundle()
        .configure(|all| all.components.entry(channel.to_owned()).or_default().config = config)
        .start()
        .await;
    let mut bound = Map::new();
    for (number, step) in scenario.step.iter().enumerate() {
        harness.clock.advance(step.advance_ms);
        run(&harness, channel, step, &mut bound)
            .await
            .map_err(|what| {
                format!(
                    "step {} ({}): {what}",
                    number + 1,
                    step.call.as_deref().unwrap_or("-")
                )
            })?;
    }
    Ok(())
}

async fn run(
    harness: &Harness,
    channel: &str,
    step: &Step,
    bound: &mut Map<String, Value>,
) -> Result<(), String> {
    if let Some(command) = &step.call {
        let (channel, command) = command.split_once('/').unwrap_or((channel, command));
        let request = fill(&step.request, bound)?;
        let mut caller = Caller::service(None);
        caller.operator = step.operator;
        if let Some(acting) = &step.acting {
            caller.principal = Some(principal(harness, acting, bound)?);
        }
        let message = Message::new(channel, command, request, caller);
        judge(step, harness.host.send(message).await, bound)?;
    }
    if let Some(expected) = &step.mails {
        compare_mails(expected, harness).await?;
    }
    if let Some(expected) = &step.events {
        let events: Vec<String> = harness
            .events()
            .await
            .into_iter()
            .map(|event| event.name)
            .collect();
        if events != *expected {
            return Err(format!("events {events:?}, not {expected:?}"));
        }
    }
    if let Some(expected) = &step.audited {
        let actions: Vec<String> = harness
            .audit()
            .await
            .iter()
            .filter_map(|record| record["action"].as_str().map(str::to_owned))
            .collect();
        if !actions.ends_with(expected) {
            return Err(format!("audited {actions:?}, not {expected:?} at the end"));
        }
    }
    Ok(())
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
                return Err(format!(
                    "violations of {paths:?}, not {:?}",
                    step.violations
                ));
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

/// Whom a step acts for, with what was bound in the id's place.
fn principal(
    harness: &Harness,
    acting: &Acting,
    bound: &Map<String, Value>,
) -> Result<Principal, String> {
    let id = fill(&Value::String(acting.id.clone()), bound)?;
    let subject = id.as_str().ok_or("only a text can be an id")?.to_owned();
    let acting_methods = || vec!["acting".to_owned()];
    Ok(Principal {
        subject,
        roles: acting.roles.clone(),
        scopes: acting.scopes.clone(),
        session: None,
        methods: acting.methods.clone().unwrap_or_else(acting_methods),
        authenticated_at: harness.clock.now(),
    })
}

async fn compare_mails(expected: &[Queued], harness: &Harness) -> Result<(), String> {
    let mails = harness.mails().await;
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

/// `request` with what was bound in its place.
fn fill(request: &Value, bound: &Map<String, Value>) -> Result<Value, String> {
    Ok(match request {
        Value::String(text) => match text.strip_prefix('$') {
            Some(literal) if literal.starts_with('$') => Value::String(literal.to_owned()),
            Some(name) => {
                let (name, altered) = name
                    .strip_suffix('~')
                    .map_or((name, false), |name| (name, true));
                let value = bound
                    .get(name)
                    .ok_or_else(|| format!("${name} is not bound"))?;
                if altered {
                    alter(value)?
                } else {
                    value.clone()
                }
            }
            None => request.clone(),
        },
        Value::Object(fields) if fields.contains_key(TIMES) => repeated(fields)?,
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill(value, bound)?)))
                .collect::<Result<_, String>>()?,
        ),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| fill(item, bound))
                .collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

/// Says how often something stands there.
const TIMES: &str = "$times";

/// What `{"$times" = n, of = x}` stands for.
fn repeated(fields: &Map<String, Value>) -> Result<Value, String> {
    let times = fields[TIMES].as_u64().and_then(|n| n.try_into().ok());
    let times: usize = times.ok_or("`$times` is a whole number")?;
    match fields.get("of") {
        Some(Value::String(text)) => Ok(Value::String(text.repeat(times))),
        Some(Value::Array(items)) => {
            let all = std::iter::repeat_n(items, times).flatten();
            Ok(Value::Array(all.cloned().collect()))
        }
        _ => Err("`$times` repeats the text or the list that `of` names".to_owned()),
    }
}

/// A text with a character in its last quarter changed: the last one of a base64 text may carry bits that do not count.
fn alter(value: &Value) -> Result<Value, String> {
    let mut text = value
        .as_str()
        .ok_or("only a text can be altered")?
        .as_bytes()
        .to_vec();
    let at = text.len().saturating_sub(6);
    let byte = text.get_mut(at).ok_or("the text is empty")?;
    *byte = if *byte == b'A' { b'B' } else { b'A' };
    String::from_utf8(text)
        .map(Value::String)
        .map_err(|_| "only ASCII can be altered".to_owned())
}

fn compare(
    expected: &Value,
    found: &Value,
    bound: &mut Map<String, Value>,
    path: &str,
) -> Result<(), String> {
    match (expected, found) {
        (Value::String(pattern), _) if pattern.starts_with('$') => match bound.get(&pattern[1..]) {
            Some(known) if known == found => Ok(()),
            Some(_) => Err(format!("{path} is not what {pattern} was")),
            None => {
                bound.insert(pattern[1..].to_owned(), found.clone());
                Ok(())
            }
        },
        (Value::String(pattern), _) if pattern.starts_with("!$") => {
            match bound.get(&pattern[2..]) {
                Some(known) if known != found => Ok(()),
                Some(_) => Err(format!("{path} is still {}", &pattern[1..])),
                None => Err(format!("{} is not bound", &pattern[1..])),
            }
        }
        (Value::String(pattern), Value::String(_)) if pattern == "*" => Ok(()),
        (Value::String(pattern), Value::Number(_)) if pattern == "#" => Ok(()),
        (Value::Object(expected), Value::Object(found)) => {
            if let Some(name) = found.keys().find(|name| !expected.contains_key(*name)) {
                return Err(format!("{path}.{name} was not expected"));
            }
            expected.iter().try_for_each(|(name, expected)| {
                let found = found
                    .get(name)
                    .ok_or_else(|| format!("{path}.{name} is missing"))?;
                compare(expected, found, bound, &format!("{path}.{name}"))
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => expected
            .iter()
            .zip(found)
            .enumerate()
            .try_for_each(|(n, (expected, found))| {
                compare(expected, found, bound, &format!("{path}[{n}]"))
            }),
        _ if expected == found => Ok(()),
        _ => Err(format!("{path} is not as expected")),
    }
}
