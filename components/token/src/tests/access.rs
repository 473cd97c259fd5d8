//! Who may ask for what: by which door a message came in, and who proved what in it.

use super::session_of;
use crate::error::Error;
use crate::ports::{Outcome, Plane, Principal};
use crate::testing::{World, message, principal};

/// A world with a session of `u1`, and then a message by `plane`, `via` another channel or not, in which `known` is known.
fn world(plane: Plane, via: Option<&str>, known: Option<Principal>) -> (World, String) {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.audit.borrow_mut().clear();
    *world.message.borrow_mut() = message(plane);
    world.message.borrow_mut().via = via.map(str::to_owned);
    world.message.borrow_mut().principal = known;
    (world, session_of(&tokens.access_token))
}

/// Nobody, somebody else, and somebody of whom a service merely says it.
fn without_proof() -> [Option<Principal>; 3] {
    [
        None,
        Some(principal("u2", &["pwd"])),
        Some(principal("u1", &["acting"])),
    ]
}

#[test]
fn a_service_that_calls_from_outside_gets_tokens_for_anybody() {
    for known in without_proof() {
        let (world, _) = world(Plane::Service, None, known);
        assert!(world.service().generate_tokens("u1").is_ok());
    }
}

#[test]
fn whoever_proved_who_they_are_gets_tokens_of_their_own_by_every_door() {
    for plane in [Plane::Service, Plane::User, Plane::Public] {
        for via in [None, Some("accounts")] {
            let (world, _) = world(plane, via, Some(principal("u1", &["pwd"])));
            assert!(world.service().generate_tokens("u1").is_ok());
            assert!(world.audited("token-issue", Outcome::Success, Some("u1")));
        }
    }
}

#[test]
fn nobody_else_gets_tokens() {
    let doors = [
        (Plane::Service, Some("accounts")),
        (Plane::User, Some("accounts")),
        (Plane::Public, Some("accounts")),
        (Plane::User, None),
        (Plane::Public, None),
    ];
    for (plane, via) in doors {
        for known in without_proof() {
            let (world, _) = world(plane, via, known);
            let writes = world.writes.get();
            let refused = world.service().generate_tokens("u1");
            assert!(refused.is_err_and(|error| error == Error::AccessDenied));
            assert!(world.audited("token-issue", Outcome::Denied, Some("u1")));
            assert_eq!(world.writes.get(), writes);
        }
    }
}

// H03, H05
#[test]
fn services_that_call_from_outside_manage_everybodys_sessions() {
    for known in without_proof() {
        let (world, session) = world(Plane::Service, None, known);
        assert_eq!(world.service().list_sessions("u1").unwrap().len(), 1);
        assert_eq!(world.service().revoke_subject("u1", Some(&session)), Ok(()));
        assert_eq!(world.service().end_session("u1", &session), Ok(()));
        assert!(world.service().list_sessions("u1").unwrap().is_empty());
        assert!(world.audited("subject-revoke", Outcome::Success, Some("u1")));
    }
}

// H03, H05
#[test]
fn components_manage_the_sessions_of_whom_the_message_acts_for() {
    let proved = Some(principal("u1", &["jwt", "pwd"]));
    let named = Some(principal("u1", &["acting"]));
    for (plane, known) in [
        (Plane::Service, proved.clone()),
        (Plane::User, proved.clone()),
        (Plane::Public, proved),
        (Plane::Service, named),
    ] {
        let (world, session) = world(plane, Some("accounts"), known);
        assert_eq!(world.service().list_sessions("u1").unwrap().len(), 1);
        assert_eq!(world.service().end_session("u1", &session), Ok(()));
        assert!(world.service().list_sessions("u1").unwrap().is_empty());
        assert_eq!(world.service().end_all_sessions(), Ok(()));
    }
}

