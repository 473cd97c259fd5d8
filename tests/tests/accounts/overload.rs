//! More sign-ins than can be hashed: each is answered, and the others are served meanwhile.

use std::sync::Arc;

use serde_json::json;
use vestibule::config::Passwords;
use vestibule::error::Failure;
use vestibule_tests::harness::Harness;
use vestibule_tests::store::Backend;

use crate::world::{PASSWORD, at_once, ok, sign_in};

/// Many times more than there is room for.
const SIGN_INS: usize = 100;

const OTHERS: usize = 20;

/// An installation that hashes one password at a time, slowly, while one more may wait.
async fn slow_installation() -> Arc<Harness> {
    let passwords = Passwords {
        iterations: 20,
        workers: 1,
        queue: 1,
        ..Passwords::default()
    };
    let builder = Harness::on(Backend::Sqlite)
        .with_bundle()
        .configure(|config| config.passwords = passwords);
    Arc::new(builder.start().await)
}

/// A sign-in with an address that nobody has: it costs a hash as any other, and is refused in the end.
async fn strange_sign_in(host: &Harness, number: usize) -> Failure {
    let email = format!("nobody{number}@example.org");
    sign_in(host, number, &email, PASSWORD).await.unwrap_err()
}

// C05
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_beyond_what_can_be_hashed_are_told_when_to_come_back() {
    let host = slow_installation().await;
    let tokens = host
        .ok("token", "generate-tokens", json!({"id": "u1"}))
        .await;
    let (refusals, verified) = tokio::join!(
        at_once(SIGN_INS, |number| {
            let host = host.clone();
            async move { strange_sign_in(&host, number).await }
        }),
        at_once(OTHERS, |_| {
            let host = host.clone();
            let verify = json!({"access_token": tokens["access_token"]});
            async move { ok(host.send("token", "verify-token", verify).await) }
        })
    );
    let (mut hashed, mut put_off) = (0, 0);
    for refusal in refusals {
        match refusal.code.as_str() {
            "unauthenticated" => hashed += 1,
            "unavailable" => {
                assert!(refusal.retry_after_ms.is_some_and(|wait| wait > 0));
                put_off += 1;
            }
            other => panic!("{other}: {refusal}"),
        }
    }
    assert!(hashed > 0 && put_off > 0, "{hashed} and {put_off}");
    assert!(verified.iter().all(|reply| reply["valid"] == true));
    // It is over when they are gone: nothing was left behind.
    assert_eq!(
        strange_sign_in(&host, SIGN_INS).await.code.as_str(),
        "unauthenticated"
    );
}
