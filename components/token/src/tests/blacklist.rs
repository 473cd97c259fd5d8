use super::{MINUTE, SECOND, is_valid};
use crate::ports::Outcome;
use crate::testing::{START, World, forge, parts};

// H02
#[test]
fn the_refresh_token_ends_its_family_with_all_access_tokens() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    world
        .service()
        .blacklist_tokens(&second.refresh_token, "nonsense");
    assert!(!is_valid(&world, &first.access_token) && !is_valid(&world, &second.access_token));
    assert!(world.service().list_sessions("u1").unwrap().is_empty());
    assert!(world.audited("session-end", Outcome::Success, Some("u1")));
}

// H02
#[test]
fn an_old_refresh_token_ends_its_family_too() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    world.pass(MINUTE);
    world.service().blacklist_tokens(&first.refresh_token, "");
    assert!(!is_valid(&world, &second.access_token));
}

// H04
#[test]
fn the_access_token_alone_is_denied_until_it_expires() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    world
        .service()
        .blacklist_tokens("nonsense", &first.access_token);
    assert!(!is_valid(&world, &first.access_token));
    assert!(is_valid(&world, &second.access_token));
    let entries = world.entries.borrow();
    let denied: Vec<_> = entries
        .iter()
        .filter(|(key, _)| key.starts_with("denied/"))
        .collect();
    let [(_, entry)] = denied.as_slice() else {
        panic!("{denied:?}")
    };
    // Exactly as long as the token would have been taken.
    assert_eq!(entry.expires_at, START + 10 * MINUTE + 30 * SECOND);
}

// H04
#[test]
fn a_denied_token_stays_denied_while_its_entry_and_after_its_expiry() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.service().blacklist_tokens("", &tokens.access_token);
    for step in [10 * MINUTE, 30 * SECOND - 1, 1, MINUTE] {
        world.pass(step);
        assert!(!is_valid(&world, &tokens.access_token));
    }
}

// H01
#[test]
fn what_is_unknown_or_expired_has_no_effect() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.service().blacklist_tokens(&tokens.refresh_token, "");
    let other = world.service().generate_tokens("u2").unwrap();
    world.pass(11 * MINUTE);
    let writes = world.writes.get();
    // Ended already, expired, nonsense, and a token that somebody else signed.
    let (header, claims) = parts(&other.access_token);
    for (refresh, access) in [
        (&*tokens.refresh_token, &*tokens.access_token),
        ("", ""),
        ("nonsense", "a.b.c"),
        (&*other.access_token, &*other.refresh_token),
        ("", &*forge(&header, &claims, "other")),
    ] {
        world.service().blacklist_tokens(refresh, access);
    }
    assert_eq!(world.writes.get(), writes);
    assert!(world.service().refresh_tokens(&other.refresh_token).is_ok());
}

#[test]
fn it_may_be_said_twice() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world
        .service()
        .blacklist_tokens(&tokens.refresh_token, &tokens.access_token);
    let entries = world.entries.borrow().clone();
    world
        .service()
        .blacklist_tokens(&tokens.refresh_token, &tokens.access_token);
    assert_eq!(*world.entries.borrow(), entries);
}