// H03, H05
#[test]
fn components_do_not_manage_the_sessions_of_others() {
    for plane in [Plane::Service, Plane::User, Plane::Public] {
        for known in without_proof() {
            let is_named = known.as_ref().is_some_and(|it| it.subject == "u1");
            if plane == Plane::Service && is_named {
                continue;
            }
            let (world, session) = world(plane, Some("accounts"), known);
            let before = world.entries.borrow().clone();
            let denied = Err(Error::AccessDenied);
            assert_eq!(
                world.service().list_sessions("u1"),
                Err(Error::AccessDenied)
            );
            assert_eq!(world.service().end_session("u1", &session), denied);
            assert_eq!(*world.entries.borrow(), before);
            for action in ["session-list", "session-end"] {
                assert!(world.audited(action, Outcome::Denied, Some("u1")));
            }
        }
    }
}

// H05, I06
#[test]
fn a_component_that_was_granted_it_ends_all_sessions_of_anybody() {
    for plane in [Plane::Service, Plane::User, Plane::Public] {
        for known in without_proof() {
            let (world, _) = world(plane, Some("authorization"), known);
            assert_eq!(world.service().revoke_subject("u1", None), Ok(()));
            assert!(world.entries.borrow().is_empty());
            assert!(world.audited("subject-revoke", Outcome::Success, Some("u1")));
        }
    }
}

// H05
#[test]
fn whoever_the_message_acts_for_ends_all_sessions_of_their_own() {
    let proved = Some(principal("u1", &["jwt", "pwd"]));
    let named = Some(principal("u1", &["acting"]));
    for (plane, via, known) in [
        (Plane::User, None, proved.clone()),
        (Plane::User, Some("accounts"), proved),
        (Plane::Service, None, named.clone()),
        (Plane::Service, Some("accounts"), named),
    ] {
        let (world, _) = world(plane, via, known);
        assert_eq!(world.service().end_all_sessions(), Ok(()));
        assert!(world.entries.borrow().is_empty());
        assert!(world.audited("subject-revoke", Outcome::Success, Some("u1")));
    }
}

// H03, H05
#[test]
fn ending_all_sessions_of_ones_own_ends_nobody_elses() {
    let named = Some(principal("u1", &["acting"]));
    let other = Some(principal("u2", &["pwd"]));
    for (plane, known, answer) in [
        (Plane::Service, None, Err(Error::AccessDenied)),
        (Plane::Public, None, Err(Error::AccessDenied)),
        (Plane::User, named.clone(), Err(Error::AccessDenied)),
        (Plane::Public, named, Err(Error::AccessDenied)),
        (Plane::User, other, Ok(())),
    ] {
        for via in [None, Some("accounts")] {
            let (world, _) = world(plane, via, known.clone());
            let before = world.entries.borrow().clone();
            assert_eq!(world.service().end_all_sessions(), answer);
            assert_eq!(*world.entries.borrow(), before);
            let denied = world.audited("subject-revoke", Outcome::Denied, None);
            assert_eq!(denied, answer.is_err());
        }
    }
}

// H03, H05
#[test]
fn people_manage_their_own_sessions() {
    let (world, session) = world(Plane::User, None, Some(principal("u1", &["jwt", "pwd"])));
    assert_eq!(world.service().list_sessions("u1").unwrap().len(), 1);
    assert_eq!(world.service().revoke_subject("u1", Some(&session)), Ok(()));
    assert_eq!(world.service().list_sessions("u1").unwrap().len(), 1);
    assert_eq!(world.service().end_session("u1", &session), Ok(()));
    assert!(world.service().list_sessions("u1").unwrap().is_empty());
}

// H03, H05
#[test]
fn people_do_not_manage_the_sessions_of_others() {
    for plane in [Plane::User, Plane::Public] {
        for known in without_proof() {
            let (world, session) = world(plane, None, known);
            let before = world.entries.borrow().clone();
            let denied = Err(Error::AccessDenied);
            assert_eq!(
                world.service().list_sessions("u1"),
                Err(Error::AccessDenied)
            );
            assert_eq!(world.service().end_session("u1", &session), denied);
            assert_eq!(world.service().revoke_subject("u1", None), denied);
            assert_eq!(*world.entries.borrow(), before);
            for action in ["session-list", "session-end", "subject-revoke"] {
                assert!(
                    world.audited(action, Outcome::Denied, Some("u1")),
                    "{action}"
                );
            }
        }
    }
}
