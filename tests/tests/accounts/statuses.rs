//! What `accounts` answers over HTTP: the status of every command, and of every kind of refusal.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vestibule::clock::Clock as _;
use vestibule_tests::front::Who;
use vestibule_tests::harness::Harness;

use crate::strangers::{EVERYBODY, four_people, questions};
use crate::world::{
    NEW_PASSWORD, PASSWORD, Session, behind_http, mailed_token, ok, signed_in, user, verified,
};

const ADA: &str = "ada@example.org";

fn credentials(password: &str) -> Value {
    json!({"email": ADA, "password": password})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_accounts_has_its_status() {
    let (host, front) = behind_http().await;
    let mut asked = BTreeSet::new();
    let mut post = async |who: &Who, command: &'static str, request: Value, status: u16| {
        asked.insert(command);
        let reply = front
            .post(who, &format!("accounts/{command}"), &request)
            .await;
        assert_eq!(reply.status, status, "{command}: {}", reply.body);
        reply.json()
    };
    let anybody = Who::stranger().from_source(1);
    let no_request = json!({});

    // Becoming somebody.
    post(&anybody, "sign-up", credentials(PASSWORD), 204).await;
    host.clock.advance(2 * 60 * 1_000);
    post(&anybody, "resend-verification", json!({"email": ADA}), 204).await;
    let token = mailed_token(&host, ADA, "verify-email").await.unwrap();
    post(&anybody, "verify-email", json!({"token": "A"}), 404).await;
    post(&anybody, "verify-email", json!({"token": token}), 204).await;
    post(&anybody, "sign-in", credentials(NEW_PASSWORD), 401).await;
    let session = Session::of(&post(&anybody, "sign-in", credentials(PASSWORD), 200).await);
    let renewal = json!({"refresh_token": session.refresh});
    let session = Session::of(&post(&anybody, "refresh-session", renewal, 200).await);
    post(
        &anybody,
        "refresh-session",
        json!({"refresh_token": "A"}),
        401,
    )
    .await;

    // Being somebody.
    let ada = Who::with(&session.access).from_source(1);
    let verified = post(&ada, "is-email-verified", no_request.clone(), 200).await;
    assert_eq!(verified, json!({"verified": true}));
    post(&ada, "profile", no_request.clone(), 200).await;
    let named = post(
        &ada,
        "update-profile",
        json!({"last_name": "Lovelace"}),
        200,
    )
    .await;
    assert_eq!(named["last_name"], "Lovelace");
    post(&ada, "update-profile", json!({"last_name": ""}), 422).await;
    let listed = post(&ada, "list-sessions", no_request.clone(), 200).await;
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
    post(&ada, "end-session", json!({"session_id": "A"}), 204).await;
    post(&ada, "token-authorization", no_request.clone(), 403).await;
    let program = Who::with(&api_token(&host, &session.access, &[]).await).from_source(1);
    post(&program, "token-authorization", no_request.clone(), 200).await;
    let change = |current: &str| json!({"current": current, "new": NEW_PASSWORD});
    post(&ada, "change-password", change("not it at all"), 422).await;
    post(&ada, "change-password", change(PASSWORD), 204).await;

    // Being somebody again.
    post(&anybody, "reset-password", json!({"email": ADA}), 204).await;
    let code = mailed_token(&host, ADA, "new-password").await.unwrap();
    let new = |password: &str| json!({"code": code, "password": password});
    post(&anybody, "new-password", new("short"), 422).await;
    post(&anybody, "new-password", new(PASSWORD), 204).await;
    post(&anybody, "new-password", new(PASSWORD), 404).await;
    let session = Session::of(&post(&anybody, "sign-in", credentials(PASSWORD), 200).await);
    let leaving = json!({"refresh_token": session.refresh});
    post(&anybody, "sign-out", leaving, 204).await;
    post(&anybody, "sign-out", json!({"refresh_token": "A"}), 204).await;

    // Being nobody.
    let session = Session::of(&post(&anybody, "sign-in", credentials(PASSWORD), 200).await);
    post(
        &Who::with(&session.access),
        "end-all-sessions",
        no_request.clone(),
        204,
    )
    .await;
    let session = Session::of(&post(&anybody, "sign-in", credentials(PASSWORD), 200).await);
    let ada = Who::with(&session.access);
    post(
        &ada,
        "delete-account",
        json!({"password": NEW_PASSWORD}),
        422,
    )
    .await;
    post(&ada, "delete-account", json!({"password": PASSWORD}), 204).await;
    post(&ada, "profile", no_request, 401).await;
    post(&anybody, "sign-in", credentials(PASSWORD), 401).await;

    let channels = host.host.channels();
    let accounts = channels
        .iter()
        .find(|channel| &*channel.name == "accounts")
        .unwrap();
    let all: BTreeSet<&str> = accounts
        .commands
        .iter()
        .map(|command| &*command.name)
        .collect();
    assert_eq!(asked, all, "every command");
}

