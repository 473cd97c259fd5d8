//! From where an account is known to be signed in to, and what makes a place known or forgotten.

use super::secret;
use super::tries::{
    ADA, ELSEWHERE, HOME, NOBODY, besieged, guess, in_session_at_home, is_limited, sign_in,
    through_service,
};
use crate::ports::Message;
use crate::settings::{DAY, SIGN_IN_ADDRESS_BUCKET};
use crate::testing::{PASSWORD, World, from};

// C03
#[test]
fn whoever_resets_the_password_by_mail_is_heard_there_and_only_there_is_known() {
    let world = besieged();
    for _ in 0..10 {
        let _ = sign_in(&world, ELSEWHERE, ADA, "wrong password");
    }
    let token = world
        .call(|service| service.get_forgot_password_token(ADA))
        .unwrap()
        .token;
    let new = "another good password";
    world
        .call_as(from(ELSEWHERE), |service| {
            service.reset_password(&token, &secret(new))
        })
        .unwrap();
    assert_eq!(sign_in(&world, ELSEWHERE, ADA, new), Ok(true));
    assert_eq!(world.taken(SIGN_IN_ADDRESS_BUCKET, ADA), 0);
    // Whoever was at home before may have been the thief.
    assert_eq!(guess(&world, ADA, 100), Ok(false));
    assert!(is_limited(&sign_in(&world, HOME, ADA, new)));
    assert_eq!(sign_in(&world, ELSEWHERE, ADA, new), Ok(true));
}

// C03
#[test]
fn whoever_proves_the_address_is_known_there() {
    let world = World::default();
    let verify = |message: Message| {
        let email = format!("u{}@example.com", world.stored("account/").len());
        let token = world.register(&email).signup_token;
        world
            .call_as(message, |service| service.verify_email(&token))
            .unwrap();
        let _ = guess(&world, &email, 100);
        (email, token)
    };
    let (email, token) = verify(from(HOME));
    assert_eq!(sign_in(&world, HOME, &email, PASSWORD), Ok(true));
    assert!(is_limited(&sign_in(&world, ELSEWHERE, &email, PASSWORD)));
    // Whoever follows the same link after them proves nothing.
    world
        .call_as(from(ELSEWHERE), |service| service.verify_email(&token))
        .unwrap();
    assert!(is_limited(&sign_in(&world, ELSEWHERE, &email, PASSWORD)));
    // A service says nothing of where its user is.
    let (email, _) = verify(crate::testing::service());
    assert!(is_limited(&through_service(&world, &email, PASSWORD)));
    assert!(is_limited(&sign_in(&world, HOME, &email, PASSWORD)));
}

// C02, C03
#[test]
fn whoever_changes_the_password_is_known_there_and_whoever_phished_it_nowhere() {
    let world = World::default();
    let id = world.active(ADA);
    assert_eq!(sign_in(&world, ELSEWHERE, ADA, PASSWORD), Ok(true));
    let new = "another good password";
    let change = |current: &str| {
        world.call_as(in_session_at_home(&id), |service| {
            service.change_password(&id, &secret(current), &secret(new))
        })
    };
    // A wrong password changes nothing of it.
    assert!(change("wrong password").is_err());
    let _ = guess(&world, ADA, 100);
    assert_eq!(sign_in(&world, ELSEWHERE, ADA, PASSWORD), Ok(true));
    change(PASSWORD).unwrap();
    assert!(is_limited(&sign_in(&world, ELSEWHERE, ADA, new)));
    assert_eq!(sign_in(&world, HOME, ADA, new), Ok(true));
}

/// A service has no place of its own that could be the owner's.
#[test]
fn a_change_by_a_service_keeps_the_known_places() {
    let world = World::default();
    let id = world.active(ADA);
    assert_eq!(sign_in(&world, HOME, ADA, PASSWORD), Ok(true));
    let new = "another good password";
    world
        .call(|service| service.change_password(&id, &secret(PASSWORD), &secret(new)))
        .unwrap();
    let _ = guess(&world, ADA, 100);
    assert_eq!(sign_in(&world, HOME, ADA, new), Ok(true));
}

