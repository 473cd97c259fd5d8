use super::{ANN, BOB, DAY, MINUTE, NOBODY, paths, sign_up, signed_in, with_ann};
use crate::error::Error;
use crate::ports::{Outcome, Session};
use crate::testing::{PASSWORD, START, World};

fn signs_in(world: &World, email: &str, password: &str) -> Result<Session, Error> {
    world
        .anybody()
        .ask(|service| service.sign_in(email, password))
}

/// Refused, with this.
fn refused<T>(answer: Result<T, Error>, error: &Error) -> bool {
    answer.is_err_and(|refused| refused == *error)
}

#[test]
fn the_right_password_begins_a_session() {
    let (world, id) = with_ann();
    let session = signs_in(&world, "Ann@Example.org", PASSWORD).unwrap();
    let principal = world.verified(&session.access_token).unwrap();
    assert_eq!((principal.subject.as_str(), principal.scopes), (&*id, None));
    assert_eq!(session.access_expires_at, START + 10 * MINUTE);
    assert_eq!(session.refresh_expires_at, Some(START + 30 * DAY));
    assert_eq!(principal.session, Some(session.session_id));
    assert!(session.refresh_token.is_some());
    assert!(world.audited("sign-in", Outcome::Success, Some(&id)));
}

// C01, C06
#[test]
fn whatever_is_wrong_is_unauthenticated_and_recorded() {
    let (world, _) = with_ann();
    let bob = world.state.borrow_mut().person(BOB);
    if let Some(bob) = world.state.borrow_mut().accounts.get_mut(&bob) {
        bob.disabled = true;
    }
    for (email, password) in [
        (ANN, "wrong password"),
        (ANN, ""),
        (ANN, &PASSWORD.to_uppercase()),
        (BOB, PASSWORD),
        (NOBODY, PASSWORD),
        ("", ""),
    ] {
        let answer = signs_in(&world, email, password);
        assert!(refused(answer, &Error::Unauthenticated));
        assert!(world.audited("sign-in", Outcome::Denied, None));
        assert_eq!(world.reason().as_deref(), Some("unauthenticated"));
        assert_eq!(*world.calls.borrow(), ["authorization/get-user"]);
    }
    assert!(world.state.borrow().sessions.is_empty());
}

#[test]
fn an_address_may_stay_unverified_for_two_days() {
    let world = World::default();
    let request = sign_up(ANN, PASSWORD);
    world
        .anybody()
        .ask(|service| service.sign_up(&request))
        .unwrap();
    let id = world.state.borrow().find(ANN).unwrap();
    world.pass(2 * DAY - 1);
    assert!(signs_in(&world, ANN, PASSWORD).is_ok());
    world.pass(1);
    let sessions = world.state.borrow().sessions.len();
    assert!(refused(
        signs_in(&world, ANN, PASSWORD),
        &Error::AccessDenied
    ));
    assert!(world.audited("sign-in", Outcome::Denied, Some(&id)));
    // Only whoever has the password learns it.
    assert!(refused(
        signs_in(&world, ANN, "wrong password"),
        &Error::Unauthenticated
    ));
    assert_eq!(world.state.borrow().sessions.len(), sessions);
}

/// Or whoever signed up with another's address could stay for months.
#[test]
fn a_session_of_an_unverified_address_ends_with_the_two_days() {
    let world = World::default();
    let request = sign_up(ANN, PASSWORD);
    world
        .anybody()
        .ask(|service| service.sign_up(&request))
        .unwrap();
    world.pass(DAY);
    let session = signs_in(&world, ANN, PASSWORD).unwrap();
    assert_eq!(session.refresh_expires_at, Some(START + 2 * DAY));
    let refresh = |token: &str| {
        world
            .anybody()
            .ask(|service| service.refresh_session(token))
    };
    world.pass(DAY - 1);
    let last = refresh(&session.refresh_token.unwrap()).unwrap();
    assert_eq!(last.refresh_expires_at, Some(START + 2 * DAY));
    assert!(world.verified(&last.access_token).is_some());
    world.pass(1);
    assert!(world.verified(&last.access_token).is_none());
    let answer = refresh(&last.refresh_token.unwrap());
    assert!(refused(answer, &Error::Unauthenticated));
}

#[test]
fn a_session_of_a_verified_address_ends_as_every_session_does_and_nobody_is_asked_about_it() {
    let (world, _) = with_ann();
    let session = signs_in(&world, ANN, PASSWORD).unwrap();
    assert_eq!(
        *world.calls.borrow(),
        ["authorization/get-user", "token/issue-session"]
    );
    world.pass(29 * DAY);
    let token = session.refresh_token.unwrap();
    let answer = world
        .anybody()
        .ask(|service| service.refresh_session(&token));
    assert_eq!(answer.unwrap().refresh_expires_at, Some(START + 59 * DAY));
}

