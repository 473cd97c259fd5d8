//! What is stored about somebody: everything is found by their id, and goes with it.

use serde_json::{Value, json};
use vestibule::audit::AuditQuery;
use vestibule::error::Code;
use vestibule::message::{Caller, Message, Principal};
use vestibule::subjects::Administrator;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use crate::pair::{Pair, is_valid, issue, refresh};

on_every_backend! {
    a_person_is_exported_without_what_is_sealed,
    a_person_is_forgotten_and_nobody_else,
}

/// A message with an id, in which a service acts for `subject`: its reply is stored as theirs.
fn for_person(subject: &str) -> Message {
    let principal = Principal {
        subject: subject.to_owned(),
        roles: Vec::new(),
        scopes: None,
        session: None,
        methods: Vec::new(),
        authenticated_at: 0,
    };
    let caller = Caller {
        principal: Some(principal),
        ..Caller::service(Some("key".to_owned()))
    };
    let mut message = Message::new("token", "generate-tokens", json!({"id": subject}), caller);
    message.id = Some("m-1".to_owned());
    message
}

/// A session with a stored reply; another that was replayed, which published an event; and one that lives.
async fn live_a_little(host: &Harness, subject: &str) -> [Pair; 2] {
    let reply = host.host.send(for_person(subject)).await.unwrap();
    let kept = Pair::of(&reply.unwrap());
    let replayed = issue(host, subject).await;
    let second = refresh(host, &replayed.refresh).await.unwrap();
    let third = refresh(host, &second.refresh).await.unwrap();
    assert!(refresh(host, &replayed.refresh).await.is_err());
    assert!(!is_valid(host, &third.access).await);
    [kept, issue(host, subject).await]
}

fn operator() -> Administrator {
    Administrator {
        service_key: Some("operator".to_owned()),
        remote_address: None,
    }
}

async fn a_person_is_exported_without_what_is_sealed(backend: Backend) {
    let host = harness::on(backend).with_bundle().start().await;
    let pairs = live_a_little(&host, "ann").await;
    live_a_little(&host, "bob").await;
    let export = host.host.subjects().export("ann", &operator()).await;
    let export = serde_json::to_value(export.unwrap()).unwrap();

    let entries = export["entries"].as_array().unwrap();
    let of_token = || entries.iter().filter(|entry| entry["channel"] == "token");
    assert!(of_token().count() >= 2, "{export}");
    assert!(of_token().any(|entry| entry["value"]["subject"] == "ann"));
    for host_own in ["outbox-event", "replies"] {
        let mut found = entries.iter().filter(|entry| entry["host"] == host_own);
        let entry = found.next().unwrap();
        assert_eq!(
            (&entry["sealed"], &entry["value"]),
            (&json!(true), &Value::Null)
        );
        assert!(found.next().is_none(), "{host_own}: Ann's and not Bob's");
    }
    let text = export.to_string();
    for pair in pairs {
        assert!(!text.contains(&pair.access) && !text.contains(&pair.refresh));
    }
    assert!(!text.contains("bob"));
}

async fn a_person_is_forgotten_and_nobody_else(backend: Backend) {
    let host = harness::on(backend).with_bundle().start().await;
    let anns = live_a_little(&host, "ann").await;
    let bobs = live_a_little(&host, "bob").await;
    let subjects = host.host.subjects();
    let before = subjects.export("ann", &operator()).await.unwrap();

    let forgotten = subjects.forget("ann", &operator()).await.unwrap();
    assert!(forgotten.entries >= before.entries.len());
    let after = subjects.export("ann", &operator()).await.unwrap();
    assert_eq!(after.entries, []);
    let again = subjects.forget("ann", &operator()).await.unwrap();
    assert_eq!(again.entries, 0);

    for pair in &anns {
        assert!(!is_valid(&host, &pair.access).await);
        let refused = refresh(&host, &pair.refresh).await.unwrap_err();
        assert_eq!(refused.code, Code::Unauthenticated);
    }
    assert!(is_valid(&host, &bobs[0].access).await);
    assert!(refresh(&host, &bobs[1].refresh).await.is_ok());
    assert_eq!(host.events().await.len(), 1, "Bob's");
    let reply = host.host.send(for_person("bob")).await.unwrap();
    assert_eq!(Pair::of(&reply.unwrap()), bobs[0], "a stored reply");
    let reply = host.host.send(for_person("ann")).await.unwrap();
    assert_ne!(
        Pair::of(&reply.unwrap()),
        anns[0],
        "there was none any more"
    );

    // The record keeps what was decided about her, and that she was forgotten.
    let query = AuditQuery {
        limit: 1_000,
        subject: Some("ann".to_owned()),
        ..AuditQuery::default()
    };
    let page = host.host.audit_log().read(&query).await.unwrap();
    let actions: Vec<_> = page
        .records
        .iter()
        .map(|entry| entry.record.action.as_str())
        .collect();
    for action in ["token-issue", "token-refresh", "subject-forget"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
}