// C02
#[test]
fn an_account_that_was_switched_off_knows_no_source() {
    let world = World::default();
    let id = world.active(ADA);
    assert_eq!(sign_in(&world, HOME, ADA, PASSWORD), Ok(true));
    for disabled in [true, false] {
        world
            .operate(|service| service.set_disabled(&id, disabled))
            .unwrap();
        assert!(world.stored("known-sources/").is_empty());
    }
    let _ = guess(&world, ADA, 100);
    assert!(is_limited(&sign_in(&world, HOME, ADA, PASSWORD)));
}

#[test]
fn a_source_is_known_for_ninety_days_after_the_last_sign_in() {
    for (since, expected) in [(90 * DAY - 1, Ok(true)), (90 * DAY, Err(()))] {
        let world = World::default();
        world.active(ADA);
        world.pass(5);
        sign_in(&world, HOME, ADA, PASSWORD).unwrap();
        world.pass(30 * DAY);
        sign_in(&world, HOME, ADA, PASSWORD).unwrap();
        world.pass(since);
        assert_eq!(guess(&world, ADA, 100), Ok(false));
        let answer = sign_in(&world, HOME, ADA, PASSWORD);
        assert_eq!(answer.map_err(|_| ()), expected);
    }
}

/// What is wrong, off or overdue makes no source known; and one account's is not another's.
#[test]
fn only_a_sign_in_makes_a_source_known() {
    let world = World::default();
    let id = world.register(ADA).id;
    world.active("bob@example.com");
    assert_eq!(sign_in(&world, HOME, ADA, "wrong password"), Ok(false));
    assert_eq!(sign_in(&world, HOME, NOBODY, PASSWORD), Ok(false));
    world.pass(2 * DAY);
    assert_eq!(sign_in(&world, HOME, ADA, PASSWORD), Ok(true));
    world
        .operate(|service| service.set_disabled(&id, true))
        .unwrap();
    assert_eq!(sign_in(&world, HOME, ADA, PASSWORD), Ok(false));
    assert!(world.stored("known-sources/").is_empty());
    assert_eq!(sign_in(&world, HOME, "bob@example.com", PASSWORD), Ok(true));
    assert_eq!(world.stored("known-sources/").len(), 1);
}

#[test]
fn few_sources_are_kept_and_they_do_not_say_where() {
    let world = World::default();
    let id = world.active(ADA);
    for number in 0..60 {
        let source = format!("203.0.113.{number}");
        assert_eq!(sign_in(&world, &source, ADA, PASSWORD), Ok(true));
    }
    let keys = world.stored("known-sources/");
    assert_eq!(keys.len(), 1);
    let record = world.state.borrow().entries[&keys[0]].clone();
    let text = String::from_utf8(record.value).unwrap();
    assert!(
        text.matches("seen_at").count() == 20 && !text.contains("203.0"),
        "{text}"
    );
    assert_eq!(record.subject, Some(id));
    // The latest are known.
    assert_eq!(guess(&world, ADA, 40), Ok(false));
    assert_eq!(sign_in(&world, "203.0.113.59", ADA, PASSWORD), Ok(true));
    assert!(is_limited(&sign_in(&world, "203.0.113.39", ADA, PASSWORD)));
}

/// A sign-in from a known source changes nothing of it, but once a day.
#[test]
fn a_known_source_is_written_once_a_day() {
    let world = World::default();
    world.active(ADA);
    let writes = |world: &World| {
        assert_eq!(sign_in(world, HOME, ADA, PASSWORD), Ok(true));
        world.effort().get("put").copied().unwrap_or_default()
    };
    assert_eq!((writes(&world), writes(&world)), (1, 0));
    world.rotate_mac_key();
    assert_eq!(writes(&world), 0);
    world.pass(DAY);
    assert_eq!((writes(&world), writes(&world)), (1, 0));
    // By now it is kept by the new key.
    world.rotate_mac_key();
    assert_eq!(writes(&world), 0);
}
