//! What leaves a message: mails, events, audit records, and what is taken from a bucket.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use vestibule::clock::Clock as _;
use vestibule::error::Code;
use vestibule::outbox::mail::{Delivered, Letter, MailError, Mailer};
use vestibule::outbox::{MailQuery, MailState};
use vestibule::sandbox::Fault;
use vestibule::store::Namespace;
use vestibule_tests::guests;
use vestibule_tests::harness::{Harness, fault};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use super::probe;

on_every_backend! {
    mail_leaves_with_the_commit,
    mails_are_withdrawn_with_the_commit,
    mails_are_delivered_after_the_commit,
    events_leave_with_the_commit,
    audit_is_written_whatever_the_answer,
    limits_stand_outside_the_transaction,
    a_bucket_has_the_figures_that_the_build_declares_or_the_operator_configures,
}

async fn mail_leaves_with_the_commit(backend: Backend) {
    let harness = probe(backend, guests::PROBE_MAIL, "probe-mail", &["mail"])
        .start()
        .await;
    let expires_at = harness.clock.now() + 60_000;
    let send = |fail: bool| {
        json!({"to": "ann@example.com", "subject": "Hello", "text": "text", "expires_at": expires_at,
               "supersedes": "hello", "about": "ann", "fail": fail})
    };
    harness.refused("probe-mail", "send", send(true)).await;
    assert_eq!(harness.mails().await, [], "an error sends nothing");
    harness.ok("probe-mail", "send", send(false)).await;
    let mails = harness.mails().await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str(), mail.text.as_str()),
        ("ann@example.com", "Hello", "text")
    );
    assert_eq!(
        (mail.html.as_str(), mail.expires_at),
        ("<p>text</p>", expires_at)
    );
    assert_eq!(mail.supersedes.as_deref(), Some("hello"));
    assert_sealed_and_owned(&harness, "outbox-mail", "ann@example.com").await;
}

async fn mails_are_withdrawn_with_the_commit(backend: Backend) {
    let harness = probe(backend, guests::PROBE_MAIL, "probe-mail", &["mail"])
        .start()
        .await;
    let expires_at = harness.clock.now() + 60_000;
    let send = async |to: &str, name: Option<&str>| {
        let mail = json!({"to": to, "subject": "Hello", "text": "text", "expires_at": expires_at,
                          "supersedes": name, "about": null, "fail": false});
        harness.ok("probe-mail", "send", mail).await;
    };
    for (to, name) in [
        ("ann@example.com", Some("hello")),
        ("ann@example.com", Some("other")),
        ("ann@example.com", None),
        ("bob@example.com", Some("hello")),
    ] {
        send(to, name).await;
    }
    let withdraw = |fail: bool| json!({"to": "ann@example.com", "name": "hello", "fail": fail});
    harness
        .refused("probe-mail", "withdraw", withdraw(true))
        .await;
    assert_eq!(harness.mails().await.len(), 4, "an error withdraws nothing");
    for _ in 0..2 {
        harness.ok("probe-mail", "withdraw", withdraw(false)).await;
        let mails = harness.mails().await;
        assert_eq!(mails.len(), 3);
        assert!(
            mails
                .iter()
                .all(|mail| (&*mail.to, mail.supersedes.as_deref())
                    != ("ann@example.com", Some("hello")))
        );
    }
    for (to, name) in [
        ("nobody", "hello"),
        ("ann@example.com", ""),
        ("a@b", "a\nb"),
    ] {
        let wrong = json!({"to": to, "name": name, "fail": false});
        let failure = harness.refused("probe-mail", "withdraw", wrong).await;
        assert_eq!(fault(&failure), Some(Fault::Argument), "{to} {name:?}");
    }
}

async fn mails_are_delivered_after_the_commit(backend: Backend) {
    let mailer = Arc::new(Postman::default());
    let harness = probe(backend, guests::PROBE_MAIL, "probe-mail", &["mail"])
        .mailer(mailer.clone())
        .start()
        .await;
    let send = |fail: bool| {
        json!({"to": "ann@example.com", "subject": "Hello", "text": "text", "expires_at": u64::MAX,
               "supersedes": null, "about": null, "fail": fail})
    };
    harness.refused("probe-mail", "send", send(true)).await;
    harness.ok("probe-mail", "send", send(false)).await;
    while harness
        .host
        .mails()
        .list(&MailQuery::default())
        .await
        .unwrap()
        .mails[0]
        .state
        != MailState::Sent
    {
        tokio::task::yield_now().await;
    }
    harness.host.stop(Duration::from_secs(60)).await;
    let taken = mailer.0.lock().unwrap();
    assert_eq!(taken.len(), 1, "once, and nothing of the error's");
    assert_eq!(taken[0].mail.to, "ann@example.com");
}

/// Takes every letter.
#[derive(Default)]
struct Postman(Mutex<Vec<Letter>>);

