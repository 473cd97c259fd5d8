//! What is done with keys that stay outside: hashes, signatures, tags.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vestibule::sandbox::Fault;
use vestibule_tests::guests;
use vestibule_tests::harness::fault;
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use super::probe;

on_every_backend! {
    passwords_are_hashed_and_verified,
    signatures_are_made_and_checked,
    macs_belong_to_a_channel_and_a_purpose,
}

async fn passwords_are_hashed_and_verified(backend: Backend) {
    let harness = probe(
        backend,
        guests::PROBE_PASSWORDS,
        "probe-passwords",
        &["passwords"],
    )
    .start()
    .await;
    let hash = async || {
        harness
            .ok(
                "probe-passwords",
                "hash",
                json!({"password": "correct horse"}),
            )
            .await
    };
    let phc = hash().await;
    assert!(phc.as_str().unwrap().starts_with("$argon2id$"), "{phc}");
    assert_ne!(phc, hash().await, "every hash has a salt of its own");
    let verify = async |password: &str, phc: &Value| {
        harness
            .ok(
                "probe-passwords",
                "verify",
                json!({"password": password, "phc": phc}),
            )
            .await
    };
    assert_eq!(verify("correct horse", &phc).await, "match");
    assert_eq!(verify("correct horsf", &phc).await, "mismatch");
    assert_eq!(
        verify("correct horse", &json!("not a hash")).await,
        "mismatch"
    );
    // By py-bcrypt.
    let foreign = json!("$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i");
    assert_eq!(verify("abc", &foreign).await, "match-needs-rehash");
    assert_eq!(verify("abd", &foreign).await, "mismatch");
    harness
        .ok("probe-passwords", "decoy", json!({"password": "whoever"}))
        .await;
}

async fn signatures_are_made_and_checked(backend: Backend) {
    let harness = probe(
        backend,
        guests::PROBE_SIGNING,
        "probe-signing",
        &["signing"],
    )
    .start()
    .await;
    let key = harness.ok("probe-signing", "current", json!({})).await;
    assert_eq!(key["algorithm"], "eddsa");
    let id = &key["id"];
    assert_eq!(
        harness
            .ok("probe-signing", "find", json!({"key_id": id}))
            .await,
        key
    );
    assert_eq!(
        harness
            .ok("probe-signing", "find", json!({"key_id": "nobody's"}))
            .await,
        Value::Null
    );

    let (message, other) = (
        URL_SAFE_NO_PAD.encode("message"),
        URL_SAFE_NO_PAD.encode("massage"),
    );
    let signature = harness
        .ok(
            "probe-signing",
            "sign",
            json!({"key_id": id, "message": message}),
        )
        .await;
    assert_eq!(
        URL_SAFE_NO_PAD
            .decode(signature.as_str().unwrap())
            .unwrap()
            .len(),
        64
    );
    let verify = async |id: &Value, message: &str| {
        let request = json!({"key_id": id, "message": message, "signature": signature});
        harness.ok("probe-signing", "verify", request).await
    };
    assert_eq!(verify(id, &message).await, true);
    assert_eq!(verify(id, &other).await, false);
    assert_eq!(verify(&json!("nobody's"), &message).await, false);

    let failure = harness
        .refused(
            "probe-signing",
            "sign",
            json!({"key_id": "nobody's", "message": message}),
        )
        .await;
    assert_eq!(fault(&failure), Some(Fault::SigningKey));
}

async fn macs_belong_to_a_channel_and_a_purpose(backend: Backend) {
    let harness = probe(backend, guests::PROBE_MACS, "probe-macs", &["macs"])
        .start()
        .await;
    let mac = async |purpose: &str, text: &str| {
        harness
            .ok(
                "probe-macs",
                "mac",
                json!({"purpose": purpose, "data": URL_SAFE_NO_PAD.encode(text)}),
            )
            .await
    };
    let tag = mac("refresh", "secret").await;
    assert_eq!(
        URL_SAFE_NO_PAD
            .decode(tag["bytes"].as_str().unwrap())
            .unwrap()
            .len(),
        32
    );
    assert_eq!(tag, mac("refresh", "secret").await);
    assert_ne!(
        tag["bytes"],
        mac("reset", "secret").await["bytes"],
        "another purpose"
    );
    assert_ne!(
        tag["bytes"],
        mac("refresh", "secret!").await["bytes"],
        "other data"
    );
    let request = json!({"purpose": "refresh", "data": URL_SAFE_NO_PAD.encode("secret")});
    let candidates = harness.ok("probe-macs", "candidates", request).await;
    assert_eq!(candidates[0], tag, "the current key first");
}
