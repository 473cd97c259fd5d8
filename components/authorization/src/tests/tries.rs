//! Who is heard after how many failed sign-ins, and from where.

use super::secret;
use crate::error::Error;
use crate::ports::Message;
use crate::settings::{
    HOUR, MINUTE, SIGN_IN_ADDRESS_BUCKET, SIGN_IN_BUCKET, SIGN_IN_SERVICES_BUCKET,
};
use crate::testing::{PASSWORD, World, from, in_session};

pub(super) const ADA: &str = "ada@example.com";
pub(super) const NOBODY: &str = "nobody@example.com";
pub(super) const HOME: &str = "192.0.2.1";
pub(super) const ELSEWHERE: &str = "198.51.100.7";

pub(super) fn sign_in(
    world: &World,
    source: &str,
    email: &str,
    password: &str,
) -> Result<bool, Error> {
    let answer = world.call_as(from(source), |service| {
        service.get_user(email, &secret(password))
    });
    answer.map(|user| user.is_some())
}

/// So many wrong passwords for an address, each from another source than any before.
pub(super) fn guess(world: &World, email: &str, count: usize) -> Result<bool, Error> {
    let mut last = Ok(false);
    for number in 0..count {
        let source = format!("203.0.{}.{}", number / 250, number % 250);
        last = sign_in(world, &source, email, "wrong password");
    }
    last
}

/// Ada, who signed in at home before many sources guessed her password for the last time that is heard.
pub(super) fn besieged() -> World {
    let world = World::default();
    world.active(ADA);
    assert_eq!(sign_in(&world, HOME, ADA, PASSWORD), Ok(true));
    // The first sign-in from home counted too.
    assert_eq!(guess(&world, ADA, 99), Ok(false));
    world
}

pub(super) fn is_limited(answer: &Result<bool, Error>) -> bool {
    matches!(answer, Err(Error::TooManyRequests(1..)))
}

// C03
#[test]
fn a_source_that_guesses_keeps_nobody_else_out() {
    let world = World::default();
    world.active(ADA);
    for _ in 0..10 {
        assert_eq!(sign_in(&world, ELSEWHERE, ADA, "wrong password"), Ok(false));
    }
    assert!(is_limited(&sign_in(&world, ELSEWHERE, ADA, PASSWORD)));
    assert!(!world.effort().contains_key("verify"));
    // Never seen before.
    assert_eq!(sign_in(&world, HOME, ADA, PASSWORD), Ok(true));
    // Its own success does not forgive what failed elsewhere.
    assert!(is_limited(&sign_in(&world, ELSEWHERE, ADA, PASSWORD)));
    world.pass(15 * MINUTE);
    assert_eq!(sign_in(&world, ELSEWHERE, ADA, PASSWORD), Ok(true));
}

// C02
#[test]
fn a_source_that_was_refused_does_not_use_up_what_the_address_has() {
    let world = World::default();
    for _ in 0..1_000 {
        let _ = sign_in(&world, ELSEWHERE, NOBODY, "wrong password");
    }
    assert_eq!(world.taken(SIGN_IN_ADDRESS_BUCKET, NOBODY), 10);
}

// C06
#[test]
fn tries_that_are_not_heard_are_recorded_once_a_minute() {
    let world = World::default();
    let id = world.active(ADA);
    let records = |flood: &dyn Fn()| {
        let before = world.audit.borrow().len();
        flood();
        world.audit.borrow().len() - before
    };
    let here = || {
        for _ in 0..1_000 {
            let _ = sign_in(&world, ELSEWHERE, ADA, "wrong password");
        }
    };
    // Ten that were heard, and one refusal.
    assert_eq!(records(&here), 11);
    assert!(world.was_denied("sign-in", None, "too-many-requests"));
    assert_eq!(records(&here), 0);
    world.pass(MINUTE);
    assert_eq!(records(&here), 1);
    let in_session = || {
        for _ in 0..1_000 {
            let _ = world.call_as(in_session_at_home(&id), |service| {
                service.change_password(&id, &secret("wrong password"), &secret("another password"))
            });
        }
    };
    assert_eq!(records(&in_session), 11);
    assert!(world.was_denied("password-change", Some(&id), "too-many-requests"));
    assert_eq!(records(&in_session), 0);
}

