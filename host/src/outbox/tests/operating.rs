//! What an operator sees and does, and what the running deliverer does by itself.

use std::sync::Arc;

use tokio::sync::watch;

use crate::outbox::MailState::{Captured, Failed, Queued, Sent};
use crate::outbox::{MailQuery, MailState, RetryError};
use crate::store::Store as _;

use super::fixture::{Answer, Fixture, Gate};
use super::on_every_store;

on_every_store! {
    mails_are_listed_page_by_page,
    only_what_can_be_delivered_is_tried_again,
    the_store_shows_no_address_and_no_word,
    the_deliverer_works_when_it_is_told_and_finishes_what_it_began,
    mails_are_found_by_whose_they_are,
}

async fn mails_are_listed_page_by_page(fixture: Fixture) {
    fixture.script.to("bad@example.com", Answer::Refuse);
    let mut ids = Vec::new();
    for to in ["a@example.com", "bad@example.com", "c@example.com"] {
        ids.push(fixture.post(to).await);
    }
    fixture.deliver().await;
    ids.push(fixture.post("d@example.com").await);
    let list = async |state, after: Option<&String>, limit| {
        let query = MailQuery {
            state,
            after: after.cloned(),
            limit,
        };
        let page = fixture.mails.list(&query).await.unwrap();
        let found: Vec<_> = page.mails.into_iter().map(|mail| mail.id).collect();
        (found, page.next)
    };
    assert_eq!(list(None, None, None).await, (ids.clone(), None));
    let (first, next) = list(None, None, Some(3)).await;
    assert_eq!((&first[..], next.as_ref()), (&ids[..3], Some(&ids[2])));
    let (rest, next) = list(None, next.as_ref(), Some(3)).await;
    assert_eq!((&rest[..], next), (&ids[3..], None));
    let (failed, _) = list(Some(Failed), None, None).await;
    assert_eq!(failed, [ids[1].clone()]);
    let (captured, next) = list(Some(Captured), None, None).await;
    assert_eq!((captured.len(), next), (0, None));
    assert!(fixture.mails.find("mail-9999").await.unwrap().is_none());
}

async fn only_what_can_be_delivered_is_tried_again(fixture: Fixture) {
    let refused = async |id: &str| match fixture.mails.retry(id).await {
        Err(error) => error,
        Ok(_) => panic!("it is tried again"),
    };
    assert!(matches!(refused("mail-9999").await, RetryError::NotFound));
    let sent = fixture.post("ann@example.com").await;
    fixture.deliver().await;
    assert!(matches!(refused(&sent).await, RetryError::State(Sent)));

    fixture.script.to_all(Answer::PutOff);
    let waits = fixture.post("ann@example.com").await;
    fixture.deliver().await;
    fixture.mails.retry(&waits).await.unwrap();
    fixture.deliver().await;
    assert_eq!(fixture.script.seen().len(), 3, "at once");
    assert_eq!(fixture.mail(&waits).await.tries, 1, "as for the first time");
    fixture.clock.advance(1_000);
    fixture.lease(&waits).await;
    let error = refused(&waits).await;
    assert!(matches!(error, RetryError::State(MailState::Sending)));

    fixture.script.to_all(Answer::Refuse);
    let older = fixture.post_named("ann@example.com", "reset").await;
    fixture.deliver().await;
    let newer = fixture.post_named("ann@example.com", "reset").await;
    fixture.deliver().await;
    let error = refused(&older).await;
    assert!(matches!(error, RetryError::State(MailState::Superseded)));
    fixture.clock.advance(3_600_000);
    assert!(matches!(refused(&newer).await, RetryError::Expired));
    assert_eq!(fixture.state(&newer).await, Failed);
}

async fn the_store_shows_no_address_and_no_word(fixture: Fixture) {
    // J04
    fixture.script.to("bad@example.com", Answer::Refuse);
    fixture.script.to("cap@example.com", Answer::Capture);
    for to in ["bad@example.com", "cap@example.com", "ann@example.com"] {
        fixture.post_named(to, "s3cret-name").await;
    }
    let mut looked_at = 0;
    for _ in 0..2 {
        for name in ["", "-state", "-queue", "-newest"] {
            for (key, value) in fixture.records(&format!("outbox-mail{name}")).await {
                let shown = key + &String::from_utf8_lossy(&value);
                for secret in ["example.com", "s3cret", "t0ken"] {
                    assert!(!shown.contains(secret), "{name}: {shown}");
                }
                looked_at += 1;
            }
        }
        fixture.deliver().await;
    }
    assert_eq!(looked_at, 3 * 4 + 2 + 3 + 3);
    let (mails, secrets) = (fixture.mails.list(&MailQuery::default()).await, "example");
    assert!(!format!("{mails:?}").contains(secrets));
    assert!(!format!("{:?}", fixture.script.letters()).contains(secrets));
    assert!(!fixture.metrics.encode().contains(secrets));
}

async fn the_deliverer_works_when_it_is_told_and_finishes_what_it_began(fixture: Fixture) {
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(fixture.deliverer.clone().run(stopped));
    let gate = Arc::<Gate>::default();
    fixture
        .script
        .to("slow@example.com", Answer::Gate(gate.clone()));
    let quick = fixture.post("ann@example.com").await;
    fixture.woken.notify_one();
    while fixture.state(&quick).await != Sent {
        tokio::task::yield_now().await;
    }
    let slow = fixture.post("slow@example.com").await;
    fixture.woken.notify_one();
    gate.reached.notified().await;
    stop.send_replace(true);
    let late = fixture.post("bob@example.com").await;
    fixture.woken.notify_one();
    gate.open.notify_one();
    running.await.unwrap();
    assert_eq!(fixture.state(&slow).await, Sent);
    assert_eq!(fixture.state(&late).await, Queued, "the next start's");
}

async fn mails_are_found_by_whose_they_are(fixture: Fixture) {
    fixture.post_named("ann@example.com", "reset").await;
    let found = async || {
        let mut snapshot = fixture.store.begin().await.unwrap();
        let found = snapshot.scan_subject("ann-1", None, 100, 0).await.unwrap();
        let names = found.into_iter().map(|(name, _)| name.as_str().to_owned());
        names.collect::<Vec<_>>()
    };
    let all = [
        "h/outbox-mail",
        "h/outbox-mail-newest",
        "h/outbox-mail-queue",
        "h/outbox-mail-state",
    ];
    assert_eq!(found().await, all);
    fixture.script.to_all(Answer::PutOff);
    fixture.deliver().await;
    assert_eq!(found().await, all, "also after a change");
}
