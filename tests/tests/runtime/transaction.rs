//! One message is one transaction: what an answer commits, what an error leaves, and what `keep` saves.

use serde_json::{Value, json};
use vestibule::clock::Clock as _;
use vestibule::error::Code;
use vestibule::message::{Caller, Message};
use vestibule::sandbox::Fault;
use vestibule_tests::harness::{self, Harness, fault};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use super::nest::{get, level, nest, put, refusal, seen};

on_every_backend! {
    a_message_sees_its_own_writes,
    an_answer_commits_everything,
    an_error_leaves_nothing,
    a_trap_leaves_nothing,
    running_out_of_time_leaves_nothing,
    what_was_kept_survives_an_error,
    what_was_kept_survives_a_trap,
    what_was_kept_survives_the_limits,
    keeping_commits_what_was_written_before_it_only,
    keeping_twice_and_keeping_nothing_is_fine,
    a_message_goes_on_from_what_it_kept,
    audit_survives_what_the_message_does_not,
    a_deadline_that_passed_leaves_nothing,
    a_deadline_does_not_cancel_what_was_kept,
}

async fn start(backend: Backend) -> Harness {
    nest(harness::on(backend))
        .configure(|config| {
            config.limits.wall_ms = 2_000;
            config.limits.cpu_ms = 100;
        })
        .start()
        .await
}

async fn keys(harness: &Harness, channel: &str) -> Vec<String> {
    harness.entries(channel).await.into_keys().collect()
}

fn effects() -> [Value; 3] {
    [
        put("a", "1"),
        json!({"mail": "ann@example.com"}),
        json!({"event": "happened"}),
    ]
}

async fn assert_effects(harness: &Harness, present: bool) {
    assert_eq!(keys(harness, "outer").await.is_empty(), !present, "entries");
    assert_eq!(harness.mails().await.is_empty(), !present, "mails");
    assert_eq!(harness.events().await.is_empty(), !present, "events");
}

async fn a_message_sees_its_own_writes(backend: Backend) {
    let harness = start(backend).await;
    let saw = seen(
        &harness,
        [level(
            [
                get("a"),
                put("a", "1"),
                get("a"),
                put("b", "2"),
                json!({"scan": ""}),
                json!({"delete": "a"}),
                get("a"),
                json!({"scan": ""}),
            ],
            "ok",
        )],
    )
    .await;
    assert_eq!(saw, [["none", "-", "1", "-", "a,b", "-", "none", "b"]]);
    assert_eq!(keys(&harness, "outer").await, ["b"]);
}

async fn an_answer_commits_everything(backend: Backend) {
    let harness = start(backend).await;
    let [entry, mail, event] = effects();
    seen(&harness, [level([entry, mail, event], "ok")]).await;
    assert_effects(&harness, true).await;
}

async fn an_error_leaves_nothing(backend: Backend) {
    let harness = start(backend).await;
    let [entry, mail, event] = effects();
    assert_eq!(
        refusal(&harness, [level([entry, mail, event], "fail")]).await,
        "refused"
    );
    assert_effects(&harness, false).await;
}

async fn a_trap_leaves_nothing(backend: Backend) {
    let harness = start(backend).await;
    let [entry, mail, event] = effects();
    assert_eq!(
        refusal(&harness, [level([entry, mail, event], "trap")]).await,
        "unknown"
    );
    assert_effects(&harness, false).await;
}

async fn running_out_of_time_leaves_nothing(backend: Backend) {
    let harness = start(backend).await;
    let [entry, mail, event] = effects();
    assert_eq!(
        refusal(&harness, [level([entry, mail, event], "spin")]).await,
        "deadline-exceeded"
    );
    assert_effects(&harness, false).await;
}

async fn what_was_kept_survives_an_error(backend: Backend) {
    let harness = start(backend).await;
    let [entry, mail, event] = effects();
    assert_eq!(
        refusal(
            &harness,
            [level([entry, mail, event, json!("keep")], "fail")]
        )
        .await,
        "refused"
    );
    assert_effects(&harness, true).await;
}

