use super::{DAY, MINUTE, SECOND, is_valid, session_of};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::World;

/// The message is refused, and nothing says why.
fn refused(world: &World, refresh_token: &str) -> bool {
    world
        .service()
        .refresh_tokens(refresh_token)
        .is_err_and(|error| error == Error::Unauthenticated)
}

// E01
#[test]
fn a_refresh_gives_a_new_pair_of_the_same_session() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    world.pass(MINUTE);
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    assert_ne!(first.access_token, second.access_token);
    assert_eq!(
        session_of(&first.access_token),
        session_of(&second.access_token)
    );
    assert!(is_valid(&world, &second.access_token));
    // Rotation leaves earlier access tokens valid until they expire.
    assert!(is_valid(&world, &first.access_token));
    assert!(world.audited("token-refresh", Outcome::Success, Some("u1")));
}

// E01
#[test]
fn a_chain_of_refreshes_goes_on() {
    let world = World::default();
    let mut tokens = world.service().generate_tokens("u1").unwrap();
    for _ in 0..50 {
        world.pass(MINUTE);
        tokens = world
            .service()
            .refresh_tokens(&tokens.refresh_token)
            .unwrap();
    }
    assert!(is_valid(&world, &tokens.access_token));
}

// E03, E04
#[test]
fn the_previous_token_within_the_grace_gives_the_same_successor_and_writes_nothing() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    let writes = world.writes.get();
    for _ in 0..100 {
        let again = world
            .service()
            .refresh_tokens(&first.refresh_token)
            .unwrap();
        assert!(
            again.refresh_token == second.refresh_token
                && again.access_token != second.access_token
        );
        assert!(is_valid(&world, &again.access_token));
    }
    world.pass(30 * SECOND - 1);
    assert!(world.service().refresh_tokens(&first.refresh_token).is_ok());
    assert_eq!(world.writes.get(), writes);
    assert!(
        world
            .service()
            .refresh_tokens(&second.refresh_token)
            .is_ok()
    );
}

// E02
#[test]
fn a_used_token_after_the_grace_ends_the_family_for_good() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    world.pass(30 * SECOND);
    assert!(is_valid(&world, &second.access_token));
    assert!(refused(&world, &first.refresh_token));
    // Everything it wrote, the audit record too, was kept although the answer is an error.
    assert_eq!(world.kept.get(), world.left_behind());
    assert!(!is_valid(&world, &first.access_token) && !is_valid(&world, &second.access_token));
    assert!(refused(&world, &second.refresh_token));
    assert!(world.audited("token-reuse", Outcome::Denied, Some("u1")));
    let events = world.events.borrow();
    let [(name, payload, about)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (name.as_str(), about.as_deref()),
        ("token-family-reused", Some("u1"))
    );
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
    assert_eq!(
        (&payload["subject"], &payload["session_id"]),
        (&"u1".into(), &session_of(&first.access_token).into())
    );
}

// E02
#[test]
fn a_replay_leaves_the_other_sessions_alone() {
    let world = World::default();
    let other = world.service().generate_tokens("u1").unwrap();
    let first = world.service().generate_tokens("u1").unwrap();
    world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    world.pass(MINUTE);
    assert!(refused(&world, &first.refresh_token));
    assert!(is_valid(&world, &other.access_token));
    assert_eq!(world.service().list_sessions("u1").unwrap().len(), 1);
}

// E02
#[test]
fn without_grace_the_second_use_is_a_replay() {
    let world = World::default();
    world.set("refresh-grace", "0");
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    assert!(refused(&world, &first.refresh_token));
    assert!(refused(&world, &second.refresh_token));
}

// E04
#[test]
fn the_grace_is_over_once_the_successor_was_used() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    let third = world
        .service()
        .refresh_tokens(&second.refresh_token)
        .unwrap();
    // E08: two generations old, within the grace.
    assert!(refused(&world, &first.refresh_token));
    assert!(refused(&world, &third.refresh_token));
}

// E05
#[test]
fn no_pair_comes_from_a_family_that_has_ended() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    world.service().blacklist_tokens(&second.refresh_token, "");
    assert!(refused(&world, &second.refresh_token) && refused(&world, &first.refresh_token));
    assert!(!is_valid(&world, &second.access_token));
    assert!(world.events.borrow().is_empty());
}

// E06
#[test]
fn the_client_stays_the_familys() {
    let world = World::default();
    world.message.borrow_mut().service_key = Some("gateway".to_owned());
    let first = world.service().generate_tokens("u1").unwrap();
    world.message.borrow_mut().service_key = Some("another".to_owned());
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    assert_eq!(
        crate::testing::parts(&second.access_token).1["client_id"],
        "gateway"
    );
}

// E07
#[test]
fn a_revoked_subject_cannot_refresh() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    world.service().revoke_subject("u1", None).unwrap();
    assert!(refused(&world, &first.refresh_token));
}

// D05
#[test]
fn a_session_ends_when_it_is_idle() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    world.pass(30 * DAY - 1);
    let second = world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    world.pass(30 * DAY);
    assert!(refused(&world, &second.refresh_token));
    assert!(world.service().list_sessions("u1").unwrap().is_empty());
}

// D05
#[test]
fn a_session_ends_however_much_it_is_used() {
    let world = World::default();
    let mut tokens = world.service().generate_tokens("u1").unwrap();
    for _ in 0..8 {
        world.pass(10 * DAY);
        tokens = world
            .service()
            .refresh_tokens(&tokens.refresh_token)
            .unwrap();
    }
    world.pass(10 * DAY - MINUTE);
    tokens = world
        .service()
        .refresh_tokens(&tokens.refresh_token)
        .unwrap();
    assert!(is_valid(&world, &tokens.access_token));
    world.pass(MINUTE);
    assert!(refused(&world, &tokens.refresh_token));
    assert!(!is_valid(&world, &tokens.access_token));
}

#[test]
fn tokens_outlive_a_rotation_of_the_mac_key() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    world.rotate_mac_key();
    assert!(world.service().refresh_tokens(&first.refresh_token).is_ok());
}

// D04
#[test]
fn a_forged_token_is_refused_before_the_store_is_read() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let reads = world.reads.get();
    let left_behind = world.left_behind();
    for at in 0..first.refresh_token.len() {
        let other = if first.refresh_token.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        let forged = format!(
            "{}{other}{}",
            &first.refresh_token[..at],
            &first.refresh_token[at + 1..]
        );
        assert!(refused(&world, &forged), "changed at {at}");
    }
    assert!(
        refused(&world, "")
            && refused(&world, &"A".repeat(1 << 20))
            && refused(&world, &first.access_token)
    );
    assert_eq!(world.reads.get(), reads);
    // Not in the audit either: a stranger could fill it.
    assert_eq!(world.left_behind(), left_behind);
    assert!(world.service().refresh_tokens(&first.refresh_token).is_ok());
}

// E05
#[test]
fn a_genuine_token_of_a_session_that_has_ended_is_audited() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    world.service().revoke_subject("u1", None).unwrap();
    assert!(!world.audited("token-refresh", Outcome::Denied, None));
    assert!(refused(&world, &first.refresh_token));
    assert!(world.audited("token-refresh", Outcome::Denied, None));
}
