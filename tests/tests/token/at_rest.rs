//! What somebody finds who steals the database.

use std::fs;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use vestibule::message::{Caller, Message};
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule_tests::harness;

use crate::pair::{Pair, is_valid, refresh};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_lies_in_the_database_not_even_in_a_stored_reply() {
    // D04, D07
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.db");
    let store = SqliteStore::open(&path, SqliteOptions::default()).unwrap();
    let host = harness::over(Arc::new(store)).with_bundle().start().await;
    let mut message = Message::new(
        "token",
        "generate-tokens",
        json!({"id": "user"}),
        Caller::service(None),
    );
    message.id = Some("idempotency-key-0001".to_owned());
    let reply = host.host.send(message.clone()).await.unwrap().unwrap();
    assert_eq!(
        host.host.send(message).await.unwrap().unwrap(),
        reply,
        "the reply is stored"
    );
    let pair = Pair::of(&reply);
    let rotated = refresh(&host, &pair.refresh).await.unwrap();
    assert!(is_valid(&host, &rotated.access).await);

    let mut dump = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap() {
        dump.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let contains = |needle: &[u8]| dump.windows(needle.len()).any(|window| window == needle);
    assert!(contains(b"user"), "the dump is the database");
    for token in [&pair, &rotated] {
        assert!(!contains(token.refresh.as_bytes()));
        assert!(!contains(token.access.as_bytes()));
        let signature = token.access.rsplit('.').next().unwrap();
        assert!(!contains(signature.as_bytes()));
        // An opaque token ends in its proof: neither as text nor, from any boundary of its base64, as bytes.
        let tail = &token.refresh[token.refresh.len() - 24..];
        assert!(!contains(tail.as_bytes()));
        for start in 0..4 {
            let bytes = URL_SAFE_NO_PAD.decode(&tail[start..start + 20]).unwrap();
            assert!(!contains(&bytes));
        }
    }
    assert!(!contains(b"idempotency-key-0001"));
}