/// The value of a new API token with these scopes.
pub(crate) async fn api_token(host: &Harness, access_token: &str, scopes: &[&str]) -> String {
    let expires_at = host.clock.now() + 60 * 60 * 1_000;
    let wanted = json!({"metadata": {"name": "ci", "expires_at": expires_at}, "permissions": {"scopes": scopes}});
    let made = ok(user(host, access_token, "api-tokens", "create", wanted).await);
    made["value"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_refusal_has_its_status() {
    let (host, front) = behind_http().await;
    let session = signed_in(&host, 1, ADA).await;
    let ada = Who::with(&session.access);
    let anybody = Who::stranger().from_source(1);
    for (who, command, request, status, code) in [
        (
            &anybody,
            "sign-in",
            json!({"email": ADA}),
            400,
            "bad-request",
        ),
        (
            &anybody,
            "sign-in",
            json!({"email": ADA, "password": 1}),
            400,
            "bad-request",
        ),
        (
            &anybody,
            "sign-up",
            json!({"email": ADA, "password": PASSWORD, "owner": true}),
            400,
            "bad-request",
        ),
        (
            &anybody,
            "sign-up",
            json!({"email": "ada", "password": PASSWORD}),
            422,
            "validation-failed",
        ),
        (&anybody, "profile", json!({}), 401, "unauthenticated"),
        (
            &anybody,
            "no-such-command",
            json!({}),
            401,
            "unauthenticated",
        ),
        (&ada, "no-such-command", json!({}), 404, "not-found"),
        (&ada, "token-authorization", json!({}), 403, "access-denied"),
    ] {
        let reply = front
            .post(who, &format!("accounts/{command}"), &request)
            .await;
        assert_eq!((reply.status, &*reply.code()), (status, code), "{command}");
    }
    // Who did not verify in time is told so by the right password only.
    let cyd = json!({"email": "cyd@example.org", "password": PASSWORD});
    assert_eq!(
        front.post(&anybody, "accounts/sign-up", &cyd).await.status,
        204
    );
    host.clock.advance(49 * 60 * 60 * 1_000);
    let reply = front.post(&anybody, "accounts/sign-in", &cyd).await;
    assert_eq!((reply.status, &*reply.code()), (403, "access-denied"));
    // C02: too often.
    let asking = Who::stranger().from_source(2);
    let request = json!({"email": ADA});
    let mut answered = 0;
    let refusal = loop {
        let reply = front
            .post(&asking, "accounts/reset-password", &request)
            .await;
        if reply.status != 204 {
            break reply;
        }
        answered += 1;
        assert!(answered <= 1_000, "nobody stops them");
    };
    assert_eq!(
        (refusal.status, &*refusal.code()),
        (429, "too-many-requests")
    );
    let seconds: u64 = refusal.header("retry-after").parse().unwrap();
    host.clock.advance(seconds * 1_000);
    let reply = front
        .post(&asking, "accounts/reset-password", &request)
        .await;
    assert_eq!(reply.status, 204, "the time it was told is enough");
}

// A08, B05, C01, I01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_to_a_stranger_is_the_same_down_to_the_bytes() {
    let (host, front) = behind_http().await;
    four_people(&host).await;
    for (command, with) in questions() {
        let mut faces = BTreeSet::new();
        for (number, email) in EVERYBODY.into_iter().enumerate() {
            let mut request = with.clone();
            request["email"] = json!(email);
            let who = Who::stranger().from_source(10 + number);
            let reply = front
                .post(&who, &format!("accounts/{command}"), &request)
                .await;
            faces.insert(reply.face());
        }
        assert_eq!(faces.len(), 1, "{command}: {faces:#?}");
    }
    // Whoever has an account and its password is told so.
    verified(&host, 9, "eve@example.org").await;
    let right = json!({"email": "eve@example.org", "password": PASSWORD});
    let reply = front
        .post(&Who::stranger().from_source(9), "accounts/sign-in", &right)
        .await;
    assert_eq!(reply.status, 200);
}
