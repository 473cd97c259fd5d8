//! `save-token`, `get-access-token`, `get-refresh-token`.

use super::{access_lives, pair, paths, refresh_lives, revoke, rotate, save, secret, token};
use crate::error::Error;
use crate::service::{RevocationReason, SaveToken};
use crate::settings::{DAY, HOUR};
use crate::testing::World;

const ADA: &str = "ada@example.com";

fn save_request(world: &World, request: SaveToken) -> Result<(), Error> {
    world.call(|service| service.save_token(request))
}

// D06
#[test]
fn both_halves_of_a_pair_are_found_with_their_owner() {
    let world = World::default();
    let id = world.active("Ada@example.com");
    let request = pair(&world, &id, "one");
    save_request(&world, request.clone()).unwrap();
    let access = world
        .call(|service| service.get_access_token(&request.access_token))
        .unwrap()
        .unwrap();
    assert_eq!(access.expires_at, request.access_expires_at);
    assert_eq!(
        (&access.owner.id, access.owner.email.as_str()),
        (&id, "Ada@example.com")
    );
    let refresh = world
        .call(|service| service.get_refresh_token(&request.refresh_token))
        .unwrap()
        .unwrap();
    assert_eq!(
        (refresh.expires_at, refresh.owner.id),
        (request.refresh_expires_at, id)
    );
    // One half is not the other.
    let swapped = world.call(|service| service.get_access_token(&request.refresh_token));
    assert_eq!(swapped, Ok(None));
    let swapped = world.call(|service| service.get_refresh_token(&request.access_token));
    assert_eq!(swapped, Ok(None));
    // Nobody is established by it.
    assert!(world.message.borrow().principal.is_none());
}

// F01
#[test]
fn each_half_lives_until_its_own_end() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    world.pass(HOUR - 1);
    assert!(access_lives(&world, "one") && refresh_lives(&world, "one"));
    world.pass(1);
    assert!(!access_lives(&world, "one") && refresh_lives(&world, "one"));
    world.pass(9 * HOUR);
    assert!(!refresh_lives(&world, "one"));
    // Nothing of it is left.
    let state = world.state.borrow();
    let now = world.now.get();
    let saved = state
        .entries
        .iter()
        .filter(|(key, _)| key.starts_with("saved"));
    assert!(
        saved
            .into_iter()
            .all(|(_, entry)| entry.expires_at.unwrap() <= now)
    );
}

#[test]
fn the_owner_is_as_they_are_now() {
    let world = World::default();
    let id = world.register(ADA).id;
    save(&world, &id, "one", None).unwrap();
    let owner = || {
        let found = world.call(|service| service.get_access_token(&token("access-one")));
        found.unwrap().unwrap().owner
    };
    assert!(!owner().is_verified());
    let users = world.call(|service| service.get_forgot_password_token(ADA));
    assert!(users.is_ok());
    world
        .operate(|service| service.set_roles(&id, crate::role::Role::all().into_iter().collect()))
        .unwrap();
    assert_eq!(owner().roles, crate::role::Role::all());
}

// D06
#[test]
fn what_breaks_a_rule_is_refused() {
    let world = World::default();
    let id = world.active(ADA);
    let now = world.now.get();
    let refused = |change: &dyn Fn(&mut SaveToken)| {
        let mut request = pair(&world, &id, "one");
        change(&mut request);
        paths(save_request(&world, request))
    };
    let long = "x".repeat(8 * 1024 + 1);
    assert_eq!(
        refused(&|r| r.access_token = secret("nineteen characters")),
        ["access_token"]
    );
    assert_eq!(
        refused(&|r| r.access_token = secret(&long)),
        ["access_token"]
    );
    assert_eq!(
        refused(&|r| r.refresh_token = secret("")),
        ["refresh_token"]
    );
    assert_eq!(
        refused(&|r| r.previous = Some(secret("short"))),
        ["previous_refresh_token"]
    );
    // Past, in seconds, in microseconds.
    for moment in [0, now - 1, now, now / 1_000, now * 1_000, u64::MAX] {
        assert_eq!(
            refused(&|r| r.access_expires_at = moment),
            ["access_token_expires_at"]
        );
        assert_eq!(
            refused(&|r| r.refresh_expires_at = moment),
            ["refresh_token_expires_at"]
        );
    }
    let scopes = |count: usize| Some((0..count).map(|n| n.to_string()).collect());
    assert_eq!(refused(&|r| r.scopes = scopes(65)), ["scopes"]);
    assert_eq!(refused(&|r| r.scopes = scopes(10_000)), ["scopes"]);
    assert_eq!(
        refused(&|r| r.scopes = Some(vec![String::new()])),
        ["scopes"]
    );
    assert_eq!(
        refused(&|r| r.scopes = Some(vec!["x".repeat(129)])),
        ["scopes"]
    );
    let all = refused(&|r| {
        r.access_token = secret("");
        r.refresh_token = secret("");
        r.access_expires_at = 0;
        r.refresh_expires_at = 0;
    });
    assert_eq!(
        all,
        [
            "access_token",
            "refresh_token",
            "access_token_expires_at",
            "refresh_token_expires_at"
        ]
    );
    assert!(world.stored("saved").is_empty());
    let mut request = pair(&world, &id, "one");
    request.access_token = secret(&"x".repeat(8 * 1024));
    request.refresh_token = secret(&"y".repeat(20));
    request.access_expires_at = now + 1;
    request.refresh_expires_at = now + 3_650 * DAY;
    request.scopes = scopes(64);
    assert_eq!(save_request(&world, request), Ok(()));
}

