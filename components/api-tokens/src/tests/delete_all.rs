use super::{authorize, create};
use crate::error::Error;
use crate::ports::Outcome;
use crate::service::MAX_TOKENS;
use crate::testing::{World, principal};

#[test]
fn all_tokens_of_a_person_go_and_nobody_elses() {
    let world = World::default();
    let values: Vec<_> = (0..150).map(|_| create(&world, &["*"]).1).collect();
    let ended = create(&world, &[]).0.uuid;
    world.service().force_expiration(&ended).unwrap();
    world.become_user(Some(principal("a2")));
    let (_, other) = create(&world, &["*"]);
    world.become_user(Some(principal("a1")));
    assert_eq!(world.service().delete_all(), Ok(()));
    assert!(
        values
            .iter()
            .all(|value| authorize(&world, value) == Err(Error::Unauthenticated))
    );
    assert!(authorize(&world, &other).is_ok());
    assert!(
        world
            .entries
            .borrow()
            .values()
            .all(|entry| entry.subject == "a2")
    );
    let audit = world.audit.borrow();
    let (_, _, _, detail) = audit
        .iter()
        .find(|record| record.0 == "api-token-delete-all")
        .unwrap();
    assert_eq!(*detail, [("tokens".to_owned(), "151".to_owned())]);
}

/// The account goes in the same message, which may call the host 10 000 times.
#[test]
fn as_many_tokens_as_there_can_be_go_within_a_share_of_what_a_message_may_do() {
    let world = World::default();
    let uuids: Vec<_> = (0..MAX_TOKENS)
        .map(|_| create(&world, &[]).0.uuid)
        .collect();
    for uuid in &uuids {
        world.service().force_expiration(uuid).unwrap();
    }
    for _ in 0..MAX_TOKENS {
        create(&world, &[]);
    }
    let before = world.reads.get() + world.writes.get();
    assert_eq!(world.service().delete_all(), Ok(()));
    assert!(world.entries.borrow().is_empty());
    let calls = world.reads.get() + world.writes.get() - before;
    assert!(calls < 3_100, "{calls}");
}

#[test]
fn nothing_to_remove_is_ok() {
    let world = World::default();
    for _ in 0..2 {
        assert_eq!(world.service().delete_all(), Ok(()));
    }
    assert_eq!(
        world.audited("api-token-delete-all", Outcome::Success, Some("a1")),
        2
    );
}

/// An account that goes must not be held up by what cannot be read.
#[test]
fn what_cannot_be_read_goes_too() {
    let world = World::default();
    let (_, value) = create(&world, &["*"]);
    world.damage("token/");
    assert_eq!(world.service().delete_all(), Ok(()));
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
    // Where its value led is not known, and leads nowhere: it expires with the token's end.
    assert!(
        world
            .entries
            .borrow()
            .keys()
            .all(|key| key.starts_with("value/"))
    );
}