#[async_trait]
impl Mailer for Postman {
    async fn deliver(&self, letter: &Letter) -> Result<Delivered, MailError> {
        self.0.lock().unwrap().push(letter.clone());
        Ok(Delivered::Sent)
    }
}

async fn events_leave_with_the_commit(backend: Backend) {
    // K03
    let harness = probe(backend, guests::PROBE_EVENTS, "probe-events", &["events"])
        .start()
        .await;
    let publish = |fail: bool| json!({"name": "user-created", "payload": "{\"id\":\"1\"}", "about": "ann", "fail": fail});
    harness
        .refused("probe-events", "publish", publish(true))
        .await;
    assert_eq!(harness.events().await, [], "an error publishes nothing");
    harness.ok("probe-events", "publish", publish(false)).await;
    let events = harness.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].name.as_str(), events[0].payload.as_str()),
        ("user-created", "{\"id\":\"1\"}")
    );
    assert_sealed_and_owned(&harness, "outbox-event", "user-created").await;
}

/// What waits for delivery is found by whose it is, and cannot be read from the store.
async fn assert_sealed_and_owned(harness: &Harness, namespace: &str, word: &str) {
    let records = harness.records(&Namespace::reserved(namespace)).await;
    assert_eq!(records.len(), 1);
    for record in records.values() {
        assert_eq!(record.subject.as_deref(), Some("ann"));
        assert!(record.sealed.is_some());
        assert!(!String::from_utf8_lossy(&record.value).contains(word));
    }
}

async fn audit_is_written_whatever_the_answer(backend: Backend) {
    let harness = probe(backend, guests::PROBE_AUDIT, "probe-audit", &["audit"])
        .start()
        .await;
    harness
        .ok(
            "probe-audit",
            "decide",
            json!({"action": "sign-in", "subject": "ann", "fail": false}),
        )
        .await;
    harness.clock.advance(1);
    harness
        .refused(
            "probe-audit",
            "decide",
            json!({"action": "sign-in", "fail": true}),
        )
        .await;
    let records = harness.audit().await;
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["subject"], "ann");
    for record in &records {
        assert_eq!(
            (&record["action"], &record["outcome"]),
            (&json!("sign-in"), &json!("denied"))
        );
        assert_eq!(
            (&record["channel"], &record["plane"]),
            (&json!("probe-audit"), &json!("service"))
        );
        assert_eq!(record["detail"], json!([["reason", "test"]]));
        assert_eq!(record["build"].as_str().unwrap().len(), 64, "which build");
    }
    assert_ne!(records[0]["message"], records[1]["message"]);
}

async fn limits_stand_outside_the_transaction(backend: Backend) {
    for persistent in [false, true] {
        let harness = probe(backend, guests::PROBE_LIMITS, "probe-limits", &["limits"])
            .bucket("sign-in", 2, 60_000, persistent)
            .start()
            .await;
        let take = async |key: &str| {
            harness
                .send(
                    "probe-limits",
                    "take",
                    json!({"bucket": "sign-in", "key": key}),
                )
                .await
        };
        take("ann").await.unwrap();
        take("ann").await.unwrap();
        let refused = take("ann").await.unwrap_err();
        assert_eq!(refused.code, Code::TooManyRequests);
        let wait = refused.retry_after_ms.unwrap();
        assert!((1..=60_000).contains(&wait), "{wait}");
        take("bob").await.unwrap();
        harness.clock.advance(wait);
        take("ann").await.unwrap();
        take("bob").await.unwrap();

        while take("ann").await.is_ok() {}
        harness
            .ok(
                "probe-limits",
                "reset",
                json!({"bucket": "sign-in", "key": "ann"}),
            )
            .await;
        take("ann").await.unwrap();
    }
}

async fn a_bucket_has_the_figures_that_the_build_declares_or_the_operator_configures(
    backend: Backend,
) {
    let probe = || probe(backend, guests::PROBE_LIMITS, "probe-limits", &["limits"]);
    let take = async |harness: &Harness, bucket: &str| {
        harness
            .send(
                "probe-limits",
                "take",
                json!({"bucket": bucket, "key": "ann"}),
            )
            .await
            .map_err(|refused| refused.code)
    };
    let harness = probe().start().await;
    for bucket in ["declared", "declared-lasting"] {
        assert_eq!(take(&harness, bucket).await, Ok(None));
        assert_eq!(take(&harness, bucket).await, Err(Code::TooManyRequests));
    }
    assert_eq!(take(&harness, "neither").await, Err(Code::Unknown));

    let harness = probe().bucket("declared", 2, 60_000, false).start().await;
    for _ in 0..2 {
        assert_eq!(take(&harness, "declared").await, Ok(None));
    }
    assert_eq!(take(&harness, "declared").await, Err(Code::TooManyRequests));
}
