//! `set-disabled`, `set-roles`.

use super::{access_lives, paths, save};
use crate::error::Error;
use crate::ports::{Message, Outcome};
use crate::role::Role;
use crate::testing::{PASSWORD, START, World, in_session, operator, service};

const ADA: &str = "ada@example.com";

fn set_disabled(world: &World, id: &str, disabled: bool) -> Result<(), Error> {
    world.operate(|service| service.set_disabled(id, disabled))
}

fn set_roles(world: &World, id: &str, roles: &[Role]) -> Result<(), Error> {
    world.operate(|service| service.set_roles(id, roles.to_vec()))
}

// E07, H05
#[test]
fn switching_off_ends_everything_at_once_and_switching_on_brings_nothing_back() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    assert_eq!(set_disabled(&world, &id, true), Ok(()));
    let (action, outcome, subject, _) = world.last_audit();
    assert_eq!(
        (action.as_str(), outcome, subject.as_deref()),
        ("account-disable", Outcome::Success, Some(&*id))
    );
    assert_eq!(world.account(&id).unwrap().disabled_at, Some(START));
    assert!(!world.signs_in(ADA, PASSWORD) && !access_lives(&world, "one"));
    assert_eq!(world.state.borrow().ended, [(id.clone(), None)]);
    assert_eq!(set_disabled(&world, &id, false), Ok(()));
    assert!(world.signs_in(ADA, PASSWORD) && !access_lives(&world, "one"));
}

#[test]
fn switching_is_idempotent() {
    let world = World::default();
    let id = world.active(ADA);
    assert_eq!(set_disabled(&world, &id, false), Ok(()));
    assert!(!world.effort().contains_key("put"));
    set_disabled(&world, &id, true).unwrap();
    world.pass(1_000);
    // Services may have made tokens since: they end too.
    assert_eq!(set_disabled(&world, &id, true), Ok(()));
    assert_eq!(world.state.borrow().ended.len(), 2);
    assert_eq!(world.account(&id).unwrap().disabled_at, Some(START));
}

#[test]
fn roles_are_set_and_everybodys_is_among_them() {
    let world = World::default();
    let id = world.active(ADA);
    assert_eq!(set_roles(&world, &id, &[Role::Admin]), Ok(()));
    let (action, outcome, ..) = world.last_audit();
    assert_eq!((action.as_str(), outcome), ("roles-set", Outcome::Success));
    let roles: Vec<Role> = world.account(&id).unwrap().roles.into_iter().collect();
    assert_eq!(roles, [Role::User, Role::Admin]);
    assert_eq!(set_roles(&world, &id, &[Role::Admin, Role::User]), Ok(()));
    assert!(!world.effort().contains_key("put"));
}

#[test]
fn sessions_end_if_a_role_is_taken_away_and_only_then() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    let ended = || world.state.borrow().ended.len();
    set_roles(&world, &id, &[Role::Admin]).unwrap();
    set_roles(&world, &id, &[Role::Admin, Role::OrganizationAdmin]).unwrap();
    assert_eq!(ended(), 0);
    set_roles(&world, &id, &[Role::OrganizationAdmin]).unwrap();
    assert_eq!(ended(), 1);
    // Saved tokens give the roles of now anyway.
    assert!(access_lives(&world, "one"));
}

#[test]
fn no_role_and_one_that_is_there_twice_are_refused() {
    let world = World::default();
    let id = world.active(ADA);
    assert_eq!(paths(set_roles(&world, &id, &[])), ["roles"]);
    assert_eq!(
        paths(set_roles(&world, &id, &[Role::Admin, Role::Admin])),
        ["roles"]
    );
    assert_eq!(
        paths(set_roles(&world, &id, &[Role::User; 100_000])),
        ["roles"]
    );
    assert_eq!(world.account(&id).unwrap().roles, Role::everybodys());
}

#[test]
fn who_is_not_there_is_not_found() {
    let world = World::default();
    for id in ["nobody", "", &"x".repeat(1_000)] {
        assert_eq!(set_disabled(&world, id, true), Err(Error::NotFound));
        assert_eq!(set_disabled(&world, id, false), Err(Error::NotFound));
        assert_eq!(set_roles(&world, id, &[Role::User]), Err(Error::NotFound));
    }
}

#[test]
fn nobody_but_the_operator_administers() {
    let world = World::default();
    let id = world.active(ADA);
    let nested = Message {
        is_nested: true,
        ..operator()
    };
    for message in [service(), nested, in_session(&id, "s1")] {
        let answer = world.call_as(message.clone(), |service| service.set_disabled(&id, true));
        assert_eq!(answer, Err(Error::AccessDenied));
        assert!(world.was_denied("account-disable", None, "not-the-operator"));
        let roles = vec![Role::Admin];
        let answer = world.call_as(message, |service| service.set_roles(&id, roles));
        assert_eq!(answer, Err(Error::AccessDenied));
    }
    assert_eq!(world.account(&id).unwrap().roles, Role::everybodys());
}
