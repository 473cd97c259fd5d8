//! Many at once: exactly one of each.

use std::sync::Arc;

use serde_json::json;
use vestibule_tests::harness::Harness;

use crate::world::{
    NEW_PASSWORD, PASSWORD, at_once, installation, mailed_token, ok, sign_in, signed_in, stranger,
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
