//! The component's own entries, and what of them outlives an error.

use serde_json::{Value, json};
use vestibule::clock::Clock as _;
use vestibule::error::Code;
use vestibule_tests::guests;
use vestibule_tests::harness::Harness;
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use super::probe;

on_every_backend! {
    storage_reads_what_it_wrote,
    storage_forgets_what_has_expired,
    storage_scans_in_pages,
    storage_remembers_whose_data_it_is,
    transaction_keeps_what_must_outlive_an_error,
}

async fn storage(backend: Backend) -> Harness {
    probe(
        backend,
        guests::PROBE_STORAGE,
        "probe-storage",
        &["storage"],
    )
    .start()
    .await
}

async fn steps<const N: usize>(harness: &Harness, steps: [Value; N]) -> Value {
    harness
        .ok("probe-storage", "run", json!({"steps": steps.to_vec()}))
        .await
}

fn put(key: &str, value: &str) -> Value {
    json!({"put": {"key": key, "value": value}})
}

fn value(text: &str) -> Value {
    json!({"value": text})
}

fn absent() -> Value {
    json!({"value": null})
}

async fn storage_reads_what_it_wrote(backend: Backend) {
    let harness = storage(backend).await;
    let saw = steps(
        &harness,
        [
            json!({"get": "a"}),
            put("a", "1"),
            json!({"get": "a"}),
            put("b", ""),
            put("a", "2"),
        ],
    )
    .await;
    assert_eq!(saw, json!([absent(), "done", value("1"), "done", "done"]));

    let many = json!({"get-many": ["b", "missing", "a", "a"]});
    let saw = steps(
        &harness,
        [
            many,
            json!({"delete": "a"}),
            json!({"delete": "missing"}),
            json!({"get": "a"}),
        ],
    )
    .await;
    assert_eq!(
        saw,
        json!([{"values": ["", null, "2", "2"]}, "done", "done", absent()])
    );
    assert_eq!(
        steps(&harness, [json!({"get": "a"}), json!({"get": "b"})]).await,
        json!([absent(), value("")])
    );
}

async fn storage_forgets_what_has_expired(backend: Backend) {
    let harness = storage(backend).await;
    let at = harness.clock.now() + 1_000;
    let fleeting = json!({"put": {"key": "a", "value": "1", "expires_at": at}});
    let gone = json!({"put": {"key": "b", "value": "1", "expires_at": harness.clock.now()}});
    let both = json!({"get-many": ["a", "b"]});
    assert_eq!(
        steps(&harness, [fleeting, gone, both.clone()]).await[2],
        json!({"values": ["1", null]})
    );
    harness.clock.advance(999);
    assert_eq!(
        steps(&harness, [both.clone()]).await,
        json!([{"values": ["1", null]}])
    );
    harness.clock.advance(1);
    let all = json!({"scan": {"prefix": "", "limit": 10}});
    assert_eq!(
        steps(&harness, [both, all]).await,
        json!([{"values": [null, null]}, {"entries": []}])
    );
}

async fn storage_scans_in_pages(backend: Backend) {
    let harness = storage(backend).await;
    steps(
        &harness,
        [
            put("a/1", "1"),
            put("a/2", "2"),
            put("a/3", "3"),
            put("a", "0"),
            put("b/1", "9"),
        ],
    )
    .await;
    let page = |after: Value, limit: u32| json!({"scan": {"prefix": "a/", "after": after, "limit": limit}});
    let pair = |key: &str, value: &str| json!({"key": key, "value": value});
    let saw = steps(
        &harness,
        [
            page(Value::Null, 2),
            page(json!("a/2"), 2),
            page(json!("a/3"), 2),
            json!({"delete": "a/2"}),
            put("a/25", "new"),
            page(Value::Null, u32::MAX),
            page(Value::Null, 0),
        ],
    )
    .await;
    assert_eq!(
        saw[0],
        json!({"entries": [pair("a/1", "1"), pair("a/2", "2")]})
    );
    assert_eq!(saw[1], json!({"entries": [pair("a/3", "3")]}));
    assert_eq!(saw[2], json!({"entries": []}));
    assert_eq!(
        saw[5],
        json!({"entries": [pair("a/1", "1"), pair("a/25", "new"), pair("a/3", "3")]}),
        "own writes laid over"
    );
    assert_eq!(saw[6], json!({"entries": []}));
}

async fn storage_remembers_whose_data_it_is(backend: Backend) {
    let harness = storage(backend).await;
    steps(
        &harness,
        [
            json!({"put": {"key": "a", "value": "1", "subject": "ann"}}),
            put("b", "2"),
        ],
    )
    .await;
    let mut snapshot = harness.store.begin().await.unwrap();
    let hers = snapshot
        .scan_subject("ann", None, 10, harness.clock.now())
        .await
        .unwrap();
    assert_eq!(hers.len(), 1);
    let (namespace, entry) = &hers[0];
    assert_eq!(
        (namespace.as_str(), entry.key.as_str(), entry.record.schema),
        ("c/default/probe-storage", "a", 1)
    );
}

async fn transaction_keeps_what_must_outlive_an_error(backend: Backend) {
    let harness = probe(
        backend,
        guests::PROBE_TRANSACTION,
        "probe-transaction",
        &["storage", "transaction"],
    )
    .start()
    .await;
    let failure = harness
        .refused(
            "probe-transaction",
            "put-keep-fail",
            json!({"key": "a", "value": "1"}),
        )
        .await;
    assert_eq!(failure.code, Code::Channel("refused".into()));
    assert_eq!(
        harness
            .ok("probe-transaction", "get", json!({"key": "a"}))
            .await,
        "1"
    );
}
