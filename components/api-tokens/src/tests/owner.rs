//! L04: a token has no more than its owner, when it is made and when it is used.

use super::{authorize, create, metadata, scopes};
use crate::error::Error;
use crate::ports::{Outcome, Unanswered};
use crate::scopes::SCOPES;
use crate::testing::{World, limited, violated};

// L04
#[test]
fn a_token_gets_what_its_owners_roles_give_now() {
    let world = World::default();
    // The credential says `user`; the account has changed since.
    world.set_account("a1", &["admin"], false);
    for names in [&["profile:read"][..], &["*"]] {
        let refused = world.service().create(metadata("ci"), scopes(names));
        assert_eq!(violated(refused), ["permissions.scopes"]);
    }
    assert!(world.service().create(metadata("ci"), None).is_ok());
    world.set_account("a1", &["admin", "user"], false);
    assert!(
        world
            .service()
            .create(metadata("ci"), scopes(&["*"]))
            .is_ok()
    );
}

// L04
#[test]
fn a_limited_credential_gives_no_more_than_it_has() {
    let world = World::default();
    world.become_user(Some(limited("a1", &["tokens:write", "profile:read"])));
    for names in [
        &["profile:write"][..],
        &["tokens:read"],
        &["*"],
        &["profile:read", "profile:write"],
    ] {
        let refused = world.service().create(metadata("ci"), scopes(names));
        assert_eq!(violated(refused), ["permissions.scopes"], "{names:?}");
    }
    for names in [
        &["profile:read"][..],
        &["tokens:write", "profile:read"],
        &[],
    ] {
        assert!(
            world
                .service()
                .create(metadata("ci"), scopes(names))
                .is_ok(),
            "{names:?}"
        );
    }
    for all in [&["*"][..], &SCOPES] {
        world.become_user(Some(limited("a1", all)));
        assert!(
            world
                .service()
                .create(metadata("ci"), scopes(&["*"]))
                .is_ok()
        );
    }
}

// L04
#[test]
fn an_account_whose_address_is_not_verified_gets_no_token_and_keeps_those_it_has() {
    let world = World::default();
    world.set_account("a1", &["user"], false);
    let (_, value) = create(&world, &["profile:read"]);
    world.unverify("a1");
    assert_eq!(
        world.service().create(metadata("ci"), None),
        Err(Error::AccessDenied)
    );
    assert!(authorize(&world, &value).is_ok());
}

// L04
#[test]
fn who_has_no_account_gets_no_token() {
    let world = World::default();
    world.set_account("a1", &["user"], true);
    assert_eq!(
        world.service().create(metadata("ci"), None),
        Err(Error::AccessDenied)
    );
    world.accounts.borrow_mut().clear();
    assert_eq!(
        world.service().create(metadata("ci"), None),
        Err(Error::AccessDenied)
    );
    assert_eq!(
        world.audited("api-token-create", Outcome::Denied, Some("a1")),
        2
    );
    assert!(world.entries.borrow().is_empty());
}

// L04
#[test]
fn scopes_follow_the_owners_roles_at_use() {
    let world = World::default();
    let (_, some) = create(&world, &["profile:read", "tokens:read"]);
    let (_, all) = create(&world, &["*"]);
    let names = |names: &[&str]| Ok(scopes(names).unwrap());
    assert_eq!(
        authorize(&world, &some),
        names(&["profile:read", "tokens:read"])
    );
    assert_eq!(authorize(&world, &all), names(&["*"]));
    world.set_account("a1", &["admin"], false);
    assert_eq!(authorize(&world, &some), names(&[]));
    assert_eq!(authorize(&world, &all), names(&[]));
    // The token kept what it was given: roles that come back bring it back.
    world.set_account("a1", &["admin", "user"], false);
    assert_eq!(authorize(&world, &all), names(&["*"]));
    let established = world.established.borrow();
    assert_eq!(established.last().unwrap().roles, ["admin", "user"]);
}

// L04
#[test]
fn a_token_is_dead_while_its_owner_is_switched_off_or_gone() {
    let world = World::default();
    let (_, value) = create(&world, &["*"]);
    world.set_account("a1", &["user"], true);
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
    world.set_account("a1", &["user"], false);
    assert!(authorize(&world, &value).is_ok());
    world.accounts.borrow_mut().clear();
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
    assert_eq!(
        world.audited("api-token-use", Outcome::Denied, Some("a1")),
        2
    );
}

#[test]
fn an_account_that_cannot_be_asked_for_is_no_reason_to_let_somebody_in() {
    let world = World::default();
    let (_, value) = create(&world, &["*"]);
    world.unanswered.set(Some(Unanswered::Refused("unknown")));
    assert_eq!(authorize(&world, &value), Err(Error::Unknown));
    assert_eq!(
        world.service().create(metadata("ci"), None),
        Err(Error::Unknown)
    );
    assert_eq!(
        *world.log.borrow(),
        ["authorization/get-account: it answered unknown"; 2]
    );
    world.unanswered.set(Some(Unanswered::TooManyRequests(9)));
    assert_eq!(authorize(&world, &value), Err(Error::TooManyRequests(9)));
    assert_eq!(
        world.service().create(metadata("ci"), None),
        Err(Error::TooManyRequests(9))
    );
}