// C02
#[test]
fn one_site_is_one_source() {
    let world = World::default();
    for host in 0..10 {
        let address = format!("2001:db8:1:2::{host}");
        assert_eq!(sign_in(&world, &address, ADA, "wrong password"), Ok(false));
    }
    assert!(is_limited(&sign_in(
        &world,
        "2001:db8:1:2:ffff::1",
        ADA,
        "x"
    )));
    assert_eq!(sign_in(&world, "2001:db8:1:3::1", ADA, "x"), Ok(false));
}

// C02, C03
#[test]
fn one_network_of_many_sources_does_not_use_up_what_the_address_has() {
    let world = World::default();
    world.active(ADA);
    let own = |host: u32| format!("2001:db8:1:{host:x}::1");
    for email in [ADA, NOBODY] {
        for host in 0..1_000 {
            let answer = sign_in(&world, &own(host), email, "wrong password");
            assert_eq!(is_limited(&answer), host >= 30, "{host}");
            assert_eq!(world.effort()["verify"], 1);
        }
        assert_eq!(world.taken(SIGN_IN_ADDRESS_BUCKET, email), 30);
    }
    // The right one is not told from a wrong one there, and is heard everywhere else.
    assert!(is_limited(&sign_in(&world, &own(1_000), ADA, PASSWORD)));
    for elsewhere in [ELSEWHERE, "2001:db8:2::1"] {
        assert_eq!(sign_in(&world, elsewhere, ADA, PASSWORD), Ok(true));
    }
    world.pass(HOUR);
    assert_eq!(sign_in(&world, &own(1_000), ADA, PASSWORD), Ok(true));
}

// C03
#[test]
fn neighbours_in_a_network_keep_nobody_out_at_home() {
    let world = World::default();
    world.active(ADA);
    let home = "2001:db8:1:aaaa::1";
    assert_eq!(sign_in(&world, home, ADA, PASSWORD), Ok(true));
    for host in 0..100 {
        let neighbour = format!("2001:db8:1:{host:x}::1");
        let _ = sign_in(&world, &neighbour, ADA, "wrong password");
    }
    assert_eq!(sign_in(&world, home, ADA, PASSWORD), Ok(true));
    assert!(is_limited(&sign_in(&world, home, ADA, "wrong password")));
}

// C02, C03
#[test]
fn many_sources_are_stopped_together_and_the_owner_is_heard_where_they_were_before() {
    let world = besieged();
    assert!(is_limited(&sign_in(
        &world,
        ELSEWHERE,
        ADA,
        "wrong password"
    )));
    assert!(is_limited(&sign_in(&world, ELSEWHERE, ADA, PASSWORD)));
    assert_eq!(sign_in(&world, HOME, ADA, PASSWORD), Ok(true));
    // At home only the right one is heard.
    assert!(is_limited(&sign_in(&world, HOME, ADA, "wrong password")));
    world.pass(HOUR);
    assert_eq!(sign_in(&world, ELSEWHERE, ADA, PASSWORD), Ok(true));
}

// C02: a known source has as few tries as any.
#[test]
fn whoever_shares_the_owners_source_gets_no_more_tries_than_others() {
    let world = besieged();
    for _ in 0..10 {
        assert!(is_limited(&sign_in(&world, HOME, ADA, "wrong password")));
        assert_eq!(world.effort()["verify"], 1);
    }
    assert!(is_limited(&sign_in(&world, HOME, ADA, PASSWORD)));
    assert!(!world.effort().contains_key("verify"));
}

