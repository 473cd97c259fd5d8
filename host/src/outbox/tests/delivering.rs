//! A server that is up, down, refusing, slow.

use crate::outbox::MailState::{Captured, Expired, Failed, Queued, Sending, Sent};
use crate::store::{Namespace, Record, Write};

use super::fixture::{Answer, Fixture, LEASE_MS, START};
use super::on_every_store;

on_every_store! {
    what_is_queued_is_handed_over_once,
    a_server_that_is_down_costs_no_mail_a_try,
    only_an_answer_of_the_server_ends_an_outage,
    a_refused_mail_is_given_up_and_kept,
    a_mail_that_is_put_off_is_tried_again_later_and_later,
    a_mail_that_takes_too_long_is_put_off,
    a_mail_that_expires_is_never_delivered,
    what_is_captured_is_kept_with_its_words,
    a_host_that_ends_between_hand_over_and_mark_hands_over_again,
    a_lease_that_always_ends_without_a_word_ends_in_a_dead_letter,
    whoever_lost_the_lease_hands_nothing_over,
    several_hosts_hand_over_once,
}

async fn what_is_queued_is_handed_over_once(fixture: Fixture) {
    let ids = [
        fixture.post("ann@example.com").await,
        fixture.post("bob@example.com").await,
        fixture.post("cid@example.com").await,
    ];
    assert_eq!(fixture.states().await, [Queued; 3]);
    fixture.deliver().await;
    fixture.deliver().await;
    assert_eq!(fixture.script.seen(), ids);
    let letter = &fixture.script.letters()[0];
    assert_eq!((&*letter.mail.to, letter.at), ("ann@example.com", START));
    assert_eq!(letter.mail.text, "https://example.com/#t0ken");
    assert_eq!(fixture.states().await, [Sent; 3]);
    let view = fixture.mails.find(&ids[0]).await.unwrap().unwrap();
    assert_eq!(view.summary.to.as_deref(), Some("ann@example.com"));
    assert_eq!(
        (view.text, view.html),
        (None, None),
        "its words are not kept"
    );
    assert!(fixture.records("outbox-mail").await.is_empty());
    assert!(fixture.records("outbox-mail-queue").await.is_empty());
    fixture.clock.advance(30_000_000);
    assert_eq!(fixture.states().await, [], "nor is it known for ever");
}

async fn a_server_that_is_down_costs_no_mail_a_try(fixture: Fixture) {
    // J02
    fixture.script.to_all(Answer::Unreachable);
    for number in 0..5 {
        fixture.post(&format!("p{number}@example.com")).await;
    }
    fixture.deliver().await;
    fixture.deliver().await;
    assert_eq!(fixture.script.seen().len(), 2, "those that were under way");
    assert!(fixture.deliverer.outage().is_some());
    for (wait, seen) in [(999, 2), (1, 3), (1_999, 3), (1, 4)] {
        fixture.clock.advance(wait);
        fixture.deliver().await;
        assert_eq!(fixture.script.seen().len(), seen, "one asks for all");
    }
    assert_eq!(fixture.states().await, [Queued; 5]);
    let page = fixture.mails.list(&Default::default()).await.unwrap();
    assert!(page.mails.iter().all(|mail| mail.tries == 0));
    fixture.script.to_all(Answer::Send);
    fixture.clock.advance(4_000);
    fixture.deliver().await;
    assert_eq!(fixture.states().await, [Sent; 5]);
    assert_eq!(fixture.script.seen().len(), 4 + 5);
    assert!(fixture.deliverer.outage().is_none());
}

