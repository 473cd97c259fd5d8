//! A store that refuses, forgets and is down, and others who write at the same time: what a message makes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use vestibule::error::Code;
use vestibule::message::{Caller, Message};
use vestibule::store::Write;
use vestibule::testing::{Faults, FaultyStore, StoreFault};
use vestibule_tests::harness::{self, Harness, fault, write_of};

use super::nest::{get, level, nest, put, refusal, run, seen};

async fn start(store: &Arc<FaultyStore>) -> Harness {
    nest(harness::over(store.clone()))
        .bucket("once", 1, 60_000, false)
        .start()
        .await
}

/// What the commits that were tried put under `key`, in their order.
fn tried(store: &FaultyStore, key: &str) -> Vec<Vec<u8>> {
    let puts = store
        .hook
        .seen()
        .into_iter()
        .flat_map(|batch| batch.writes)
        .filter_map(|write| match write {
            Write::Put {
                key: put, record, ..
            } if put == key => Some(record.value),
            _ => None,
        });
    puts.collect()
}

#[tokio::test]
async fn a_conflict_runs_the_message_again() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store
        .hook
        .script([StoreFault::After(vec![write_of("outer", "n", "41")])]);
    let saw = seen(&harness, [level([json!({"increment": "n"})], "ok")]).await;
    assert_eq!(saw, [["42"]], "it saw what the other wrote");
    assert_eq!(harness.entries("outer").await["n"], "42");
}

#[tokio::test]
async fn a_range_that_grew_runs_the_message_again() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store
        .hook
        .script([StoreFault::After(vec![write_of("outer", "list/2", "")])]);
    let levels = [level(
        [
            put("list/1", ""),
            json!({"scan": "list/"}),
            put("other", ""),
        ],
        "ok",
    )];
    assert_eq!(seen(&harness, levels).await, [["-", "list/1,list/2", "-"]]);
}

#[tokio::test]
async fn what_was_not_read_does_not_conflict() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store.hook.script([StoreFault::After(vec![
        write_of("outer", "b", "2"),
        write_of("middle", "a", "2"),
    ])]);
    seen(&harness, [level([json!({"increment": "a"})], "ok")]).await;
    assert_eq!(store.hook.seen().len(), 1);
}

#[tokio::test]
async fn a_conflict_in_a_callees_reads_runs_the_whole_message_again() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store
        .hook
        .script([StoreFault::After(vec![write_of("inner", "n", "41")])]);
    let saw = seen(
        &harness,
        [
            level([put("o", "1"), json!("call")], "ok"),
            level([json!("call")], "ok"),
            level([json!({"increment": "n"})], "ok"),
        ],
    )
    .await;
    assert_eq!(saw[2], ["42"]);
}

#[tokio::test]
async fn what_a_failed_callee_read_still_counts() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    let require = json!({"require": {"key": "mode", "value": "on"}});
    store
        .hook
        .script([StoreFault::After(vec![write_of("middle", "mode", "on")])]);
    let saw = seen(
        &harness,
        [
            level([put("o", "1"), json!("call")], "ok"),
            level([require], "ok"),
        ],
    )
    .await;
    assert_eq!(
        saw[0],
        ["-", "ok"],
        "the error was an answer to what is no longer so"
    );
}

#[tokio::test]
async fn a_run_again_is_given_the_same_randomness_and_hashes() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store
        .hook
        .script([StoreFault::Conflict, StoreFault::Conflict]);
    let random = |key: &str| json!({"random": key});
    let hash = json!({"hash": {"key": "hash", "value": "password"}});
    let again = json!({"hash": {"key": "hash-again", "value": "password"}});
    run(
        &harness,
        [
            level(
                [
                    random("first"),
                    random("second"),
                    hash,
                    again,
                    json!("call"),
                ],
                "ok",
            ),
            level([random("below")], "ok"),
        ],
    )
    .await
    .unwrap();
    let mut different = BTreeSet::new();
    for key in ["first", "second", "below", "hash", "hash-again"] {
        let values = tried(&store, key);
        assert_eq!(values.len(), 3, "{key}: three runs");
        assert!(
            values.iter().all(|value| *value == values[0]),
            "{key}: the same in each"
        );
        different.insert(values[0].clone());
    }
    assert_eq!(different.len(), 5, "and each its own");

    run(&harness, [level([random("first")], "ok")])
        .await
        .unwrap();
    assert!(
        !different.contains(&tried(&store, "first")[3]),
        "another message, other numbers"
    );
}

