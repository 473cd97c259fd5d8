use super::register;
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{World, admin, limited, principal, violated};

#[test]
fn a_service_reads_every_profile_nested_or_not() {
    let world = World::default();
    let profile = register(&world, "a1");
    for (is_nested, acting_for) in [(false, None), (true, None), (true, Some("a2"))] {
        world.message.borrow_mut().is_nested = is_nested;
        world.message.borrow_mut().principal = acting_for.map(principal);
        let found = world.service().get_user_by_auth_id("a1");
        assert_eq!(found, Ok(Some(profile.clone())));
    }
}

#[test]
fn an_account_without_a_profile_is_an_empty_answer() {
    let world = World::default();
    assert_eq!(world.service().get_user_by_auth_id("nobody"), Ok(None));
    world.become_user(Some(principal("a1")));
    assert_eq!(world.service().get_user_by_auth_id("a1"), Ok(None));
    assert!(world.log.borrow().is_empty());
}

// K02
#[test]
fn a_person_reads_their_own_profile() {
    let world = World::default();
    let profile = register(&world, "a1");
    for caller in [
        principal("a1"),
        limited("a1", &["profile:read"]),
        limited("a1", &["tokens:read", "*"]),
    ] {
        world.become_user(Some(caller));
        let found = world.service().get_user_by_auth_id("a1");
        assert_eq!(found, Ok(Some(profile.clone())));
    }
}

// K02
#[test]
fn nobody_reads_anothers_profile_and_it_is_not_said_whether_there_is_one() {
    let world = World::default();
    register(&world, "a1");
    let reads = world.reads.get();
    for caller in [None, Some(principal("a2")), Some(admin("a2"))] {
        world.become_user(caller);
        for auth_id in ["a1", "nobody"] {
            let refused = world.service().get_user_by_auth_id(auth_id);
            assert_eq!(refused, Err(Error::AccessDenied));
        }
    }
    assert_eq!(world.reads.get(), reads);
    assert_eq!(
        world.audited("profile-read", Outcome::Denied, Some("a1")),
        3
    );
}

// K02: a component in between may no more than the person it asks for.
#[test]
fn a_component_reads_the_established_persons_profile_only() {
    let world = World::default();
    register(&world, "a1");
    world.become_user(None);
    world.message.borrow_mut().is_nested = true;
    let refused = world.service().get_user_by_auth_id("a1");
    assert_eq!(refused, Err(Error::AccessDenied));
    world.message.borrow_mut().principal = Some(principal("a1"));
    assert!(world.service().get_user_by_auth_id("a1").is_ok());
}

#[test]
fn a_limited_credential_needs_the_scope() {
    let world = World::default();
    register(&world, "a1");
    for scopes in [
        &[][..],
        &["profile:write"],
        &["tokens:read"],
        &["PROFILE:READ"],
        &["profile:*"],
    ] {
        world.become_user(Some(limited("a1", scopes)));
        let refused = world.service().get_user_by_auth_id("a1");
        assert_eq!(refused, Err(Error::AccessDenied), "{scopes:?}");
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_the_operator_learns_where() {
    let world = World::default();
    register(&world, "a1");
    for damage in [&b""[..], b"\xff", b"{\"id\": 1}"] {
        world.damage(damage);
        assert_eq!(
            world.service().get_user_by_auth_id("a1"),
            Err(Error::Unknown)
        );
    }
    assert!(
        world
            .log
            .borrow()
            .iter()
            .all(|line| line == "the record profile/YTE cannot be read")
    );
    assert_eq!(world.log.borrow().len(), 3);
}

#[test]
fn ids_are_bounded() {
    let world = World::default();
    for auth_id in ["", &"x".repeat(129), "a\r"] {
        assert_eq!(
            violated(world.service().get_user_by_auth_id(auth_id)),
            ["auth_id"]
        );
    }
    assert_eq!(world.reads.get(), 0);
    let longest = "x".repeat(128);
    assert_eq!(world.service().get_user_by_auth_id(&longest), Ok(None));
}
