//! People who come from another system, with what it made of their password.

use serde_json::json;

use crate::world::{installation, ok, operator, refused, sign_in};

const PASSWORD: &str = "correct horse battery staple";

/// By py-bcrypt, of that password.
const HASH: &str = "$2b$08$abcdefghijklmnopqrstuukS31SNuNEoGSYTPCfyZV8d2iX4qVmTa";

// C10
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_password_replaces_the_imported_hash_and_a_wrong_one_does_not() {
    let host = installation().await;
    let user =
        json!({"email": "ada@example.org", "is_email_verified": true, "password_hash": HASH});
    let request = json!({"users": [user]});
    ok(operator(&host, "authorization", "import-users", request).await);
    let is_stored = async |hash: &str| {
        let entries = host.entries("authorization").await;
        entries.values().any(|entry| entry.contains(hash))
    };
    let wrong = sign_in(&host, 1, "ada@example.org", "correct horse battery stable").await;
    refused(wrong, "unauthenticated");
    assert!(is_stored(HASH).await && !is_stored("$argon2id$").await);
    ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await);
    assert!(!is_stored("$2b$").await && is_stored("$argon2id$").await);
    assert!(is_stored(",keyid=").await);
    ok(sign_in(&host, 1, "ada@example.org", PASSWORD).await);
}