#[tokio::test]
async fn a_message_counts_once_however_often_it_runs() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store
        .hook
        .script([StoreFault::Conflict, StoreFault::Conflict]);
    let take = || json!({"take": "once"});
    let effects = [
        take(),
        json!({"increment": "n"}),
        json!({"audit": "decided"}),
        json!({"mail": "ann@example.com"}),
        json!({"event": "happened"}),
    ];
    assert_eq!(seen(&harness, [level(effects, "ok")]).await[0][0], "none");
    assert_ne!(
        seen(&harness, [level([take()], "ok")]).await[0][0],
        "none",
        "one was taken"
    );
    assert_eq!(harness.entries("outer").await["n"], "1");
    let made = (
        harness.audit().await.len(),
        harness.mails().await.len(),
        harness.events().await.len(),
    );
    assert_eq!(made, (1, 1, 1));
}

#[tokio::test]
async fn conflicts_without_end_end_in_unavailable() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store
        .hook
        .script(std::iter::repeat_with(|| StoreFault::Conflict).take(100));
    let failure = run(&harness, [level([json!({"increment": "n"})], "ok")])
        .await
        .unwrap_err();
    assert_eq!(failure.code, Code::Unavailable);
    assert!(failure.retry_after_ms.is_some());
    assert_eq!(
        store.hook.seen().len(),
        9,
        "eight runs beside others and one alone"
    );
    assert!(harness.entries("outer").await.is_empty());
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_made_once() {
    for fault in [StoreFault::LostAnswer, StoreFault::LostRequest] {
        let store = FaultyStore::in_memory(Faults::default());
        let harness = start(&store).await;
        store.hook.script([fault]);
        seen(&harness, [level([json!({"increment": "n"})], "ok")]).await;
        assert_eq!(harness.entries("outer").await["n"], "1");
    }
}

#[tokio::test]
async fn a_keep_whose_answer_was_lost_is_made_once() {
    for fault in [StoreFault::LostAnswer, StoreFault::LostRequest] {
        let store = FaultyStore::in_memory(Faults::default());
        let harness = start(&store).await;
        store.hook.script([fault]);
        assert_eq!(
            refusal(
                &harness,
                [level([json!({"increment": "n"}), json!("keep")], "fail")]
            )
            .await,
            "refused"
        );
        assert_eq!(harness.entries("outer").await["n"], "1");
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_unavailable_and_no_fault() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store.hook.script([StoreFault::Unavailable]);
    let failure = run(&harness, [level([put("a", "1")], "ok")])
        .await
        .unwrap_err();
    assert_eq!(
        (failure.code.clone(), fault(&failure)),
        (Code::Unavailable, None)
    );
    assert!(failure.retry_after_ms.is_some());
    run(&harness, [level([put("a", "1")], "ok")]).await.unwrap();
}

#[tokio::test]
async fn a_keep_on_reads_that_changed_keeps_nothing_and_runs_again() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store
        .hook
        .script([StoreFault::After(vec![write_of("outer", "n", "41")])]);
    assert_eq!(
        refusal(
            &harness,
            [level([json!({"increment": "n"}), json!("keep")], "fail")]
        )
        .await,
        "refused"
    );
    assert_eq!(harness.entries("outer").await["n"], "42");
}

#[tokio::test]
async fn an_error_on_reads_that_changed_after_a_keep_is_not_believed() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    store
        .hook
        .script([StoreFault::Before(vec![write_of("outer", "mode", "on")])]);
    let steps = [
        get("mode"),
        put("kept", "1"),
        json!("keep"),
        get("something else"),
        json!({"require": {"key": "mode", "value": "on"}}),
    ];
    assert_eq!(seen(&harness, [level(steps, "ok")]).await[0][0], "on");
}

#[tokio::test]
async fn what_a_message_may_write_is_bounded() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = nest(harness::over(store.clone()))
        .configure(|config| config.limits.write_bytes = 1_000)
        .start()
        .await;
    let big = "x".repeat(600);
    run(&harness, [level([put("a", &big), put("a", &big)], "ok")])
        .await
        .unwrap();
    let failure = run(&harness, [level([put("a", &big), put("b", &big)], "ok")])
        .await
        .unwrap_err();
    assert_eq!(fault(&failure), Some(vestibule::sandbox::Fault::WriteBytes));
    let split = [
        level([put("b", &big), json!("call")], "ok"),
        level([put("c", &big)], "ok"),
    ];
    let failure = run(&harness, split).await.unwrap_err();
    assert_eq!(
        fault(&failure),
        Some(vestibule::sandbox::Fault::WriteBytes),
        "over all components of the message"
    );
}

#[tokio::test]
async fn a_message_that_only_reads_commits_nothing() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = start(&store).await;
    let mut message = Message::new(
        "outer",
        "run",
        json!({"levels": [level([get("a"), json!({"scan": ""})], "ok")]}),
        Caller::service(Some("key".into())),
    );
    message.id = Some("id".into());
    let reply: Option<Value> = harness.host.send(message).await.unwrap();
    assert!(reply.is_some());
    assert!(
        store
            .hook
            .seen()
            .iter()
            .all(|batch| batch.writes.is_empty())
    );
    assert!(
        harness
            .records(&vestibule::store::Namespace::reserved("replies"))
            .await
            .is_empty()
    );
}
