//! What is damaged, what panics, what cannot be written: none of it stops the other mails.

use std::sync::Arc;

use crate::outbox::MailState::{Failed, Sending, Sent};
use crate::store::{Namespace, Record, Write};

use super::fixture::{Answer, Fixture, Gate, LEASE_MS};
use super::on_every_store;

on_every_store! {
    a_damaged_letter_is_a_dead_letter,
    a_damaged_state_is_a_dead_letter_that_can_be_tried_again,
    a_mail_of_which_nothing_can_be_read_is_a_dead_letter,
    what_is_no_place_in_the_queue_hides_no_mail,
    a_forgotten_mail_is_passed_over,
    a_mailer_that_panics_harms_one_mail,
    a_result_that_cannot_be_written_at_once_is_written_then,
    a_store_that_is_down_stops_nothing_for_good,
}

fn put(name: &str, key: &str, value: &[u8]) -> Write {
    Write::Put {
        namespace: Namespace::reserved(name),
        key: key.to_owned(),
        record: Record::plain(value.to_vec()),
    }
}

async fn a_damaged_letter_is_a_dead_letter(fixture: Fixture) {
    // J02
    let poison = fixture.post("ann@example.com").await;
    let other = fixture.post("bob@example.com").await;
    fixture
        .commit(vec![put("outbox-mail", &poison, b"what is this")])
        .await;
    fixture.deliver().await;
    assert_eq!(fixture.state(&poison).await, Failed);
    let mail = fixture.mail(&poison).await;
    assert_eq!(mail.reason.as_deref(), Some("damaged"));
    assert_eq!(fixture.script.seen(), [other]);
}

async fn a_damaged_state_is_a_dead_letter_that_can_be_tried_again(fixture: Fixture) {
    // J02
    let poison = fixture.post_named("ann@example.com", "reset").await;
    let other = fixture.post("bob@example.com").await;
    fixture
        .commit(vec![put("outbox-mail-state", &poison, b"{")])
        .await;
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), std::slice::from_ref(&other));
    let mail = fixture.mail(&poison).await;
    let reason = "what was known of it is damaged";
    assert_eq!((mail.state, mail.reason.as_deref()), (Failed, Some(reason)));
    assert_eq!(mail.to.as_deref(), Some("ann@example.com"));
    assert!(fixture.records("outbox-mail-queue").await.is_empty());
    fixture.mails.retry(&poison).await.unwrap();
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), [other, poison.clone()]);
    assert_eq!(fixture.state(&poison).await, Sent);
}

async fn a_mail_of_which_nothing_can_be_read_is_a_dead_letter(fixture: Fixture) {
    // J02
    let poison = fixture.post("ann@example.com").await;
    let other = fixture.post("bob@example.com").await;
    let damage = vec![
        put("outbox-mail-state", &poison, b"{"),
        put("outbox-mail", &poison, b"what is this"),
    ];
    fixture.commit(damage).await;
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), [other]);
    let mail = fixture.mail(&poison).await;
    assert_eq!((mail.state, mail.to), (Failed, None));
    let page = fixture.mails.list(&Default::default()).await.unwrap();
    assert_eq!(page.mails.len(), 2, "it is not forgotten");
    assert!(fixture.records("outbox-mail-queue").await.is_empty());
}

async fn what_is_no_place_in_the_queue_hides_no_mail(fixture: Fixture) {
    // More than are looked at in one go, and in front of all others.
    let strays = (0..50).map(|number| put("outbox-mail-queue", &format!("!{number}"), b""));
    fixture.commit(strays.collect()).await;
    let spelt_otherwise = [
        "0/mail-0000",
        "+1700000000000/mail-0000",
        "01700000000000/../x",
    ];
    let strays = spelt_otherwise.map(|key| put("outbox-mail-queue", key, b""));
    fixture.commit(strays.into()).await;
    let id = fixture.post("ann@example.com").await;
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), std::slice::from_ref(&id));
    assert_eq!(fixture.state(&id).await, Sent);
    assert!(fixture.records("outbox-mail-queue").await.is_empty());
}

async fn a_forgotten_mail_is_passed_over(fixture: Fixture) {
    let gone = fixture.post("ann@example.com").await;
    let other = fixture.post("bob@example.com").await;
    let delete = |name: &str| Write::Delete {
        namespace: Namespace::reserved(name),
        key: gone.clone(),
    };
    let forgotten = vec![delete("outbox-mail"), delete("outbox-mail-state")];
    fixture.commit(forgotten).await;
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), [other]);
    assert!(fixture.records("outbox-mail-queue").await.is_empty());
}

async fn a_mailer_that_panics_harms_one_mail(fixture: Fixture) {
    fixture.script.to("bad@example.com", Answer::Panic);
    let bad = fixture.post("bad@example.com").await;
    let good = fixture.post("good@example.com").await;
    fixture.deliver().await;
    assert_eq!(fixture.state(&good).await, Sent);
    assert_eq!(fixture.state(&bad).await, Sending);
    fixture.script.to("bad@example.com", Answer::Send);
    fixture.clock.advance(LEASE_MS);
    fixture.deliver().await;
    assert_eq!(fixture.state(&bad).await, Sent);
}

async fn a_result_that_cannot_be_written_at_once_is_written_then(fixture: Fixture) {
    let gate = Arc::<Gate>::default();
    fixture.script.to_all(Answer::Gate(gate.clone()));
    let id = fixture.post("ann@example.com").await;
    let meanwhile = async {
        gate.reached.notified().await;
        fixture.store.hook.fail_commits(1);
        gate.open.notify_one();
    };
    tokio::join!(fixture.deliver(), meanwhile);
    assert_eq!(fixture.state(&id).await, Sent);
    assert_eq!(fixture.script.seen().len(), 1, "and is not sent twice");
}

async fn a_store_that_is_down_stops_nothing_for_good(fixture: Fixture) {
    let id = fixture.post("ann@example.com").await;
    fixture.store.hook.fail_commits(1);
    let mut running = tokio::task::JoinSet::new();
    let started = fixture.deliverer.start_due(&mut running).await;
    assert!(started.is_err() && running.is_empty());
    fixture.deliver().await;
    assert_eq!(fixture.state(&id).await, Sent);
}
