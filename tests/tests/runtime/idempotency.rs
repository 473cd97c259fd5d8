//! A message with an id has one effect and one reply, however often it comes.

use serde_json::{Value, json};
use vestibule::clock::Clock as _;
use vestibule::error::Code;
use vestibule::message::{Answer, Caller, Message, Principal};
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use super::nest::{level, nest, put};

on_every_backend! {
    the_same_message_again_is_given_the_stored_reply,
    the_same_id_with_another_request_is_a_conflict,
    an_id_belongs_to_who_asked_and_to_the_command,
    strangers_cannot_collide,
    fifty_at_once_have_one_effect,
    an_error_may_be_tried_again,
    a_reply_is_forgotten_after_a_day,
    what_was_only_kept_is_replayed_too,
    a_stored_reply_cannot_be_read_from_the_store,
}

async fn start(backend: Backend) -> Harness {
    nest(harness::on(backend)).start().await
}

fn count() -> Value {
    level(
        [
            json!({"increment": "n"}),
            json!({"mail": "ann@example.com"}),
        ],
        "ok",
    )
}

fn message(caller: Caller, id: &str, level: &Value) -> Message {
    let mut message = Message::new("outer", "run", json!({"levels": [level]}), caller);
    message.id = Some(id.to_owned());
    message
}

fn key(name: &str) -> Caller {
    Caller::service(Some(name.to_owned()))
}

async fn send(harness: &Harness, caller: Caller, id: &str, level: &Value) -> Answer {
    harness.host.send(message(caller, id, level)).await
}

async fn counted(harness: &Harness) -> String {
    harness
        .entries("outer")
        .await
        .get("n")
        .cloned()
        .unwrap_or_default()
}

// A11
async fn the_same_message_again_is_given_the_stored_reply(backend: Backend) {
    let harness = start(backend).await;
    let first = send(&harness, key("one"), "id", &count()).await.unwrap();
    harness.clock.advance(60_000);
    assert_eq!(
        send(&harness, key("one"), "id", &count()).await.unwrap(),
        first
    );
    assert_eq!(
        (
            counted(&harness).await.as_str(),
            harness.mails().await.len()
        ),
        ("1", 1)
    );
    let other = send(&harness, key("one"), "id-2", &count()).await.unwrap();
    assert_ne!(other, first);
}

// A11
async fn the_same_id_with_another_request_is_a_conflict(backend: Backend) {
    let harness = start(backend).await;
    send(&harness, key("one"), "id", &count()).await.unwrap();
    let failure = send(&harness, key("one"), "id", &level([put("n", "9")], "ok"))
        .await
        .unwrap_err();
    assert_eq!(failure.code, Code::Conflict);
    assert_eq!(counted(&harness).await, "1");
}

async fn an_id_belongs_to_who_asked_and_to_the_command(backend: Backend) {
    let harness = start(backend).await;
    let acting = |subject: &str| {
        let mut caller = key("one");
        caller.principal = Some(Principal {
            subject: subject.to_owned(),
            roles: Vec::new(),
            scopes: None,
            session: None,
            methods: vec!["acting".into()],
            authenticated_at: harness.clock.now(),
        });
        caller
    };
    for (number, caller) in [
        key("one"),
        key("two"),
        acting("ann"),
        acting("bob"),
        Caller::service(None),
    ]
    .into_iter()
    .enumerate()
    {
        send(&harness, caller, "id", &count()).await.unwrap();
        assert_eq!(counted(&harness).await, (number + 1).to_string());
    }
    let mut elsewhere = message(key("one"), "id", &count());
    elsewhere.channel = "middle".into();
    harness.host.send(elsewhere).await.unwrap();
    assert_eq!(harness.entries("middle").await["n"], "1");
}

async fn strangers_cannot_collide(backend: Backend) {
    let harness = start(backend).await;
    send(&harness, Caller::public(), "1", &count())
        .await
        .unwrap();
    send(
        &harness,
        Caller::public(),
        "1",
        &level([put("other", "1")], "ok"),
    )
    .await
    .unwrap();
    send(&harness, Caller::public(), "1", &count())
        .await
        .unwrap();
    assert_eq!(
        counted(&harness).await,
        "1",
        "the same request under the same id is the same message"
    );
}

// A11
async fn fifty_at_once_have_one_effect(backend: Backend) {
    let harness = start(backend).await;
    let tasks = (0..50).map(|_| {
        let (host, message) = (harness.host.clone(), message(key("one"), "id", &count()));
        tokio::spawn(async move { host.send(message).await })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut replies = Vec::new();
    for task in tasks {
        replies.push(task.await.unwrap().unwrap());
    }
    assert!(replies.iter().all(|reply| *reply == replies[0]));
    assert_eq!(
        (
            counted(&harness).await.as_str(),
            harness.mails().await.len()
        ),
        ("1", 1)
    );
}

async fn an_error_may_be_tried_again(backend: Backend) {
    let harness = start(backend).await;
    let once_open = level(
        [
            json!({"require": {"key": "open", "value": "yes"}}),
            json!({"increment": "n"}),
        ],
        "ok",
    );
    send(&harness, key("one"), "id", &once_open)
        .await
        .unwrap_err();
    harness
        .ok(
            "outer",
            "run",
            json!({"levels": [level([put("open", "yes")], "ok")]}),
        )
        .await;
    send(&harness, key("one"), "id", &once_open).await.unwrap();
    send(&harness, key("one"), "id", &once_open).await.unwrap();
    assert_eq!(counted(&harness).await, "1");
}

async fn a_reply_is_forgotten_after_a_day(backend: Backend) {
    let harness = start(backend).await;
    send(&harness, key("one"), "id", &count()).await.unwrap();
    harness.clock.advance(24 * 60 * 60 * 1_000 - 1);
    send(&harness, key("one"), "id", &count()).await.unwrap();
    assert_eq!(counted(&harness).await, "1");
    harness.clock.advance(1);
    send(&harness, key("one"), "id", &count()).await.unwrap();
    assert_eq!(counted(&harness).await, "2");
}

async fn what_was_only_kept_is_replayed_too(backend: Backend) {
    let harness = start(backend).await;
    let kept = level([json!({"increment": "n"}), json!("keep")], "ok");
    let first = send(&harness, key("one"), "id", &kept).await.unwrap();
    assert_eq!(
        send(&harness, key("one"), "id", &kept).await.unwrap(),
        first
    );
    assert_eq!(counted(&harness).await, "1");
}

async fn a_stored_reply_cannot_be_read_from_the_store(backend: Backend) {
    let harness = start(backend).await;
    let secret = level([json!({"random": "secret"})], "ok");
    let reply = send(&harness, key("one"), "the-clients-id", &secret)
        .await
        .unwrap()
        .unwrap();
    let secret = reply["seen"][0][0].as_str().unwrap().to_owned();
    let stored = harness
        .records(&vestibule::store::Namespace::reserved("replies"))
        .await;
    assert_eq!(stored.len(), 1);
    for (place, record) in stored {
        let text = format!("{place} {}", String::from_utf8_lossy(&record.value));
        assert!(
            !text.contains(&secret) && !text.contains("the-clients-id") && !text.contains("levels"),
            "{text}"
        );
    }
}
