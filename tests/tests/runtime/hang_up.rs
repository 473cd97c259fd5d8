//! A client that hangs up: its message is called off, unless it has done by then what cannot be undone.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use vestibule::message::{Answer, Caller, Message};
use vestibule::testing::{Faults, FaultyStore, Gate, StoreFault};
use vestibule_tests::harness::{self, Harness};

use super::nest::{get, level, nest, put};

async fn start(store: &Arc<FaultyStore>) -> Harness {
    nest(harness::over(store.clone()))
        .bucket("once", 1, 60_000, false)
        .start()
        .await
}

fn client<const N: usize>(harness: &Harness, steps: [Value; N]) -> JoinHandle<Answer> {
    let request = json!({"levels": [level(steps, "ok")]});
    let host = harness.host.clone();
    tokio::spawn(async move {
        host.send(Message::new("outer", "run", request, Caller::service(None)))
            .await
    })
}

async fn hang_up(client: JoinHandle<Answer>) {
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
}

/// Waits until the channel has stored something; a test that waits in vain is stopped by its runner.
async fn stored(harness: &Harness) -> Vec<String> {
    loop {
        let keys: Vec<String> = harness.entries("outer").await.into_keys().collect();
        if !keys.is_empty() {
            return keys;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_message_that_has_only_read_and_written_is_called_off() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    let gate = Arc::<Gate>::default();
    store.hook.hold_next_get(gate.clone());
    let client = client(&harness, [put("a", "1"), get("b")]);
    gate.reached().await;
    hang_up(client).await;
    // Nobody else holds the gate once the sandbox is gone.
    while Arc::strong_count(&gate) > 1 {
        tokio::task::yield_now().await;
    }
    assert!(store.hook.seen().is_empty(), "nothing was committed");
}

#[tokio::test]
async fn a_message_that_has_hashed_counted_or_kept_is_not_called_off() {
    for (pin, expected) in [
        (
            json!({"hash": {"key": "hash", "value": "password"}}),
            vec!["a", "hash"],
        ),
        (json!({"take": "once"}), vec!["a"]),
    ] {
        let store = FaultyStore::in_memory(Faults::default());
        let harness = start(&store).await;
        let gate = Arc::<Gate>::default();
        store.hook.hold_next_get(gate.clone());
        let client = client(&harness, [pin, put("a", "1"), get("b")]);
        gate.reached().await;
        hang_up(client).await;
        gate.open();
        assert_eq!(stored(&harness).await, expected);
    }

    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    let gate = Arc::<Gate>::default();
    store.hook.hold_next_get(gate.clone());
    let client = client(
        &harness,
        [put("kept", "1"), json!("keep"), put("a", "1"), get("b")],
    );
    gate.reached().await;
    hang_up(client).await;
    assert_eq!(stored(&harness).await, ["kept"]);
    gate.open();
    while stored(&harness).await != ["a", "kept"] {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_commit_that_has_begun_is_not_undone() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    let gate = Arc::<Gate>::default();
    store.hook.script([StoreFault::Held(gate.clone())]);
    let client = client(&harness, [put("a", "1")]);
    gate.reached().await;
    hang_up(client).await;
    gate.open();
    assert_eq!(stored(&harness).await, ["a"]);
}
