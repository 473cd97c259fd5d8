//! An installation with every bundled component, and people who use it.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use futures::future::join_all;
use serde_json::{Value, json};
use vestibule::error::Failure;
use vestibule::message::{Answer, Caller, Credential, CredentialKind, Message};
use vestibule_tests::front::Front;
use vestibule_tests::harness::{self, Harness, explain};
use vestibule_tests::store::Backend;

/// A password that keeps every rule.
pub(crate) const PASSWORD: &str = "nine wet otters sing";

/// Another one.
pub(crate) const NEW_PASSWORD: &str = "eleven dry badgers hum";

/// An installation whose limits for a source are out of the way.
pub(crate) async fn installation() -> Arc<Harness> {
    let builder = harness::on(Backend::Sqlite).with_bundle();
    Arc::new(builder.start().await)
}

/// The same, and its public interface, where [`Who`](vestibule_tests::front::Who) has an address of their own.
pub(crate) async fn behind_http() -> (Arc<Harness>, Front) {
    let builder = harness::on(Backend::Sqlite)
        .with_bundle()
        .configure(|config| {
            config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        });
    let host = Arc::new(builder.start().await);
    let front = Front::of(&host).await;
    (host, front)
}

/// A stranger's message to `accounts`, from an address of their own.
pub(crate) async fn stranger(
    host: &Harness,
    number: usize,
    command: &str,
    request: Value,
) -> Answer {
    let caller = Caller {
        remote_address: Some(address(number)),
        ..Caller::public()
    };
    host.host
        .send(Message::new("accounts", command, request, caller))
        .await
}

/// The message of somebody with an access token or an API token.
pub(crate) async fn user(
    host: &Harness,
    credential: &str,
    channel: &str,
    command: &str,
    request: Value,
) -> Answer {
    let kind = match credential.starts_with("vst_") {
        true => CredentialKind::ApiToken,
        false => CredentialKind::Jwt,
    };
    let value = credential.to_owned().into();
    let caller = Caller {
        remote_address: Some(address(0)),
        ..Caller::user(Credential { kind, value })
    };
    host.host
        .send(Message::new(channel, command, request, caller))
        .await
}

/// A message with the operator key.
pub(crate) async fn operator(
    host: &Harness,
    channel: &str,
    command: &str,
    request: Value,
) -> Answer {
    let caller = Caller {
        operator: true,
        ..Caller::service(Some("operator".to_owned()))
    };
    host.host
        .send(Message::new(channel, command, request, caller))
        .await
}

fn address(number: usize) -> IpAddr {
    let [.., high, low] = number.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 0, high, low))
}

/// The reply of what must be answered ok; `Null` if it has none.
pub(crate) fn ok(answer: Answer) -> Value {
    match answer {
        Ok(reply) => reply.unwrap_or(Value::Null),
        Err(failure) => panic!("refused: {}", explain(&failure)),
    }
}

/// The refusal of what must be refused with `code`.
pub(crate) fn refused(answer: Answer, code: &str) -> Failure {
    match answer {
        Ok(reply) => panic!("answered {reply:?}, not {code}"),
        Err(failure) => {
            assert_eq!(failure.code.as_str(), code, "{}", explain(&failure));
            failure
        }
    }
}

/// The tokens of a session.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Session {
    pub(crate) fn of(reply: &Value) -> Self {
        let text = |name: &str| reply[name].as_str().unwrap().to_owned();
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
        }
    }
}

/// Signs `email` up, and verifies it by the link in the mail.
pub(crate) async fn verified(host: &Harness, number: usize, email: &str) {
    let request =
        json!({"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "King"});
    ok(stranger(host, number, "sign-up", request).await);
    let token = mailed_token(host, email, "verify-email").await.unwrap();
    ok(stranger(host, number, "verify-email", json!({"token": token})).await);
}

pub(crate) async fn sign_in(host: &Harness, number: usize, email: &str, password: &str) -> Answer {
    let request = json!({"email": email, "password": password});
    stranger(host, number, "sign-in", request).await
}

/// Somebody with a verified address who has signed in.
pub(crate) async fn signed_in(host: &Harness, number: usize, email: &str) -> Session {
    verified(host, number, email).await;
    Session::of(&ok(sign_in(host, number, email, PASSWORD).await))
}

/// The token in the newest mail to `email` whose link leads to `page`.
pub(crate) async fn mailed_token(host: &Harness, email: &str, page: &str) -> Option<String> {
    let link = format!("/{page}#");
    let mails = host.mails().await;
    let texts = mails.iter().rev().filter(|mail| mail.to == email);
    texts.into_iter().find_map(|mail| {
        let (_, rest) = mail.text.split_once(&link)?;
        rest.split_whitespace().next().map(str::to_owned)
    })
}

/// Starts `count` tasks at once and waits for all of them.
pub(crate) async fn at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks = (0..count).map(|number| tokio::spawn(task(number)));
    join_all(tasks)
        .await
        .into_iter()
        .map(|ended| ended.unwrap())
        .collect()
}
