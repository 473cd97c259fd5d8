//! Sessions without refresh tokens: they end by themselves, and are in nobody's way.

use super::{MINUTE, is_valid};
use crate::id::Id;
use crate::ports::{Outcome, Plane};
use crate::refresh_token::RefreshToken;
use crate::service::SessionTokens;
use crate::testing::{START, World, message, principal};

/// A session of `u1`, in a message of its own.
fn begin(world: &World, access_only: bool) -> SessionTokens {
    *world.message.borrow_mut() = message(Plane::Public);
    world.message.borrow_mut().principal = Some(principal("u1", &["otp"]));
    let session = world.service().issue_session(access_only, None).unwrap();
    *world.message.borrow_mut() = message(Plane::Service);
    session
}

fn listed(world: &World) -> Vec<String> {
    let sessions = world.service().list_sessions("u1").unwrap();
    let ids = sessions.into_iter().map(|session| session.session_id);
    ids.collect()
}

// D05
#[test]
fn the_session_ends_with_its_access_token() {
    let world = World::default();
    let session = begin(&world, true);
    let expected = START + 10 * MINUTE;
    assert_eq!(session.access_expires_at, expected);
    let sessions = world.service().list_sessions("u1").unwrap();
    assert_eq!(
        (sessions[0].idle_expires_at, sessions[0].expires_at),
        (expected, expected)
    );
    world.pass(10 * MINUTE - 1);
    assert!(is_valid(&world, &session.access_token));
    world.pass(1);
    assert!(!is_valid(&world, &session.access_token));
    assert!(listed(&world).is_empty());
}

// D05
#[test]
fn it_ends_earlier_where_every_session_does() {
    let world = World::default();
    world.set("idle-lifetime", &MINUTE.to_string());
    let session = begin(&world, true);
    assert_eq!(session.access_expires_at, START + MINUTE);
    world.pass(MINUTE);
    assert!(!is_valid(&world, &session.access_token));
}

#[test]
fn no_refresh_token_is_worth_anything_in_it() {
    let world = World::default();
    let session = begin(&world, true);
    let id = Id::parse(&session.session_id).unwrap();
    for generation in [0, 1] {
        let token = RefreshToken::issue(&world, id, generation).text();
        assert!(world.service().refresh_tokens(&token).is_err());
        assert!(world.service().refresh_session(&token).is_err());
    }
    // Nobody was ever given one: somebody else makes them.
    assert!(world.audited("token-reuse", Outcome::Denied, Some("u1")));
    assert!(!is_valid(&world, &session.access_token));
}

#[test]
fn a_crowd_of_them_displaces_and_hides_no_other_session() {
    let world = World::default();
    let others: Vec<_> = (0..40).map(|_| begin(&world, false)).collect();
    let mut newest = begin(&world, true);
    for _ in 0..1_200 {
        world.pass(1);
        newest = begin(&world, true);
    }
    let more: Vec<_> = (0..40).map(|_| begin(&world, false)).collect();
    let listed = listed(&world);
    assert_eq!(listed.len(), 1_000);
    for session in others.iter().chain(&more) {
        assert!(listed.contains(&session.session_id));
        assert!(is_valid(&world, &session.access_token));
    }
    assert!(is_valid(&world, &newest.access_token));
}

#[test]
fn of_too_many_of_them_the_oldest_end() {
    let world = World::default();
    let first = begin(&world, true);
    for _ in 0..1_200 {
        world.pass(1);
        begin(&world, true);
    }
    assert!(!is_valid(&world, &first.access_token));
    let stored = world.entries.borrow().len() / 2;
    assert!((1_000..1_000 + 16).contains(&stored), "{stored}");
}

#[test]
fn a_crowd_of_other_sessions_does_not_displace_one() {
    let world = World::default();
    let session = begin(&world, true);
    for _ in 0..1_200 {
        begin(&world, false);
    }
    assert!(is_valid(&world, &session.access_token));
}

// H05
#[test]
fn ending_everything_ends_them_too() {
    let world = World::default();
    let (one, other) = (begin(&world, true), begin(&world, false));
    world
        .service()
        .revoke_subject("u1", Some(&one.session_id))
        .unwrap();
    assert!(is_valid(&world, &one.access_token) && !is_valid(&world, &other.access_token));
    world.service().end_session("u1", &one.session_id).unwrap();
    assert!(!is_valid(&world, &one.access_token));
    let last = begin(&world, true);
    world.service().revoke_subject("u1", None).unwrap();
    assert!(!is_valid(&world, &last.access_token));
    assert!(world.entries.borrow().is_empty());
}
