use super::{ada, found, register, rename};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{START, World, admin, principal, violated};

#[test]
fn a_profile_goes_with_all_that_is_stored_of_it() {
    let world = World::default();
    let id = register(&world, "a1").id;
    let other = register(&world, "a2");
    assert_eq!(world.service().delete_user("a1"), Ok(()));
    assert_eq!(found(&world, "a1"), None);
    assert_eq!(found(&world, "a2"), Some(other));
    assert_eq!(world.entries.borrow().len(), 2);
    world.become_user(Some(admin("a2")));
    let refused = world.service().update_user(&id, rename(None, Some("Eve")));
    assert_eq!(refused, Err(Error::NotFound));
    assert_eq!(
        world.audited("profile-delete", Outcome::Success, Some("a1")),
        1
    );
}

// K03
#[test]
fn an_end_is_told_once() {
    let world = World::default();
    let id = register(&world, "a1").id;
    for _ in 0..3 {
        assert_eq!(world.service().delete_user("a1"), Ok(()));
    }
    let events = world.events.borrow();
    let [_, (name, payload, about)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((name.as_str(), about.as_str()), ("user-deleted", "a1"));
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
    assert_eq!(
        payload,
        serde_json::json!({"id": id, "auth_id": "a1", "at": START})
    );
}

#[test]
fn an_account_can_get_a_profile_again() {
    let world = World::default();
    let first = register(&world, "a1").id;
    world.service().delete_user("a1").unwrap();
    assert_ne!(register(&world, "a1").id, first);
}

#[test]
fn who_was_granted_it_removes_profiles() {
    let world = World::default();
    register(&world, "a1");
    world.become_user(Some(principal("a1")));
    world.message.borrow_mut().is_nested = true;
    assert_eq!(world.service().delete_user("a1"), Ok(()));
    assert_eq!(found(&world, "a1"), None);
}

#[test]
fn nobody_else_removes_profiles_not_even_their_own() {
    let world = World::default();
    register(&world, "a1");
    for caller in [None, Some(principal("a1")), Some(admin("a1"))] {
        world.become_user(caller);
        for auth_id in ["a1", "nobody"] {
            let refused = world.service().delete_user(auth_id);
            assert_eq!(refused, Err(Error::AccessDenied));
        }
    }
    assert!(found(&world, "a1").is_some());
    assert_eq!(
        world.audited("profile-delete", Outcome::Denied, Some("a1")),
        3
    );
}

#[test]
fn ids_are_bounded() {
    let world = World::default();
    for auth_id in ["", &"x".repeat(129), "a\n"] {
        assert_eq!(violated(world.service().delete_user(auth_id)), ["auth_id"]);
    }
    assert_eq!(world.reads.get(), 0);
}

#[test]
fn what_cannot_be_read_is_unknown_and_stays_for_the_operator() {
    let world = World::default();
    register(&world, "a1");
    world.damage(b"?");
    assert_eq!(world.service().delete_user("a1"), Err(Error::Unknown));
    assert_eq!(
        (world.entries.borrow().len(), world.log.borrow().len()),
        (2, 1)
    );
    assert_eq!(
        world.service().registration(ada("a1")),
        Err(Error::DuplicateAuthId)
    );
}