async fn what_was_kept_survives_a_trap(backend: Backend) {
    let harness = start(backend).await;
    let [entry, mail, event] = effects();
    assert_eq!(
        refusal(
            &harness,
            [level([entry, mail, event, json!("keep")], "trap")]
        )
        .await,
        "unknown"
    );
    assert_effects(&harness, true).await;
}

async fn what_was_kept_survives_the_limits(backend: Backend) {
    let harness = start(backend).await;
    let [entry, mail, event] = effects();
    assert_eq!(
        refusal(
            &harness,
            [level([entry, mail, event, json!("keep")], "spin")]
        )
        .await,
        "deadline-exceeded"
    );
    assert_effects(&harness, true).await;
}

async fn keeping_commits_what_was_written_before_it_only(backend: Backend) {
    let harness = start(backend).await;
    let steps = [
        put("before", "1"),
        json!("keep"),
        put("after", "2"),
        json!({"delete": "before"}),
    ];
    refusal(&harness, [level(steps, "fail")]).await;
    assert_eq!(keys(&harness, "outer").await, ["before"]);
}

async fn keeping_twice_and_keeping_nothing_is_fine(backend: Backend) {
    let harness = start(backend).await;
    let steps = [
        json!("keep"),
        put("a", "1"),
        json!("keep"),
        json!("keep"),
        put("b", "2"),
        json!("keep"),
    ];
    refusal(&harness, [level(steps, "fail")]).await;
    assert_eq!(keys(&harness, "outer").await, ["a", "b"]);
}

async fn a_message_goes_on_from_what_it_kept(backend: Backend) {
    let harness = start(backend).await;
    let count = || json!({"increment": "n"});
    let saw = seen(
        &harness,
        [level(
            [
                count(),
                json!("keep"),
                count(),
                get("n"),
                json!({"scan": ""}),
            ],
            "ok",
        )],
    )
    .await;
    assert_eq!(saw, [["1", "-", "2", "2", "n"]]);
    assert_eq!(harness.entries("outer").await["n"], "2");
}

async fn audit_survives_what_the_message_does_not(backend: Backend) {
    let harness = start(backend).await;
    for end in ["ok", "fail", "trap", "spin"] {
        drop(
            super::nest::run(
                &harness,
                [level([put(end, "1"), json!({"audit": end})], end)],
            )
            .await,
        );
        harness.clock.advance(1);
    }
    let actions: Vec<Value> = harness
        .audit()
        .await
        .iter()
        .map(|record| record["action"].clone())
        .collect();
    assert_eq!(actions, ["ok", "fail", "trap", "spin"]);
    assert_eq!(keys(&harness, "outer").await, ["ok"]);
}

/// A message to `outer` whose client stops waiting after 20 ms.
fn impatient(harness: &Harness, level: &Value) -> Message {
    let mut message = Message::new(
        "outer",
        "run",
        json!({"levels": [level]}),
        Caller::service(None),
    );
    message.deadline = Some(harness.clock.now() + 20);
    message
}

async fn a_deadline_that_passed_leaves_nothing(backend: Backend) {
    let harness = start(backend).await;
    let message = impatient(&harness, &level([put("a", "1")], "spin"));
    let failure = harness.host.send(message).await.unwrap_err();
    assert_eq!(
        (failure.code.clone(), fault(&failure)),
        (Code::DeadlineExceeded, None),
        "the client's, not the host's limit"
    );
    assert_eq!(keys(&harness, "outer").await, [""; 0]);
}

async fn a_deadline_does_not_cancel_what_was_kept(backend: Backend) {
    let harness = start(backend).await;
    let message = impatient(&harness, &level([put("a", "1"), json!("keep")], "spin"));
    let failure = harness.host.send(message).await.unwrap_err();
    assert_eq!(
        (failure.code.clone(), fault(&failure)),
        (Code::DeadlineExceeded, Some(Fault::Cpu)),
        "only the host's limit"
    );
    assert_eq!(keys(&harness, "outer").await, ["a"]);
}
