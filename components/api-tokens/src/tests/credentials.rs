//! L04: what was made for an account ends when its credentials begin anew: its password was reset, or another account has
//! its id.

use super::{DAY, HOUR, authorize, create, metadata};
use crate::error::Error;
use crate::ports::Outcome;
use crate::service::MAX_TOKENS;
use crate::testing::{START, World};

/// A world in which the password of `a1` is reset an hour after a token was made, and that token's id and value.
fn reset() -> (World, String, crate::value::TokenValue) {
    let world = World::default();
    let (token, value) = create(&world, &["*"]);
    world.pass(HOUR);
    world.begin_credentials_anew("a1");
    (world, token.uuid, value)
}

// I06, L04
#[test]
fn a_token_of_before_a_reset_authorizes_nobody_and_one_of_after_does() {
    let (world, _, old) = reset();
    assert_eq!(authorize(&world, &old), Err(Error::Unauthenticated));
    assert_eq!(
        world.audited("api-token-use", Outcome::Denied, Some("a1")),
        1
    );
    let (_, new) = create(&world, &["*"]);
    assert!(authorize(&world, &new).is_ok());
    assert_eq!(authorize(&world, &old), Err(Error::Unauthenticated));
    // Also for a service, and for nobody else's.
    world.become_service(None);
    let answer = world.service().authorize(old.as_str());
    assert_eq!(answer, Err(Error::Unauthenticated));
}

#[test]
fn other_peoples_tokens_live_on() {
    let world = World::default();
    let (_, value) = create(&world, &["*"]);
    world.pass(HOUR);
    world.begin_credentials_anew("a2");
    assert!(authorize(&world, &value).is_ok());
}

/// Moments are compared for equality: clocks of several hosts are not one.
#[test]
fn a_token_is_dead_whichever_of_the_moments_is_the_later() {
    for since in [START - DAY, START - 1, START + 1, START + DAY] {
        let world = World::default();
        let (_, value) = create(&world, &["*"]);
        let now = world.now.replace(since);
        world.begin_credentials_anew("a1");
        world.now.set(now);
        assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
    }
}

#[test]
fn it_is_shown_with_the_moment_of_the_reset_as_its_end() {
    let (world, uuid, _) = reset();
    world.pass(5);
    let shown = world.service().get(&uuid).unwrap();
    assert_eq!(shown.expires_at, START + HOUR);
    assert_eq!(world.service().list(None, None), Ok(vec![shown]));
    // One that had ended before keeps its end.
    let (ended, _) = create(&world, &[]);
    world.service().force_expiration(&ended.uuid).unwrap();
    world.pass(HOUR);
    world.begin_credentials_anew("a1");
    let shown = world.service().get(&ended.uuid).unwrap();
    assert_eq!(shown.expires_at, START + HOUR + 5);
}

#[test]
fn it_gets_no_new_life() {
    let (world, uuid, old) = reset();
    assert_eq!(world.service().regenerate(&uuid), Err(Error::NotFound));
    assert_eq!(world.service().force_expiration(&uuid), Ok(()));
    let later = world
        .service()
        .update(&uuid, Some(metadata("ci")), None)
        .unwrap_err();
    assert!(matches!(later, Error::ValidationFailed(_)));
    let kept = crate::service::Metadata {
        expires_at: START + HOUR,
        ..metadata("renamed")
    };
    let renamed = world.service().update(&uuid, Some(kept), None).unwrap();
    assert_eq!(
        (&*renamed.name, renamed.expires_at),
        ("renamed", START + HOUR)
    );
    assert_eq!(authorize(&world, &old), Err(Error::Unauthenticated));
}

/// Whoever made a thousand of them must not keep the owner from making one.
#[test]
fn dead_ones_do_not_count() {
    let world = World::default();
    for _ in 0..MAX_TOKENS {
        create(&world, &[]);
    }
    assert!(world.service().create(metadata("ci"), None).is_err());
    world.pass(1);
    world.begin_credentials_anew("a1");
    assert!(world.service().create(metadata("ci"), None).is_ok());
}