// D06
#[test]
fn there_is_nothing_for_who_is_unknown_or_disabled_and_a_pending_one_may() {
    let world = World::default();
    for id in ["nobody", "", &"x".repeat(1_000)] {
        assert_eq!(save(&world, id, "one", None), Err(Error::NotFound));
    }
    let id = world.register(ADA).id;
    assert_eq!(save(&world, &id, "one", None), Ok(()));
    world
        .operate(|service| service.set_disabled(&id, true))
        .unwrap();
    assert_eq!(save(&world, &id, "two", None), Err(Error::NotFound));
    assert!(!access_lives(&world, "one"));
}

#[test]
fn the_same_data_again_changes_nothing() {
    let world = World::default();
    let id = world.active(ADA);
    let request = SaveToken {
        scopes: Some(vec!["a".to_owned(), "b".to_owned()]),
        ..pair(&world, &id, "one")
    };
    save_request(&world, request.clone()).unwrap();
    let before = world.state.borrow().clone();
    world.pass(1_000);
    let reordered = SaveToken {
        scopes: Some(vec!["b".to_owned(), "a".to_owned(), "b".to_owned()]),
        ..request
    };
    assert_eq!(save_request(&world, reordered), Ok(()));
    world.rotate_mac_key();
    let request = SaveToken {
        scopes: Some(vec!["a".to_owned(), "b".to_owned()]),
        access_expires_at: pair(&world, &id, "one").access_expires_at - 1_000,
        refresh_expires_at: pair(&world, &id, "one").refresh_expires_at - 1_000,
        ..pair(&world, &id, "one")
    };
    assert_eq!(save_request(&world, request), Ok(()));
    assert_eq!(*world.state.borrow(), before);
}

#[test]
fn the_same_token_with_other_data_is_a_conflict() {
    let world = World::default();
    let (ada, bob) = (world.active(ADA), world.active("bob@example.com"));
    save(&world, &ada, "one", None).unwrap();
    save(&world, &ada, "two", None).unwrap();
    let before = world.state.borrow().clone();
    let changes: [&dyn Fn(&mut SaveToken); 8] = [
        &|r| r.access_expires_at += 1,
        &|r| r.refresh_expires_at += 1,
        &|r| r.owner = bob.clone(),
        &|r| r.scopes = Some(Vec::new()),
        &|r| r.access_token = token("access-other"),
        &|r| r.refresh_token = token("refresh-other"),
        &|r| r.access_token = token("access-two"),
        &|r| r.previous = Some(token("refresh-two")),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut request = pair(&world, &ada, "one");
        change(&mut request);
        assert_eq!(
            save_request(&world, request),
            Err(Error::Conflict),
            "{number}"
        );
    }
    assert_eq!(*world.state.borrow(), before);
}

// E05
#[test]
fn a_pair_that_was_revoked_is_not_revived_by_saving_it_again() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    assert!(revoke(&world, &id, "one", RevocationReason::Logout));
    assert_eq!(save(&world, &id, "one", None), Ok(()));
    assert!(!access_lives(&world, "one") && !refresh_lives(&world, "one"));
    save(&world, &id, "two", None).unwrap();
    assert!(revoke(&world, &id, "two", RevocationReason::Rotation));
    assert_eq!(save(&world, &id, "two", None), Ok(()));
    assert!(!access_lives(&world, "two") && !refresh_lives(&world, "two"));
}

