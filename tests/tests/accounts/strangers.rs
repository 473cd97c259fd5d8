//! What somebody without an account can tell: nothing.

use serde_json::{Value, json};
use vestibule::message::Answer;
use vestibule_tests::harness::Harness;

use crate::world::{
    NEW_PASSWORD, PASSWORD, Session, installation, ok, operator, refused, sign_in, signed_in,
    stranger, user,
};

/// Everything of an answer that goes out.
fn face(answer: &Answer) -> Value {
    match answer {
        Ok(reply) => json!({"ok": reply}),
        Err(failure) => json!({
            "code": failure.code.as_str(),
            "message": failure.to_string(),
            "violations": failure.violations.iter().map(|violation| [&violation.path, &violation.message]).collect::<Vec<_>>(),
            "retry_after_ms": failure.retry_after_ms,
        }),
    }
}

/// Ada is known, Bob is disabled, Cyd has not verified, and nobody has heard of Dan.
pub(crate) async fn four_people(host: &Harness) {
    signed_in(host, 1, "ada@example.org").await;
    signed_in(host, 2, "bob@example.org").await;
    let found = ok(operator(
        host,
        "authorization",
        "find-account",
        json!({"email": "bob@example.org"}),
    )
    .await);
    let disable = json!({"id": found["account"]["id"], "disabled": true});
    ok(operator(host, "authorization", "set-disabled", disable).await);
    let request = json!({"email": "cyd@example.org", "password": PASSWORD});
    ok(stranger(host, 3, "sign-up", request).await);
}

pub(crate) const EVERYBODY: [&str; 4] = [
    "ada@example.org",
    "bob@example.org",
    "cyd@example.org",
    "dan@example.org",
];

/// What is asked about an address: the command, and the request but for the address.
pub(crate) fn questions() -> [(&'static str, Value); 7] {
    [
        ("sign-in", json!({"password": NEW_PASSWORD})),
        ("sign-in", json!({"password": ""})),
        (
            "sign-up",
            json!({"password": NEW_PASSWORD, "last_name": "King"}),
        ),
        ("sign-up", json!({"password": "short"})),
        ("sign-up", json!({"password": "password123"})),
        ("resend-verification", json!({})),
        ("reset-password", json!({})),
    ]
}

// A08, B05, C01, I01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_the_same_bytes_whoever_it_is_about() {
    let host = installation().await;
    four_people(&host).await;
    for (command, with) in questions() {
        let mut faces = Vec::new();
        for (number, email) in EVERYBODY.into_iter().enumerate() {
            let mut request = with.clone();
            request["email"] = json!(email);
            faces.push(face(&stranger(&host, 10 + number, command, request).await));
        }
        assert!(
            faces.iter().all(|face| *face == faces[0]),
            "{command}: {faces:#?}"
        );
    }
}

// C02, C04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_counted_for_an_address_whether_it_has_an_account_or_not() {
    let host = installation().await;
    // Her first sign-in does not count like a failure: she verified her address from there.
    signed_in(&host, 1, "ada@example.org").await;
    let mut counts = Vec::new();
    for email in ["ada@example.org", "dan@example.org"] {
        let mut failures = 0;
        let refusal = loop {
            // Each from another source: it is the address that is counted.
            let refusal = sign_in(&host, 100 + failures, email, NEW_PASSWORD)
                .await
                .unwrap_err();
            if refusal.code.as_str() != "unauthenticated" {
                break refusal;
            }
            failures += 1;
            assert!(failures <= 100, "nobody stops them");
        };
        assert_eq!(refusal.code.as_str(), "too-many-requests");
        assert!(refusal.retry_after_ms.is_some());
        counts.push(failures);
    }
    assert_eq!(counts[0], counts[1]);
    // C03: Ada is heard where she was before. Elsewhere the right password does not help now, and does when the time is over.
    ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await);
    let waiting = sign_in(&host, 2, "ada@example.org", PASSWORD).await;
    let wait = refused(waiting, "too-many-requests")
        .retry_after_ms
        .unwrap();
    host.clock.advance(wait);
    ok(sign_in(&host, 2, "ada@example.org", PASSWORD).await);
}

// C02, C03, C04
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_guesses_is_stopped_and_stops_nobody_else() {
    let host = installation().await;
    signed_in(&host, 1, "ada@example.org").await;
    for email in ["ada@example.org", "dan@example.org"] {
        for _ in 0..10 {
            refused(
                sign_in(&host, 7, email, NEW_PASSWORD).await,
                "unauthenticated",
            );
        }
        refused(
            sign_in(&host, 7, email, PASSWORD).await,
            "too-many-requests",
        );
    }
    ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await);
    ok(sign_in(&host, 2, "ada@example.org", PASSWORD).await);
}

// C03
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_session_does_not_use_up_its_owners_tries() {
    let host = installation().await;
    let stolen = signed_in(&host, 1, "ada@example.org").await;
    let own = Session::of(&ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await));
    let change = |current: &str| json!({"current": current, "new": NEW_PASSWORD});
    for _ in 0..10 {
        let wrong = user(
            &host,
            &stolen.access,
            "accounts",
            "change-password",
            change("not it"),
        );
        refused(wrong.await, "validation-failed");
    }
    let right = user(
        &host,
        &stolen.access,
        "accounts",
        "change-password",
        change(PASSWORD),
    );
    refused(right.await, "too-many-requests");
    ok(user(
        &host,
        &own.access,
        "accounts",
        "change-password",
        change(PASSWORD),
    )
    .await);
}

// A10
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_makes_themselves_an_owner() {
    let host = installation().await;
    for field in ["owner", "roles", "is_email_verified"] {
        let mut request = json!({"email": "eve@example.org", "password": PASSWORD});
        request[field] = json!(true);
        let refusal = refused(stranger(&host, 1, "sign-up", request).await, "bad-request");
        assert_eq!(refusal.violations[0].path, field);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_limited_whatever_it_asks_about() {
    let host = installation().await;
    let mut answered = 0;
    loop {
        let request = json!({"email": format!("p{answered}@example.org")});
        match stranger(&host, 7, "reset-password", request).await {
            Ok(_) => answered += 1,
            Err(failure) => {
                assert_eq!(failure.code.as_str(), "too-many-requests");
                break;
            }
        }
        assert!(answered <= 1_000, "nobody stops them");
    }
    let other = stranger(
        &host,
        8,
        "reset-password",
        json!({"email": "p0@example.org"}),
    )
    .await;
    ok(other);
}
