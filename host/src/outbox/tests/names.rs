//! Of the mails of a name to an address only the newest is delivered, or none.

use crate::outbox::MailState::{Queued, Sending, Sent, Superseded, Withdrawn};

use super::fixture::{Answer, Fixture};
use super::on_every_store;

on_every_store! {
    only_the_newest_of_a_name_is_delivered,
    other_names_and_addresses_are_let_alone,
    an_older_one_is_not_delivered_after_a_newer_one,
    what_is_withdrawn_is_not_delivered,
    what_is_overtaken_after_its_lease_is_not_handed_over,
    what_is_on_its_way_is_not_called_back,
}

async fn only_the_newest_of_a_name_is_delivered(fixture: Fixture) {
    fixture.post_named("ann@example.com", "reset").await;
    fixture.post_named("ANN@example.com", "reset").await;
    let newest = fixture.post_named("ann@example.com", "reset").await;
    let known = [Superseded, Superseded, Queued];
    assert_eq!(fixture.states().await, known, "although nobody noticed");
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), [newest]);
    assert_eq!(fixture.states().await, [Superseded, Superseded, Sent]);
    assert!(fixture.records("outbox-mail").await.is_empty());
}

async fn other_names_and_addresses_are_let_alone(fixture: Fixture) {
    fixture.post_named("ann@example.com", "reset").await;
    fixture.post_named("ann@example.com", "verify").await;
    fixture.post_named("bob@example.com", "reset").await;
    fixture.post("ann@example.com").await;
    fixture.post("ann@example.com").await;
    fixture.deliver().await;
    assert_eq!(fixture.states().await, [Sent; 5]);
}

async fn an_older_one_is_not_delivered_after_a_newer_one(fixture: Fixture) {
    fixture.script.to_all(Answer::PutOff);
    let older = fixture.post_named("ann@example.com", "reset").await;
    fixture.deliver().await;
    fixture.script.to_all(Answer::Send);
    let newer = fixture.post_named("ann@example.com", "reset").await;
    fixture.deliver().await;
    fixture.clock.advance(60_000);
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), [older.clone(), newer]);
    assert_eq!(fixture.state(&older).await, Superseded);
}

async fn what_is_withdrawn_is_not_delivered(fixture: Fixture) {
    fixture.withdraw("ann@example.com", "reset").await;
    let named = fixture.post_named("ann@example.com", "reset").await;
    let other = fixture.post_named("ann@example.com", "verify").await;
    let nameless = fixture.post("ann@example.com").await;
    fixture.withdraw("Ann@example.com", "reset").await;
    fixture.withdraw("Ann@example.com", "reset").await;
    assert_eq!(fixture.state(&named).await, Withdrawn);
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), [other, nameless]);
    assert_eq!(fixture.state(&named).await, Withdrawn);
    let again = fixture.post_named("ann@example.com", "reset").await;
    fixture.deliver().await;
    assert_eq!(fixture.state(&again).await, Sent);
    fixture.withdraw("ann@example.com", "reset").await;
    assert_eq!(fixture.state(&again).await, Sent, "it is too late");
}

async fn what_is_overtaken_after_its_lease_is_not_handed_over(fixture: Fixture) {
    let withdrawn = fixture.post_named("ann@example.com", "reset").await;
    let older = fixture.post_named("bob@example.com", "reset").await;
    let leases = [fixture.lease(&withdrawn).await, fixture.lease(&older).await];
    fixture.withdraw("ann@example.com", "reset").await;
    let newer = fixture.post_named("bob@example.com", "reset").await;
    for held in leases {
        fixture.deliverer.clone().hand_over(held).await;
    }
    assert_eq!(fixture.states().await, [Withdrawn, Superseded, Queued]);
    assert!(fixture.script.seen().is_empty());
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), [newer]);
}

async fn what_is_on_its_way_is_not_called_back(fixture: Fixture) {
    let gate = std::sync::Arc::default();
    let answer = Answer::Gate(std::sync::Arc::clone(&gate));
    fixture.script.to_all(answer);
    let id = fixture.post_named("ann@example.com", "reset").await;
    let meanwhile = async {
        gate.reached.notified().await;
        fixture.withdraw("ann@example.com", "reset").await;
        assert_eq!(fixture.state(&id).await, Sending);
        gate.open.notify_one();
    };
    tokio::join!(fixture.deliver(), meanwhile);
    assert_eq!(fixture.state(&id).await, Sent);
}
