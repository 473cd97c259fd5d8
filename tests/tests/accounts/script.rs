//! Scripts for the builds that replace `accounts` (`tests/guests/accounts`): what they try, and what they saw.

use serde_json::{Value, json};
use vestibule::message::{Caller, Message};
use vestibule_tests::harness::Harness;

use crate::world::{PASSWORD, Session, ok, sign_in, stranger, user, verified};

/// What a step saw where the build was not let.
pub(crate) const DENIED: &str = "Err(Error::AccessDenied)";

/// What a step saw where something was done and nothing told.
pub(crate) const DONE: &str = "Ok(())";

/// Somebody with an account, and a session from before the build was replaced.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) session: Session,
    pub(crate) session_id: String,
}

impl Person {
    /// Somebody who signs up at `email`, verifies it and signs in.
    pub(crate) async fn with_account(host: &Harness, number: usize, email: &str) -> Self {
        verified(host, number, email).await;
        let reply = ok(sign_in(host, number, email, PASSWORD).await);
        let session = Session::of(&reply);
        let claims = claims(host, &session.access).await;
        Self {
            id: text(&claims, "id"),
            session_id: text(&claims, "sid"),
            session,
        }
    }
}

/// What an access token says, if it is worth anything.
pub(crate) async fn claims(host: &Harness, access_token: &str) -> Value {
    let request = json!({"access_token": access_token});
    host.ok("token", "verify-token", request).await["payload"].clone()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

/// What each step saw when a stranger asked.
pub(crate) async fn as_stranger(host: &Harness, steps: &[&str]) -> Vec<String> {
    let request = json!({"email": steps.join("\n"), "password": ""});
    saw(
        &ok(stranger(host, 1_000, "sign-in", request).await),
        "access_token",
        steps.len(),
    )
}

/// What each step saw when somebody with a credential asked.
pub(crate) async fn as_user(host: &Harness, credential: &str, steps: &[&str]) -> Vec<String> {
    let request = json!({"last_name": steps.join("\n")});
    let answer = user(host, credential, "accounts", "update-profile", request).await;
    saw(&ok(answer), "id", steps.len())
}

/// What each step saw when `caller` asked, who is a service.
pub(crate) async fn as_service(host: &Harness, caller: Caller, steps: &[&str]) -> Vec<String> {
    let request = json!({"email": steps.join("\n"), "password": ""});
    let message = Message::new("accounts", "sign-in", request, caller);
    saw(
        &ok(host.host.send(message).await),
        "access_token",
        steps.len(),
    )
}

fn saw(reply: &Value, field: &str, steps: usize) -> Vec<String> {
    let saw: Vec<String> = text(reply, field).lines().map(str::to_owned).collect();
    assert_eq!(saw.len(), steps, "{saw:?}");
    saw
}

/// The tokens among what a step saw: those of `SessionTokens` and `Tokens`.
pub(crate) fn tokens(saw: &str) -> Session {
    Session {
        access: field(saw, "access-token").unwrap(),
        refresh: field(saw, "refresh-token").unwrap_or_default(),
    }
}

/// The text of a field of what a step saw, as `Debug` writes it.
pub(crate) fn field(saw: &str, name: &str) -> Option<String> {
    let (_, rest) = saw.split_once(&format!("{name}: "))?;
    let rest = rest.strip_prefix("Some(").unwrap_or(rest);
    rest.strip_prefix('"')?.split('"').next().map(str::to_owned)
}