async fn only_an_answer_of_the_server_ends_an_outage(fixture: Fixture) {
    // J02
    fixture.script.to_all(Answer::Unreachable);
    let down = fixture.post("ann@example.com").await;
    fixture.deliver().await;
    fixture.clock.advance(1_000);
    let damage = Write::Put {
        namespace: Namespace::reserved("outbox-mail"),
        key: down.clone(),
        record: Record::plain(b"what is this".to_vec()),
    };
    fixture.commit(vec![damage]).await;
    for (to, answer) in [
        ("b@example.com", Answer::Unfit),
        ("c@example.com", Answer::Nothing),
    ] {
        fixture.script.to(to, answer);
        fixture.post(to).await;
    }
    fixture.deliver().await;
    assert_eq!(fixture.states().await, [Failed, Failed, Queued]);
    assert!(fixture.deliverer.outage().is_some(), "nobody answered");
    let refused = fixture.post("d@example.com").await;
    fixture.script.to("d@example.com", Answer::Refuse);
    fixture.deliver().await;
    assert_eq!(fixture.state(&refused).await, Failed);
    assert!(fixture.deliverer.outage().is_none(), "that was an answer");
}

async fn a_refused_mail_is_given_up_and_kept(fixture: Fixture) {
    // J02
    fixture.script.to("bad@example.com", Answer::Refuse);
    let bad = fixture.post("bad@example.com").await;
    let good = fixture.post("good@example.com").await;
    fixture.deliver().await;
    assert_eq!(
        (fixture.state(&bad).await, fixture.state(&good).await),
        (Failed, Sent)
    );
    let view = fixture.mails.find(&bad).await.unwrap().unwrap();
    assert_eq!(view.summary.reason.as_deref(), Some("refused (550)"));
    assert!(view.text.is_some(), "a dead letter can be read");
    fixture.script.to("bad@example.com", Answer::Send);
    fixture.clock.advance(60_000);
    fixture.deliver().await;
    assert_eq!(fixture.script.seen().len(), 2, "not by itself");
    fixture.mails.retry(&bad).await.unwrap();
    assert_eq!(fixture.state(&bad).await, Queued);
    fixture.deliver().await;
    assert_eq!(fixture.state(&bad).await, Sent);
    assert_eq!(fixture.script.seen()[2], bad, "under its id");
}

async fn a_mail_that_is_put_off_is_tried_again_later_and_later(fixture: Fixture) {
    fixture.script.to_all(Answer::PutOff);
    let id = fixture.post("ann@example.com").await;
    for (wait, tries) in [(0, 1), (999, 1), (1, 2), (1_999, 2), (1, 3)] {
        fixture.clock.advance(wait);
        fixture.deliver().await;
        assert_eq!(fixture.script.seen().len(), tries);
    }
    let mail = fixture.mail(&id).await;
    assert_eq!((mail.state, mail.tries, mail.next_at), (Failed, 3, None));
    assert_eq!(
        mail.reason.as_deref(),
        Some("put off (451), tried too often")
    );
}

async fn a_mail_that_takes_too_long_is_put_off(fixture: Fixture) {
    // As many as are handed over at once: the others come next.
    for poison in ["slow@example.com", "still@example.com"] {
        fixture.script.to(poison, Answer::Nothing);
        fixture.post(poison).await;
    }
    fixture.post("ann@example.com").await;
    fixture.post("bob@example.com").await;
    fixture.deliver().await;
    assert_eq!(fixture.states().await, [Queued, Queued, Sent, Sent]);
    let page = fixture.mails.list(&Default::default()).await.unwrap();
    assert_eq!(page.mails[0].reason.as_deref(), Some("not in time"));
    assert_eq!(page.mails[0].next_at, Some(START + 1_000));
}

async fn a_mail_that_expires_is_never_delivered(fixture: Fixture) {
    let now = START;
    let over = fixture.post_mail("a@example.com", None, now).await;
    let short = fixture.post_mail("b@example.com", None, now + 500).await;
    fixture.script.to_all(Answer::PutOff);
    fixture.deliver().await;
    assert_eq!(fixture.state(&over).await, Expired);
    let mail = fixture.mail(&short).await;
    assert_eq!((mail.state, mail.next_at), (Queued, Some(now + 500)));
    fixture.script.to_all(Answer::Send);
    fixture.clock.advance(500);
    assert_eq!(fixture.state(&short).await, Expired, "also if unnoticed");
    fixture.deliver().await;
    assert_eq!(fixture.state(&short).await, Expired);
    assert_eq!(fixture.script.seen(), [short]);
    assert!(fixture.records("outbox-mail").await.is_empty());
}

