//! Sessions for whoever proved who they are.

use super::{DAY, MINUTE, is_valid, session_of};
use crate::error::Error;
use crate::ports::{Outcome, Plane, Principal};
use crate::testing::{START, World, message, parts, principal};

/// A message by `plane`, `via` another channel or not, in which `known` is known.
fn world(plane: Plane, via: Option<&str>, known: Option<Principal>) -> World {
    let world = World::default();
    *world.message.borrow_mut() = message(plane);
    world.message.borrow_mut().via = via.map(str::to_owned);
    world.message.borrow_mut().principal = known;
    world
}

const DOORS: [(Plane, Option<&str>); 6] = [
    (Plane::Service, None),
    (Plane::Service, Some("accounts")),
    (Plane::User, None),
    (Plane::User, Some("accounts")),
    (Plane::Public, None),
    (Plane::Public, Some("accounts")),
];

/// Somebody who came with the access token of a session.
fn with_session(methods: &[&str]) -> Principal {
    Principal {
        session: Some("A".repeat(22)),
        ..principal("u1", methods)
    }
}

/// No session begins, for `reason` and without a trace but the audit record.
fn refused(world: &World, access_only: bool, subject: Option<&str>) {
    let answer = world.service().issue_session(access_only, None);
    assert!(answer.is_err_and(|error| error == Error::AccessDenied));
    assert!(world.audited("token-issue", Outcome::Denied, subject));
    assert!(world.entries.borrow().is_empty());
}

#[test]
fn whoever_proved_who_they_are_gets_a_session_by_every_door() {
    for (plane, via) in DOORS {
        let world = world(plane, via, Some(principal("u1", &["pwd"])));
        let session = world.service().issue_session(false, None).unwrap();
        assert!(world.audited("token-issue", Outcome::Success, Some("u1")));
        assert_eq!(session.session_id, session_of(&session.access_token));
        assert!(is_valid(&world, &session.access_token));
        let refreshed = world
            .service()
            .refresh_tokens(&session.refresh_token.unwrap());
        assert!(refreshed.is_ok());
    }
}

#[test]
fn its_moments_are_milliseconds_and_those_of_its_tokens() {
    let world = world(Plane::Public, Some("accounts"), None);
    world.pass(999);
    world.message.borrow_mut().principal = Some(principal("u1", &["pwd"]));
    let session = world.service().issue_session(false, None).unwrap();
    let exp = parts(&session.access_token).1["exp"].as_u64().unwrap();
    assert_eq!(session.access_expires_at, exp * 1_000);
    assert_eq!(session.access_expires_at, START + 10 * MINUTE);
    assert_eq!(session.refresh_expires_at, Some(START + 999 + 30 * DAY));
}

#[test]
fn nobody_and_whom_a_service_merely_names_get_none() {
    for (plane, via) in DOORS {
        for access_only in [false, true] {
            refused(&world(plane, via, None), access_only, None);
            let named = Some(principal("u1", &["acting"]));
            refused(&world(plane, via, named), access_only, Some("u1"));
        }
    }
}

#[test]
fn an_access_token_does_not_become_another_session() {
    for (plane, via) in DOORS {
        for methods in [&["jwt", "pwd"][..], &["jwt", "api-token"]] {
            for access_only in [false, true] {
                let known = Some(with_session(methods));
                refused(&world(plane, via, known), access_only, Some("u1"));
            }
        }
    }
}

// D05
#[test]
fn a_session_that_is_given_a_moment_is_over_by_then_however_often_it_is_refreshed() {
    let world = world(
        Plane::Public,
        Some("accounts"),
        Some(principal("u1", &["pwd"])),
    );
    let end = START + 2 * DAY;
    let session = world.service().issue_session(false, Some(end)).unwrap();
    assert_eq!(session.access_expires_at, START + 10 * MINUTE);
    assert_eq!(session.refresh_expires_at, Some(end));
    world.message.borrow_mut().principal = None;
    world.pass(2 * DAY - 1_000);
    let token = session.refresh_token.unwrap();
    let last = world.service().refresh_session(&token).unwrap().session;
    assert_eq!(
        (last.access_expires_at, last.refresh_expires_at),
        (end, Some(end))
    );
    assert!(is_valid(&world, &last.access_token));
    world.pass(1_000);
    assert!(!is_valid(&world, &last.access_token));
    let refused = world
        .service()
        .refresh_session(&last.refresh_token.unwrap());
    assert!(refused.is_err_and(|error| error == Error::Unauthenticated));
}

// D05
#[test]
fn a_moment_makes_no_session_longer() {
    let world = world(Plane::Public, None, Some(principal("u1", &["pwd"])));
    let late = Some(START + 999 * DAY);
    let session = world.service().issue_session(false, late).unwrap();
    assert_eq!(session.refresh_expires_at, Some(START + 30 * DAY));
    let session = world.service().issue_session(true, late).unwrap();
    assert_eq!(session.access_expires_at, START + 10 * MINUTE);
}

#[test]
fn a_moment_that_is_past_begins_no_session() {
    for moment in [0, START - 1, START] {
        let world = world(Plane::Public, None, Some(principal("u1", &["pwd"])));
        let answer = world.service().issue_session(false, Some(moment));
        let Err(Error::ValidationFailed(violation)) = answer else {
            panic!("{moment} was taken")
        };
        assert_eq!(violation.path, "ends_by");
        assert!(world.entries.borrow().is_empty());
    }
}

// L05
#[test]
fn an_api_token_gets_no_refresh_token() {
    for (plane, via) in DOORS {
        let known = Some(principal("u1", &["api-token"]));
        refused(&world(plane, via, known.clone()), false, Some("u1"));
        let world = world(plane, via, known);
        let session = world.service().issue_session(true, None).unwrap();
        assert_eq!(
            (session.refresh_token, session.refresh_expires_at),
            (None, None)
        );
        assert!(is_valid(&world, &session.access_token));
    }
}

#[test]
fn the_session_keeps_the_proof_and_the_client() {
    let known = principal("u1", &["api-token"]);
    let world = world(Plane::User, Some("accounts"), Some(known.clone()));
    world.message.borrow_mut().service_key = Some("gateway".to_owned());
    let session = world.service().issue_session(true, None).unwrap();
    world.message.borrow_mut().principal = None;
    let verified = world.service().verify_token(&session.access_token).unwrap();
    assert_eq!(verified.proof, Some(known.into()));
    assert_eq!(verified.claims.client_id, "gateway");
    let established = world.established.borrow();
    assert_eq!(established[0].session, Some(session.session_id));
    assert_eq!(established[0].methods, ["jwt", "api-token"]);
}

// D04
#[test]
fn nothing_that_is_stored_or_audited_can_be_presented() {
    let world = world(Plane::Public, None, Some(principal("u1", &["pwd"])));
    let session = world.service().issue_session(false, None).unwrap();
    let seen = format!(
        "{:?}{:?}{:?}",
        world.entries.borrow(),
        world.audit.borrow(),
        world.events.borrow()
    );
    for token in [session.access_token, session.refresh_token.unwrap()] {
        assert!(!seen.contains(&token[token.len() - 43..]));
    }
}