// C04: nor does a stranger learn by it that there is an account, or from where it is used.
#[test]
fn beyond_the_limit_every_wrong_password_gets_the_same_answer_after_the_same_work() {
    let world = besieged();
    assert_eq!(guess(&world, NOBODY, 100), Ok(false));
    let mut seen = Vec::new();
    for (source, email) in [
        (HOME, ADA),
        (ELSEWHERE, ADA),
        (HOME, NOBODY),
        (ELSEWHERE, NOBODY),
    ] {
        let answer = sign_in(&world, source, email, "wrong password");
        assert!(is_limited(&answer), "{answer:?}");
        seen.push((answer, world.effort()));
    }
    let [first, others @ ..] = seen.as_slice() else {
        panic!("{seen:?}")
    };
    assert!(others.iter().all(|other| other == first), "{seen:#?}");
    // The right one from elsewhere is no other answer either.
    let right = sign_in(&world, "198.51.100.8", ADA, PASSWORD);
    assert_eq!((&right, &world.effort()), (&first.0, &first.1));
    assert!(world.last_audit().2.is_some());
}

/// Somebody with a session of the account `id`, at home.
pub(super) fn in_session_at_home(id: &str) -> Message {
    Message {
        remote_address: Some(HOME.to_owned()),
        ..in_session(id, "s1")
    }
}

/// A sign-in at a product's form: the service has the same address, whoever asks it.
pub(super) fn through_service(world: &World, email: &str, password: &str) -> Result<bool, Error> {
    let answer = world.call(|service| service.get_user(email, &secret(password)));
    answer.map(|user| user.is_some())
}

// C03
#[test]
fn a_stranger_at_a_products_form_does_not_keep_anybody_out_of_it() {
    let world = World::default();
    world.active(ADA);
    for _ in 0..50 {
        assert_eq!(through_service(&world, ADA, "wrong password"), Ok(false));
    }
    assert_eq!(through_service(&world, ADA, PASSWORD), Ok(true));
    assert!(world.taken_for(SIGN_IN_BUCKET).is_empty());
    // Nor do many places that guess together, once the account was signed in to by a service.
    assert_eq!(guess(&world, ADA, 49), Ok(false));
    assert!(is_limited(&sign_in(&world, ELSEWHERE, ADA, PASSWORD)));
    assert_eq!(through_service(&world, ADA, PASSWORD), Ok(true));
}

// C02: a service that does not limit its users is no way to guess without end, although it is a known source.
#[test]
fn guesses_through_services_are_counted_too() {
    let world = World::default();
    world.active(ADA);
    assert_eq!(through_service(&world, ADA, PASSWORD), Ok(true));
    for email in [ADA, NOBODY] {
        let mut answers = (0..200).map(|_| {
            let answer = through_service(&world, email, "wrong password");
            (answer, world.effort().contains_key("verify"))
        });
        let heard = answers.by_ref().take_while(|(_, is_hashed)| *is_hashed);
        assert_eq!(heard.count(), 100, "{email}");
        assert!(answers.all(|(answer, is_hashed)| is_limited(&answer) && !is_hashed));
    }
    // They count for the address as well.
    assert!(is_limited(&sign_in(&world, ELSEWHERE, ADA, PASSWORD)));
    assert!(is_limited(&through_service(&world, ADA, PASSWORD)));
    world.pass(15 * MINUTE);
    assert_eq!(through_service(&world, ADA, PASSWORD), Ok(true));
}

#[test]
fn people_who_come_through_a_service_are_one_source() {
    let world = World::default();
    for number in 0..20 {
        let by_service = Message {
            remote_address: Some(format!("192.0.2.{number}")),
            ..crate::testing::service()
        };
        let answer = world.call_as(by_service, |service| {
            service.get_user(ADA, &secret("wrong password"))
        });
        assert_eq!(answer, Ok(None));
    }
    assert_eq!(world.taken_for(SIGN_IN_SERVICES_BUCKET).len(), 1);
    assert!(world.taken_for(SIGN_IN_BUCKET).is_empty());
}
