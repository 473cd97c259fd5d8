//! A used refresh token that comes back.

use super::{access_lives, refresh_lives, revoke, rotate, save};
use crate::error::Error;
use crate::service::RevocationReason;
use crate::settings::SECOND;
use crate::testing::World;

const ADA: &str = "ada@example.com";

/// A family whose first token was used.
fn rotated(world: &World) -> String {
    let id = world.active(ADA);
    save(world, &id, "one", None).unwrap();
    rotate(world, &id, "one", "two");
    id
}

// E01, E04
#[test]
fn within_the_grace_it_is_only_empty() {
    let world = World::default();
    rotated(&world);
    world.pass(30 * SECOND - 1);
    for _ in 0..10 {
        assert!(!refresh_lives(&world, "one"));
    }
    assert!(access_lives(&world, "two") && refresh_lives(&world, "two"));
    assert!(world.state.borrow().events.is_empty());
}

// E02
#[test]
fn after_the_grace_it_ends_the_family_for_good() {
    let world = World::default();
    let id = rotated(&world);
    world.pass(30 * SECOND);
    assert!(!refresh_lives(&world, "one"));
    assert!(!access_lives(&world, "two") && !refresh_lives(&world, "two"));
    let (action, _, subject, _) = world.last_audit();
    assert_eq!(
        (action.as_str(), subject),
        ("token-reuse", Some(id.clone()))
    );
    let state = world.state.borrow();
    let [(name, payload, about)] = state.events.as_slice() else {
        panic!("{:?}", state.events)
    };
    assert_eq!((name.as_str(), about), ("token-family-reused", &id));
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
    assert_eq!(payload["subject"], id);
    assert!(payload["family"].is_string() && payload["at"] == world.now.get());
}

// E02
#[test]
fn it_stays_ended_whatever_the_caller_answers() {
    let world = World::default();
    rotated(&world);
    world.pass(30 * SECOND);
    let answer: Result<(), Error> = world.call(|service| {
        service.get_refresh_token(&super::token("refresh-one"))?;
        Err(Error::AccessDenied)
    });
    assert!(answer.is_err());
    assert!(!refresh_lives(&world, "two"));
    assert_eq!(world.state.borrow().events.len(), 1);
}

#[test]
fn a_family_that_has_ended_is_not_ended_again() {
    let world = World::default();
    let id = rotated(&world);
    assert!(revoke(&world, &id, "two", RevocationReason::Logout));
    world.pass(30 * SECOND);
    assert!(!refresh_lives(&world, "one"));
    assert!(world.state.borrow().events.is_empty());
}

#[test]
fn other_families_are_left_alone() {
    let world = World::default();
    let id = rotated(&world);
    save(&world, &id, "other", None).unwrap();
    world.pass(30 * SECOND);
    assert!(!refresh_lives(&world, "one"));
    assert!(access_lives(&world, "other") && refresh_lives(&world, "other"));
}

#[test]
fn the_grace_is_configured() {
    let world = World::default();
    world.set("refresh-grace", "0");
    rotated(&world);
    assert!(!refresh_lives(&world, "one"));
    assert!(!refresh_lives(&world, "two"));
    assert_eq!(world.state.borrow().events.len(), 1);
}