async fn what_is_captured_is_kept_with_its_words(fixture: Fixture) {
    fixture.script.to_all(Answer::Capture);
    let id = fixture.post("ann@example.com").await;
    fixture.deliver().await;
    let view = fixture.mails.find(&id).await.unwrap().unwrap();
    assert_eq!(view.summary.state, Captured);
    assert_eq!(view.summary.subject.as_deref(), Some("your s3cret link"));
    assert_eq!(view.text.as_deref(), Some("https://example.com/#t0ken"));
    assert_eq!(view.html.as_deref(), Some("<a>t0ken</a>"));
    fixture.script.to_all(Answer::Send);
    fixture.mails.retry(&id).await.unwrap();
    fixture.deliver().await;
    assert_eq!(fixture.state(&id).await, Sent, "there is a server now");

    fixture.script.to_all(Answer::Capture);
    let other = fixture.post("bob@example.com").await;
    fixture.deliver().await;
    fixture.clock.advance(7_000_000);
    assert!(fixture.mails.find(&other).await.unwrap().is_none());
}

async fn a_host_that_ends_between_hand_over_and_mark_hands_over_again(fixture: Fixture) {
    // J01
    let id = fixture.post("ann@example.com").await;
    let held = fixture.lease(&id).await;
    assert_eq!(fixture.state(&id).await, Sending);
    fixture.clock.advance(LEASE_MS - 1);
    fixture.deliver().await;
    assert!(fixture.script.seen().is_empty(), "it is another's");
    fixture.clock.advance(1);
    fixture.deliver().await;
    assert_eq!(
        fixture.script.seen(),
        std::slice::from_ref(&id),
        "under the same id"
    );
    let mail = fixture.mail(&id).await;
    assert_eq!((mail.state, mail.tries), (Sent, 2));
    // The first one was only slow: what it says now does not count.
    let refused = crate::outbox::held::Settled::Failed("late".to_owned());
    assert_eq!(fixture.queue.settle(held, &refused).await.unwrap(), None);
    assert_eq!(fixture.state(&id).await, Sent);
}

async fn a_lease_that_always_ends_without_a_word_ends_in_a_dead_letter(fixture: Fixture) {
    let id = fixture.post("ann@example.com").await;
    for _ in 0..3 {
        fixture.lease(&id).await;
        fixture.clock.advance(LEASE_MS);
    }
    fixture.deliver().await;
    assert_eq!(fixture.state(&id).await, Failed);
    assert!(fixture.script.seen().is_empty());
}

async fn whoever_lost_the_lease_hands_nothing_over(fixture: Fixture) {
    let id = fixture.post("ann@example.com").await;
    let held = fixture.lease(&id).await;
    // It stood still for so long that what is left of the lease is shorter than a hand-over may be.
    fixture.clock.advance(LEASE_MS - 19);
    fixture.deliverer.clone().hand_over(held.clone()).await;
    assert!(fixture.script.seen().is_empty());
    assert_eq!(fixture.state(&id).await, Sending);
    fixture.clock.advance(19);
    fixture.deliver().await;
    fixture.deliverer.clone().hand_over(held).await;
    assert_eq!(fixture.script.seen(), std::slice::from_ref(&id), "once");
    assert_eq!(fixture.state(&id).await, Sent);
}

async fn several_hosts_hand_over_once(fixture: Fixture) {
    let mut ids = Vec::new();
    for number in 0..20 {
        ids.push(fixture.post(&format!("p{number}@example.com")).await);
    }
    let other = fixture.another_deliverer();
    tokio::join!(fixture.deliver(), super::fixture::deliver(&other));
    let mut seen = fixture.script.seen();
    seen.sort();
    assert_eq!(seen, ids);
    assert_eq!(fixture.states().await, [Sent; 20]);
}
