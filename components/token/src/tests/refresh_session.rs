//! A refresh that says whose session it is: the rules are those of any refresh.

use super::{DAY, MINUTE, SECOND, is_valid, session_of};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{START, World};

// E01
#[test]
fn it_rotates_and_says_whose_session_it_is_and_until_when() {
    let world = World::default();
    world.set("absolute-lifetime", &(31 * DAY).to_string());
    let first = world.service().generate_tokens("u1").unwrap();
    world.pass(DAY);
    let second = world
        .service()
        .refresh_session(&first.refresh_token)
        .unwrap();
    assert_eq!(second.id, "u1");
    let session = second.session;
    assert_eq!(session.session_id, session_of(&first.access_token));
    assert_eq!(session.session_id, session_of(&session.access_token));
    assert_eq!(session.access_expires_at, START + DAY + 10 * MINUTE);
    assert_eq!(session.refresh_expires_at, Some(START + 31 * DAY));
    assert!(is_valid(&world, &session.access_token));
    assert!(world.audited("token-refresh", Outcome::Success, Some("u1")));
    let refresh_token = session.refresh_token.unwrap();
    assert_ne!(refresh_token, first.refresh_token);
    assert!(world.service().refresh_session(&refresh_token).is_ok());
}

// E03, E04
#[test]
fn the_previous_token_within_the_grace_gives_the_same_refresh_token() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let refresh = || world.service().refresh_session(&first.refresh_token);
    let (second, again) = (refresh().unwrap(), refresh().unwrap());
    assert!(second.session.refresh_token == again.session.refresh_token);
    assert_eq!(
        second.session.refresh_expires_at,
        again.session.refresh_expires_at
    );
    assert!(second.session.access_token != again.session.access_token);
    // Both commands rotate the same family.
    let pair = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    assert_eq!(Some(pair.refresh_token), again.session.refresh_token);
}

// E02
#[test]
fn a_replay_ends_the_session_for_good() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_session(&first.refresh_token)
        .unwrap();
    world.pass(30 * SECOND);
    let refused = world.service().refresh_session(&first.refresh_token);
    assert!(refused.is_err_and(|error| error == Error::Unauthenticated));
    assert_eq!(world.kept.get(), world.left_behind());
    assert!(world.audited("token-reuse", Outcome::Denied, Some("u1")));
    assert!(!is_valid(&world, &second.session.access_token));
}

// E05, E07
#[test]
fn what_has_ended_and_what_is_nonsense_is_refused() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    world.service().revoke_subject("u1", None).unwrap();
    let access = &first.access_token;
    for token in [&first.refresh_token, access, "", &"A".repeat(1 << 20)] {
        let refused = world.service().refresh_session(token);
        assert!(refused.is_err_and(|error| error == Error::Unauthenticated));
    }
}
