//! People of an installation, made as services and operators make them, and the messages that are sent for them.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context as _, Result, anyhow, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use vestibule::Host;
use vestibule::message::{Caller, Credential, CredentialKind, Message, Principal};

/// A password that keeps every rule.
pub(crate) const PASSWORD: &str = "nine wet otters sing";

/// Another one, that nobody has.
pub(crate) const WRONG_PASSWORD: &str = "eight dry badgers hum";

/// How many are made at once: fewer than may wait for a hash.
const AT_ONCE: usize = 16;

/// The most entries of one message that imports.
const BATCH: usize = 50;

/// How many sources strangers come from.
const SOURCES: usize = 1_000;

/// Somebody with an account.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
}

/// The address of number `number` of those called `names`.
pub(crate) fn address(names: &str, number: usize) -> String {
    format!("{names}-{number:07}@example.com")
}

/// A stranger's message to `accounts`, from one of many sources.
pub(crate) fn stranger(number: usize, command: &str, payload: Value) -> Message {
    let caller = Caller {
        remote_address: Some(source(number)),
        ..Caller::public()
    };
    Message::new("accounts", command, payload, caller)
}

/// The message of somebody with an API token, to `accounts`.
pub(crate) fn program(number: usize, token: &str, command: &str) -> Message {
    let credential = Credential {
        kind: CredentialKind::ApiToken,
        value: token.to_owned().into(),
    };
    let caller = Caller {
        remote_address: Some(source(number)),
        ..Caller::user(credential)
    };
    Message::new("accounts", command, Value::Null, caller)
}

/// A service's message.
pub(crate) fn service(channel: &str, command: &str, payload: Value) -> Message {
    Message::new(channel, command, payload, Caller::service(None))
}

/// The operator's message.
pub(crate) fn operator(channel: &str, command: &str, payload: Value) -> Message {
    let caller = Caller {
        operator: true,
        ..Caller::service(Some("operator".to_owned()))
    };
    Message::new(channel, command, payload, caller)
}

/// The message of a service that acts for the account `id`.
pub(crate) fn acting(id: &str, channel: &str, command: &str, payload: Value) -> Message {
    let principal = Principal {
        subject: id.to_owned(),
        roles: Vec::new(),
        scopes: None,
        session: None,
        methods: vec!["acting".to_owned()],
        authenticated_at: 0,
    };
    let caller = Caller {
        principal: Some(principal),
        ..Caller::service(None)
    };
    Message::new(channel, command, payload, caller)
}

fn source(number: usize) -> IpAddr {
    let [.., high, low] = (number % SOURCES).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 0, high, low))
}

/// The reply of what must be answered ok; `Null` if it has none.
pub(crate) async fn ok(host: &Host, message: Message) -> Result<Value> {
    let name = format!("{}/{}", message.channel, message.command);
    match host.send(message).await {
        Ok(reply) => Ok(reply.unwrap_or(Value::Null)),
        Err(failure) => Err(anyhow!(
            "{name} was refused: {}: {failure} {:?}",
            failure.code.as_str(),
            failure.violations
        )),
    }
}

/// What `once` makes of each item, in their order, several at once.
pub(crate) async fn each<T, R, W>(
    items: impl IntoIterator<Item = T>,
    once: impl Fn(T) -> W,
) -> Result<Vec<R>>
where
    W: Future<Output = Result<R>>,
{
    let made = stream::iter(items).map(once).buffered(AT_ONCE);
    made.try_collect().await
}

/// `count` people who have not verified their addresses.
pub(crate) async fn pending(host: &Host, names: &str, count: usize) -> Result<Vec<Person>> {
    let registered = registered(host, names, count).await?;
    Ok(registered.into_iter().map(|(person, _)| person).collect())
}

/// `count` people who have.
pub(crate) async fn verified(host: &Host, names: &str, count: usize) -> Result<Vec<Person>> {
    let registered = registered(host, names, count).await?;
    each(registered, |(person, token)| async move {
        let verify = service("authorization", "verify-email", json!({"token": token}));
        ok(host, verify).await?;
        Ok(person)
    })
    .await
}

/// `count` verified people whose accounts are switched off.
pub(crate) async fn disabled(host: &Host, names: &str, count: usize) -> Result<Vec<Person>> {
    let people = verified(host, names, count).await?;
    each(people, |person| async move {
        let payload = json!({"id": person.id, "disabled": true});
        ok(host, operator("authorization", "set-disabled", payload)).await?;
        Ok(person)
    })
    .await
}

/// `count` verified people from elsewhere, with this hash of their password or none.
pub(crate) async fn imported(
    host: &Host,
    names: &str,
    count: usize,
    hash: Option<&str>,
) -> Result<()> {
    let starts = (0..count).step_by(BATCH);
    each(starts, |start| async move {
        let users = (start..count.min(start + BATCH)).map(|number| {
            json!({
                "email": address(names, number),
                "password_hash": hash,
                "is_email_verified": true,
            })
        });
        import(host, users.collect()).await
    })
    .await
    .map(drop)
}

/// Imports `users`, at most 50, every one of whom must be new.
pub(crate) async fn import(host: &Host, users: Vec<Value>) -> Result<()> {
    let count = users.len();
    let message = operator("authorization", "import-users", json!({"users": users}));
    let reply = ok(host, message).await?;
    let results = reply["results"].as_array().context("no results")?;
    let new = results
        .iter()
        .filter(|result| result["imported"].is_string());
    ensure!(new.count() == count, "somebody was not imported");
    Ok(())
}

/// People, each with the token that verifies their address.
async fn registered(host: &Host, names: &str, count: usize) -> Result<Vec<(Person, String)>> {
    each(0..count, |number| async move {
        let email = address(names, number);
        let payload = json!({"email": email, "password": PASSWORD});
        let reply = ok(host, service("authorization", "registration", payload)).await?;
        let text = |name: &str| reply[name].as_str().map(str::to_owned);
        let id = text("id").context("no id")?;
        let token = text("signup_token").context("no token")?;
        Ok((Person { id, email }, token))
    })
    .await
}