// C02, C04
#[test]
fn too_many_failures_for_an_address_are_told_whether_it_has_an_account_or_not() {
    for email in [ANN, NOBODY] {
        let (world, _) = with_ann();
        for _ in 0..10 {
            let answer = signs_in(&world, email, "wrong password");
            assert!(refused(answer, &Error::Unauthenticated));
        }
        let answer = signs_in(&world, email, PASSWORD);
        assert!(refused(answer, &Error::TooManyRequests(15 * MINUTE)));
        assert!(world.audited("sign-in", Outcome::Denied, None));
        assert_eq!(world.reason().as_deref(), Some("too-many-requests"));
    }
}

#[test]
fn what_is_beyond_the_lengths_is_said_to_be() {
    let (world, _) = with_ann();
    let long = "x".repeat(4_097);
    for email in [ANN, NOBODY] {
        assert_eq!(paths(signs_in(&world, email, &long)), ["password"]);
    }
    assert_eq!(paths(signs_in(&world, &long, PASSWORD)), ["email"]);
}

#[test]
fn a_service_signs_people_in_and_nobody_in_anothers_name() {
    let (world, ann) = with_ann();
    let bob = world.state.borrow_mut().person(BOB);
    let ask = || world.ask(|service| service.sign_in(ANN, PASSWORD));
    for acting in [None, Some(&*ann)] {
        world.service(acting);
        let session = ask().unwrap();
        let principal = world.verified(&session.access_token).unwrap();
        assert_eq!(principal.subject, ann);
        assert_eq!(principal.methods, ["jwt", "pwd"]);
    }
    let sessions = world.state.borrow().sessions.len();
    world.service(Some(&bob));
    assert!(refused(ask(), &Error::AccessDenied));
    assert!(world.audited("sign-in", Outcome::Denied, Some(&ann)));
    // Not even if the other one proved something.
    world.with_api_token(&bob, &["*"]);
    assert!(refused(ask(), &Error::AccessDenied));
    assert_eq!(world.state.borrow().sessions.len(), sessions);
    assert!(!world.calls.borrow().contains(&"token/issue-session"));
}

// E01
#[test]
fn a_refresh_token_goes_on_with_its_session() {
    let (world, _) = with_ann();
    let first = signed_in(&world, ANN);
    world.pass(DAY);
    // The access token is long over, and not needed.
    assert!(world.verified(&first.access_token).is_none());
    let old = first.refresh_token.unwrap();
    let refresh = |token: &str| {
        world
            .anybody()
            .ask(|service| service.refresh_session(token))
    };
    let second = refresh(&old).unwrap();
    assert_eq!(second.session_id, first.session_id);
    assert_eq!(second.access_expires_at, START + DAY + 10 * MINUTE);
    let new = second.refresh_token.unwrap();
    assert_ne!(new, old);
    // A lost reply.
    assert_eq!(refresh(&old).unwrap().refresh_token, Some(new));
}

// E02
#[test]
fn a_replay_ends_the_session_although_the_answer_is_an_error() {
    let (world, _) = with_ann();
    let old = signed_in(&world, ANN).refresh_token.unwrap();
    let refresh = |token: &str| {
        world
            .anybody()
            .ask(|service| service.refresh_session(token))
    };
    let new = refresh(&old).unwrap().refresh_token.unwrap();
    world.pass(MINUTE);
    for token in [&old, &new] {
        assert!(refused(refresh(token), &Error::Unauthenticated));
        assert!(world.audited("refresh-session", Outcome::Denied, None));
    }
    assert!(world.state.borrow().sessions.is_empty());
}

#[test]
fn what_is_no_refresh_token_is_unauthenticated() {
    let (world, _) = with_ann();
    let access = signed_in(&world, ANN).access_token;
    for token in [&*access, "", "nonsense", &"x".repeat(100_000)] {
        let answer = world
            .anybody()
            .ask(|service| service.refresh_session(token));
        assert!(refused(answer, &Error::Unauthenticated));
        assert_eq!(world.reason().as_deref(), Some("unauthenticated"));
    }
}

// H02
#[test]
fn whoever_signs_out_ends_the_session() {
    let (world, _) = with_ann();
    let (session, other) = (signed_in(&world, ANN), signed_in(&world, ANN));
    let token = session.refresh_token.unwrap();
    // Again: nothing happens.
    for _ in 0..2 {
        let answer = world.anybody().ask(|service| service.sign_out(&token));
        assert_eq!(answer, Ok(()));
    }
    assert!(world.verified(&session.access_token).is_none());
    assert!(world.verified(&other.access_token).is_some());
}

// H01
#[test]
fn to_sign_out_with_nonsense_is_ok_and_has_no_effect() {
    let (world, _) = with_ann();
    let session = signed_in(&world, ANN);
    for token in [&*session.access_token, "", "nonsense"] {
        let answer = world.anybody().ask(|service| service.sign_out(token));
        assert_eq!(answer, Ok(()));
    }
    assert!(world.verified(&session.access_token).is_some());
}
