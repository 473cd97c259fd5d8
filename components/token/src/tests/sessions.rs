use super::{MINUTE, is_valid, session_of};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{START, World};

#[test]
fn sessions_are_listed_oldest_first_with_their_times() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    world.pass(MINUTE);
    let second = world.service().generate_tokens("u1").unwrap();
    world.service().generate_tokens("u2").unwrap();
    world.pass(MINUTE);
    world
        .service()
        .refresh_tokens(&first.refresh_token)
        .unwrap();
    let sessions = world.service().list_sessions("u1").unwrap();
    let ids: Vec<_> = sessions
        .iter()
        .map(|session| session.session_id.clone())
        .collect();
    assert_eq!(
        ids,
        [
            session_of(&first.access_token),
            session_of(&second.access_token)
        ]
    );
    let oldest = &sessions[0];
    assert_eq!(
        (oldest.created_at, oldest.refreshed_at),
        (START, START + 2 * MINUTE)
    );
    assert_eq!(oldest.idle_expires_at, START + 2 * MINUTE + 30 * super::DAY);
    assert_eq!(oldest.expires_at, START + 90 * super::DAY);
}

#[test]
fn who_has_no_sessions_gets_an_empty_list() {
    let world = World::default();
    assert_eq!(world.service().list_sessions("u1"), Ok(Vec::new()));
}

#[test]
fn subjects_do_not_get_into_each_others_way() {
    let world = World::default();
    let subjects = ["a", "a/", "a/b", "", "ab", "A", "a%2f", "*", "ä"];
    for subject in subjects.into_iter().filter(|subject| !subject.is_empty()) {
        world.service().generate_tokens(subject).unwrap();
    }
    world.service().revoke_subject("a", None).unwrap();
    for subject in subjects.into_iter().filter(|subject| !subject.is_empty()) {
        let expected = usize::from(subject != "a");
        assert_eq!(
            world.service().list_sessions(subject).unwrap().len(),
            expected,
            "{subject}"
        );
    }
}

#[test]
fn one_session_ends_and_the_others_go_on() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world.service().generate_tokens("u1").unwrap();
    world
        .service()
        .end_session("u1", &session_of(&first.access_token))
        .unwrap();
    assert!(!is_valid(&world, &first.access_token) && is_valid(&world, &second.access_token));
    assert!(
        world
            .service()
            .refresh_tokens(&first.refresh_token)
            .is_err()
    );
    // Again: nothing happens.
    assert_eq!(
        world
            .service()
            .end_session("u1", &session_of(&first.access_token)),
        Ok(())
    );
}

// H03
#[test]
fn another_subjects_session_is_left_alone_and_the_attempt_is_audited() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let writes = world.writes.get();
    assert_eq!(
        world
            .service()
            .end_session("u2", &session_of(&tokens.access_token)),
        Ok(())
    );
    for session in ["", "nonsense", &"A".repeat(22), &"A".repeat(1 << 20)] {
        assert_eq!(world.service().end_session("u2", session), Ok(()));
    }
    assert_eq!(world.writes.get(), writes);
    assert!(is_valid(&world, &tokens.access_token));
    assert!(world.audited("session-end", Outcome::Denied, Some("u2")));
}

// H05
#[test]
fn revoking_a_subject_ends_everything_up_to_now_and_nothing_after() {
    let world = World::default();
    let before: Vec<_> = (0..3)
        .map(|_| world.service().generate_tokens("u1").unwrap())
        .collect();
    let other = world.service().generate_tokens("u2").unwrap();
    world.service().revoke_subject("u1", None).unwrap();
    // In the same millisecond, too.
    let after = world.service().generate_tokens("u1").unwrap();
    for tokens in &before {
        assert!(!is_valid(&world, &tokens.access_token));
        assert!(
            world
                .service()
                .refresh_tokens(&tokens.refresh_token)
                .is_err()
        );
    }
    assert!(is_valid(&world, &after.access_token) && is_valid(&world, &other.access_token));
    assert!(world.audited("subject-revoke", Outcome::Success, Some("u1")));
    assert_eq!(world.service().revoke_subject("nobody", None), Ok(()));
}

// H05
#[test]
fn nothing_of_a_revoked_subject_stays_behind() {
    let world = World::default();
    world.set("idle-lifetime", "1000");
    world.service().generate_tokens("u1").unwrap();
    // Its family has gone by itself, its entry is still there.
    world.pass(2_000);
    world.service().generate_tokens("u1").unwrap();
    assert_eq!(world.service().list_sessions("u1").unwrap().len(), 1);
    world.service().revoke_subject("u1", None).unwrap();
    let entries = world.entries.borrow();
    let now = world.now.get();
    assert_eq!(
        entries
            .values()
            .filter(|entry| now < entry.expires_at)
            .count(),
        0
    );
}

// H05
#[test]
fn a_session_that_is_excepted_stays() {
    let world = World::default();
    let issued: Vec<_> = (0..3)
        .map(|_| world.service().generate_tokens("u1").unwrap())
        .collect();
    let kept = session_of(&issued[1].access_token);
    world.service().revoke_subject("u1", Some(&kept)).unwrap();
    for (index, tokens) in issued.iter().enumerate() {
        assert_eq!(is_valid(&world, &tokens.access_token), index == 1);
        let refreshed = world.service().refresh_tokens(&tokens.refresh_token);
        assert_eq!(refreshed.is_ok(), index == 1);
    }
    let sessions = world.service().list_sessions("u1").unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].session_id, kept);
}

// H05
#[test]
fn what_is_no_session_of_the_subject_excepts_nothing() {
    let world = World::default();
    let other = world.service().generate_tokens("u2").unwrap();
    let foreign = session_of(&other.access_token);
    let long = "A".repeat(1 << 20);
    for except in ["", "nonsense", &"A".repeat(22), &long, &foreign] {
        let tokens = world.service().generate_tokens("u1").unwrap();
        world.service().revoke_subject("u1", Some(except)).unwrap();
        assert!(!is_valid(&world, &tokens.access_token));
    }
    assert!(world.service().list_sessions("u1").unwrap().is_empty());
    assert!(is_valid(&world, &other.access_token));
}

#[test]
fn of_too_many_sessions_the_oldest_end() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let mut last = first.clone();
    for _ in 0..1_200 {
        world.pass(1);
        last = world.service().generate_tokens("u1").unwrap();
    }
    assert!(!is_valid(&world, &first.access_token) && is_valid(&world, &last.access_token));
    let sessions = world.service().list_sessions("u1").unwrap();
    assert_eq!(sessions.len(), 1_000);
    assert_eq!(
        sessions.last().unwrap().session_id,
        session_of(&last.access_token)
    );
    // What is stored exceeds the limit by what one round of sign-ins adds, and no more.
    let stored = world
        .entries
        .borrow()
        .keys()
        .filter(|key| key.starts_with("family/"))
        .count();
    assert!((1_000..1_000 + 16).contains(&stored), "{stored}");
    world.service().revoke_subject("u1", None).unwrap();
    assert!(world.entries.borrow().is_empty());
}

#[test]
fn ids_are_checked_everywhere() {
    let world = World::default();
    let broken = |error: Error| matches!(error, Error::ValidationFailed(_));
    assert!(world.service().list_sessions("").is_err_and(broken));
    assert!(world.service().end_session("a\n", "x").is_err_and(broken));
    assert!(
        world
            .service()
            .revoke_subject(&"x".repeat(129), None)
            .is_err_and(broken)
    );
}
