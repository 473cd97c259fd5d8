//! Many at once: exactly one of each.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use vestibule::message::Answer;
use vestibule::testing::{Faults, FaultyStore, Gate, StoreFault};
use vestibule_tests::harness::{self, Harness};

use crate::statuses::api_token;
use crate::world::{
    NEW_PASSWORD, PASSWORD, Session, at_once, installation, mailed_token, ok, refused, sign_in,
    signed_in, stranger, user,
};

const MANY: usize = 100;
const HALF: usize = 50;

/// What happens to so many of the same messages, each from a source of its own: how many were ok.
async fn how_many_succeed(
    host: &Arc<Harness>,
    count: usize,
    command: &'static str,
    request: serde_json::Value,
) -> usize {
    let answers = at_once(count, |number| {
        let (host, request) = (host.clone(), request.clone());
        async move {
            loop {
                let answer = stranger(&host, 1_000 + number, command, request.clone()).await;
                match answer {
                    // More than the machine can hash at once: it says so, and when to come back.
                    Err(failure) if failure.code.as_str() == "unavailable" => {
                        tokio::task::yield_now().await
                    }
                    answer => return answer.is_ok(),
                }
            }
        }
    });
    answers.await.into_iter().filter(|ok| *ok).count()
}

// A09
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_sign_ups_for_one_address_make_one_account() {
    let host = installation().await;
    let request = json!({"email": "Ada@example.org", "password": PASSWORD, "last_name": "King"});
    assert_eq!(
        how_many_succeed(&host, MANY, "sign-up", request).await,
        MANY
    );
    let profiles = host.events().await;
    let created = profiles
        .iter()
        .filter(|event| event.name == "user-created")
        .count();
    assert_eq!(created, 1);
    let mails = host.mails().await;
    let verifying = mails
        .iter()
        .filter(|mail| mail.text.contains("/verify-email#"))
        .count();
    assert_eq!(verifying, 1);
    ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await);
}

// B02
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_happens_once_however_many_click() {
    let host = installation().await;
    let request = json!({"email": "ada@example.org", "password": PASSWORD});
    ok(stranger(&host, 1, "sign-up", request).await);
    let token = mailed_token(&host, "ada@example.org", "verify-email")
        .await
        .unwrap();
    // Second clicks are forgiven, so all are ok; it is the effect that happens once.
    assert_eq!(
        how_many_succeed(&host, HALF, "verify-email", json!({"token": token})).await,
        HALF
    );
    let audit = host.audit().await;
    let verified = audit
        .iter()
        .filter(|record| record["action"] == "email-verify" && record["outcome"] == "success")
        .filter(|record| {
            record["detail"]
                .as_array()
                .is_none_or(|detail| !detail.iter().any(|pair| pair[1] == "again"))
        });
    assert_eq!(verified.count(), 1);
}

// I04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_resets_succeeds() {
    let host = installation().await;
    signed_in(&host, 1, "ada@example.org").await;
    ok(stranger(
        &host,
        1,
        "reset-password",
        json!({"email": "ada@example.org"}),
    )
    .await);
    let code = mailed_token(&host, "ada@example.org", "new-password")
        .await
        .unwrap();
    let request = json!({"code": code, "password": NEW_PASSWORD});
    assert_eq!(
        how_many_succeed(&host, HALF, "new-password", request).await,
        1
    );
    ok(sign_in(&host, 1, "ada@example.org", NEW_PASSWORD).await);
}

// K01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_registrations_for_one_account_make_one_profile() {
    let host = installation().await;
    let answers = at_once(MANY, |number| {
        let host = host.clone();
        let email = format!("p{number}@example.org");
        let request = json!({"auth_id": "account-1", "email": email, "last_name": "King"});
        async move { (email, host.send("users", "registration", request).await) }
    });
    let (made, others): (Vec<_>, Vec<_>) = answers
        .await
        .into_iter()
        .partition(|(_, answer)| answer.is_ok());
    assert_eq!(made.len(), 1);
    for (_, answer) in others {
        refused(answer, "duplicate-auth-id");
    }
    let request = json!({"auth_id": "account-1"});
    let found = host.ok("users", "get-user-by-auth-id", request).await;
    assert_eq!(found["user"]["email"], made[0].0);
    let events = host.events().await;
    let created = events.iter().filter(|event| event.name == "user-created");
    assert_eq!(created.count(), 1);
}

/// A new value for an API token.
async fn regenerate(host: &Harness, session: &Session, uuid: &Value) -> Answer {
    let request = json!({"uuid": uuid});
    user(host, &session.access, "api-tokens", "regenerate", request).await
}

/// The value of a new API token of Ada's, and its uuid.
async fn made_token(host: &Harness, session: &Session) -> (String, Value) {
    let value = api_token(host, &session.access, &["profile:read"]).await;
    let listed = user(host, &session.access, "api-tokens", "list", json!({})).await;
    (value, ok(listed)["tokens"][0]["uuid"].clone())
}

async fn profile(host: &Harness, value: &str) -> Answer {
    user(host, value, "accounts", "profile", json!({})).await
}

// L06
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_new_values_for_a_token_one_lives() {
    let host = installation().await;
    let session = signed_in(&host, 1, "ada@example.org").await;
    let (first, uuid) = made_token(&host, &session).await;
    let answers = at_once(HALF, |_| {
        let (host, session, uuid) = (host.clone(), session.clone(), uuid.clone());
        async move { regenerate(&host, &session, &uuid).await }
    });
    let text = |answer| ok(answer)["value"].as_str().unwrap().to_owned();
    let values: BTreeSet<String> = answers.await.into_iter().map(text).collect();
    assert_eq!(values.len(), HALF);
    let mut living = 0;
    for value in &values {
        living += usize::from(profile(&host, value).await.is_ok());
    }
    assert_eq!(living, 1);
    refused(profile(&host, &first).await, "unauthenticated");
}

// L06
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tokens_old_value_dies_exactly_when_the_new_one_lives() {
    let store = FaultyStore::in_memory(Faults::default());
    let builder = harness::over(store.clone()).with_bundle();
    let host = Arc::new(builder.start().await);
    let session = signed_in(&host, 1, "ada@example.org").await;
    let (old, uuid) = made_token(&host, &session).await;
    ok(profile(&host, &old).await);
    let gate = Arc::<Gate>::default();
    store.hook.script([StoreFault::Held(gate.clone())]);
    let regenerating = tokio::spawn({
        let host = host.clone();
        async move { regenerate(&host, &session, &uuid).await }
    });
    gate.reached().await;
    ok(profile(&host, &old).await);
    gate.open();
    let new = ok(regenerating.await.unwrap());
    refused(profile(&host, &old).await, "unauthenticated");
    ok(profile(&host, new["value"].as_str().unwrap()).await);
}