#[test]
fn a_successor_stays_in_the_family_of_the_used_token_before_it() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    rotate(&world, &id, "one", "two");
    rotate(&world, &id, "two", "three");
    assert_eq!(world.stored("saved-family/").len(), 1);
    save(&world, &id, "other", None).unwrap();
    assert_eq!(world.stored("saved-family/").len(), 2);
    assert!(revoke(&world, &id, "three", RevocationReason::Logout));
    assert!(!access_lives(&world, "three") && access_lives(&world, "other"));
}

/// The family lasts as long as the last of its tokens.
#[test]
fn a_family_outlives_its_first_pair() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    world.pass(9 * HOUR);
    rotate(&world, &id, "one", "two");
    world.pass(9 * HOUR);
    assert!(refresh_lives(&world, "two"));
}

#[test]
fn a_token_before_must_be_a_used_one_of_theirs_in_a_living_family() {
    let world = World::default();
    let (ada, bob) = (world.active(ADA), world.active("bob@example.com"));
    save(&world, &ada, "one", None).unwrap();
    // Unknown; not used yet; another's.
    assert_eq!(
        save(&world, &ada, "two", Some("nothing")),
        Err(Error::NotFound)
    );
    assert_eq!(save(&world, &ada, "two", Some("one")), Err(Error::NotFound));
    assert!(revoke(&world, &ada, "one", RevocationReason::Rotation));
    assert_eq!(save(&world, &bob, "two", Some("one")), Err(Error::NotFound));
    assert_eq!(save(&world, &ada, "two", Some("one")), Ok(()));
    // Ended.
    assert!(revoke(&world, &ada, "two", RevocationReason::Logout));
    assert_eq!(
        save(&world, &ada, "three", Some("two")),
        Err(Error::NotFound)
    );
    assert!(!access_lives(&world, "two"));
}

// E03
#[test]
fn of_two_pairs_that_follow_from_one_token_the_first_is_saved() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    assert!(revoke(&world, &id, "one", RevocationReason::Rotation));
    save(&world, &id, "two", Some("one")).unwrap();
    let before = world.state.borrow().clone();
    // In a row, and after the other one was used up too.
    assert_eq!(
        save(&world, &id, "other", Some("one")),
        Err(Error::Conflict)
    );
    assert!(world.was_denied("token-save", Some(&id), "has-a-successor"));
    assert_eq!(*world.state.borrow(), before);
    assert!(!access_lives(&world, "other") && access_lives(&world, "two"));
    // A reply that was lost: the same pair again.
    assert_eq!(save(&world, &id, "two", Some("one")), Ok(()));
    rotate(&world, &id, "two", "three");
    assert_eq!(
        save(&world, &id, "other", Some("one")),
        Err(Error::Conflict)
    );
    assert_eq!(
        save(&world, &id, "other", Some("two")),
        Err(Error::Conflict)
    );
    assert!(refresh_lives(&world, "three") && !refresh_lives(&world, "other"));
}

/// Whoever used the token up and failed before saving anything may still do it.
#[test]
fn a_pair_that_was_refused_is_no_successor() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    save(&world, &id, "taken", None).unwrap();
    assert!(revoke(&world, &id, "one", RevocationReason::Rotation));
    assert_eq!(
        save(&world, &id, "taken", Some("one")),
        Err(Error::Conflict)
    );
    assert_eq!(save(&world, &id, "two", Some("one")), Ok(()));
}

#[test]
fn saved_tokens_outlive_a_rotation_of_the_mac_key() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    world.rotate_mac_key();
    assert!(access_lives(&world, "one") && refresh_lives(&world, "one"));
    rotate(&world, &id, "one", "two");
    assert!(!access_lives(&world, "one") && access_lives(&world, "two"));
}

#[test]
fn what_was_never_saved_is_empty_and_what_cannot_be_is_not_looked_up() {
    let world = World::default();
    let read = |text: &str| {
        let access = world.call(|service| service.get_access_token(&secret(text)));
        let looked = world.effort().contains_key("get");
        let refresh = world.call(|service| service.get_refresh_token(&secret(text)));
        assert_eq!((access, refresh), (Ok(None), Ok(None)));
        looked
    };
    assert!(read("twenty characters and more"));
    for text in ["", "nineteen characters", &"x".repeat(8 * 1024 + 1)] {
        assert!(!read(text));
    }
}
