//! `get-forgot-password-token`, `start-password-reset`, `reset-password`.

use super::{access_lives, paths, refresh_lives, save, secret};
use crate::channels::{Failed, Notice, Unsent};
use crate::error::Error;
use crate::ports::Outcome;
use crate::secret::Secret;
use crate::settings::{HOUR, MINUTE, RESET_MAIL_BUCKET};
use crate::testing::{Kind, PASSWORD, START, World, through_component};

const ADA: &str = "ada@example.com";
const NEW: &str = "another good password";

fn reset(world: &World, token: &Secret, password: &str) -> Result<(), Error> {
    world.call_as(through_component(), |service| {
        service.reset_password(token, &secret(password))
    })
}

fn forgot(world: &World, email: &str) -> Secret {
    world
        .call(|service| service.get_forgot_password_token(email))
        .unwrap()
        .token
}

fn start(world: &World, email: &str) {
    let answer = world.call_as(through_component(), |service| {
        service.start_password_reset(email)
    });
    assert_eq!(answer, Ok(()));
}

// I06
#[test]
fn a_reset_sets_the_password_ends_everything_and_tells_the_owner() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    start(&world, ADA);
    let token = world.mailed_token();
    reset(&world, &token, NEW).unwrap();
    let (action, outcome, subject, _) = world.last_audit();
    assert_eq!(
        (action.as_str(), outcome, subject),
        ("password-reset", Outcome::Success, Some(id.clone()))
    );
    assert!(world.message.borrow().principal.is_none());
    assert!(world.signs_in(ADA, NEW) && !world.signs_in(ADA, PASSWORD));
    // E07
    assert!(!access_lives(&world, "one") && !refresh_lives(&world, "one"));
    assert_eq!(world.state.borrow().ended, [(id.clone(), None)]);
    let mail = world.last_mail();
    assert_eq!((mail.to.as_str(), mail.about), (ADA, id));
    assert_eq!(mail.kind, Kind::Notice(Notice::PasswordChanged));
}

// I06
#[test]
fn credentials_that_others_keep_count_since_the_reset() {
    let world = World::default();
    let id = world.active(ADA);
    let since = || world.account(&id).unwrap().credentials_since;
    assert_eq!(since(), START);
    let token = forgot(&world, ADA);
    world.pass(MINUTE);
    assert_eq!(
        reset(&world, &secret("nonsense"), NEW),
        Err(Error::NotFound)
    );
    assert!(reset(&world, &token, "short").is_err());
    assert_eq!(since(), START);
    reset(&world, &token, NEW).unwrap();
    assert_eq!(since(), START + MINUTE);
    // A second reset in the same moment is another moment.
    let token = forgot(&world, ADA);
    reset(&world, &token, PASSWORD).unwrap();
    assert_eq!(since(), START + MINUTE + 1);
}

// I03
#[test]
fn a_token_works_once_within_an_hour_and_the_newest_wins() {
    let world = World::default();
    world.active(ADA);
    let first = forgot(&world, ADA);
    let second = forgot(&world, ADA);
    assert_eq!(reset(&world, &first, NEW), Err(Error::NotFound));
    world.pass(HOUR - 1);
    assert_eq!(reset(&world, &second, NEW), Ok(()));
    assert_eq!(reset(&world, &second, NEW), Err(Error::NotFound));
    let third = forgot(&world, ADA);
    world.pass(HOUR);
    assert_eq!(reset(&world, &third, NEW), Err(Error::NotFound));
}

// I05
#[test]
fn a_refused_password_keeps_the_token_five_times() {
    let world = World::default();
    let id = world.active(ADA);
    let token = forgot(&world, ADA);
    for _ in 0..5 {
        assert_eq!(paths(reset(&world, &token, "short")), ["password"]);
        assert!(world.was_denied("password-reset", Some(&id), "refused-password"));
        assert!(!world.effort().contains_key("hash"));
    }
    assert_eq!(reset(&world, &token, NEW), Ok(()));
    let token = forgot(&world, ADA);
    for _ in 0..6 {
        assert_eq!(paths(reset(&world, &token, "12345678")), ["password"]);
    }
    assert_eq!(reset(&world, &token, NEW), Err(Error::NotFound));
    assert!(world.stored("one-time/reset").is_empty() && world.stored("newest/reset").is_empty());
}

#[test]
fn a_reset_verifies_the_address_that_the_mail_reached() {
    let world = World::default();
    let registered = world.register(ADA);
    let token = forgot(&world, ADA);
    reset(&world, &token, NEW).unwrap();
    assert!(world.account(&registered.id).unwrap().is_verified());
    // The other one-time token dies with it.
    let answer = world.call(|service| service.verify_email(&registered.signup_token));
    assert_eq!(answer, Err(Error::NotFound));
    assert!(world.stored("newest/").is_empty());
}

#[test]
fn an_unknown_address_is_not_found_to_services_and_nothing_to_strangers() {
    let world = World::default();
    let answer = world.call(|service| service.get_forgot_password_token(ADA));
    assert_eq!(answer, Err(Error::NotFound));
    start(&world, ADA);
    assert!(world.was_denied("password-reset-start", None, "no-account"));
    assert!(world.state.borrow().mails.is_empty());
}

// I01, E07
#[test]
fn a_disabled_account_is_not_reset() {
    let world = World::default();
    let id = world.active(ADA);
    let token = forgot(&world, ADA);
    world
        .operate(|service| service.set_disabled(&id, true))
        .unwrap();
    assert_eq!(reset(&world, &token, NEW), Err(Error::NotFound));
    let answer = world.call(|service| service.get_forgot_password_token(ADA));
    assert_eq!(answer, Err(Error::NotFound));
    start(&world, ADA);
    assert!(world.was_denied("password-reset-start", Some(&id), "disabled"));
    assert!(world.state.borrow().mails.is_empty());
    // Nor by what was mailed before, once it is on again.
    world
        .operate(|service| service.set_disabled(&id, false))
        .unwrap();
    assert_eq!(reset(&world, &token, NEW), Err(Error::NotFound));
    assert!(world.signs_in(ADA, PASSWORD));
}

// I02
#[test]
fn mails_are_a_minute_apart_and_the_last_one_stays_good() {
    let world = World::default();
    let id = world.active("Ada@example.com");
    start(&world, ADA);
    let token = world.mailed_token();
    for _ in 0..100 {
        start(&world, "ADA@example.com");
    }
    assert!(world.was_denied("password-reset-start", Some(&id), "too-often"));
    assert_eq!(world.state.borrow().mails.len(), 1);
    assert_eq!(world.last_mail().to, "Ada@example.com");
    world.pass(MINUTE);
    world.unsent.set(Some(Unsent::TooMany));
    start(&world, ADA);
    assert!(world.was_denied("password-reset-start", Some(&id), "too-many-mails"));
    world.unsent.set(None);
    assert_eq!(reset(&world, &token, NEW), Ok(()));
}

/// Whoever floods a mailbox gets few mails, and its owner always has a link that works or gets one.
#[test]
fn a_flood_of_requests_makes_few_mails_and_leaves_a_link_that_works() {
    let world = World::default();
    let id = world.active(ADA);
    let mails = || world.state.borrow().mails.len();
    for _ in 0..30 {
        start(&world, ADA);
        world.pass(MINUTE);
    }
    assert_eq!(mails(), 3);
    assert!(world.was_denied("password-reset-start", Some(&id), "too-many-mails"));
    // For a day, every minute; an unknown address is counted alike.
    let mut newest = (world.now.get(), mails());
    for _ in 0..24 * 60 {
        start(&world, ADA);
        start(&world, "nobody@example.com");
        if mails() > newest.1 {
            newest = (world.now.get(), mails());
        }
        assert!(world.now.get() - newest.0 < HOUR);
        world.pass(MINUTE);
    }
    assert!(mails() < 3 + 40, "{}", mails());
    assert!(world.taken_for(RESET_MAIL_BUCKET) == [ADA, "nobody@example.com"]);
    let token = world.mailed_token();
    assert_eq!(reset(&world, &token, NEW), Ok(()));
}

#[test]
fn a_notice_that_is_one_too_many_does_not_undo_a_reset() {
    let world = World::default();
    world.active(ADA);
    let token = forgot(&world, ADA);
    world.unsent.set(Some(Unsent::TooMany));
    assert_eq!(reset(&world, &token, NEW), Ok(()));
    assert!(world.signs_in(ADA, NEW));
}

/// To take an account back matters more than to tell of it.
#[test]
fn a_notice_that_cannot_be_made_does_not_undo_a_reset_and_is_on_record() {
    let world = World::default();
    let id = world.active(ADA);
    let token = forgot(&world, ADA);
    world.unsent.set(Some(Unsent::Failed(Failed("unknown"))));
    assert_eq!(reset(&world, &token, NEW), Ok(()));
    assert!(world.signs_in(ADA, NEW));
    let audit = world.audit.borrow();
    let notice = audit.iter().find(|(action, ..)| action == "notice");
    let (_, outcome, subject, reason) = notice.unwrap();
    assert_eq!(
        (*outcome, subject.as_deref()),
        (Outcome::Denied, Some(&*id))
    );
    assert_eq!(reason.as_deref(), Some("no-mail"));
}

#[test]
fn a_reset_that_cannot_end_the_sessions_is_none() {
    let world = World::default();
    world.active(ADA);
    let token = forgot(&world, ADA);
    world.failed.set(Some(Failed("access-denied")));
    assert_eq!(reset(&world, &token, NEW), Err(Error::Unknown));
    assert!(world.log.borrow()[0].contains("token"));
    world.failed.set(None);
    assert!(world.signs_in(ADA, PASSWORD));
    assert_eq!(reset(&world, &token, NEW), Ok(()));
}

#[test]
fn the_token_is_looked_at_before_the_password() {
    let world = World::default();
    world.active(ADA);
    assert_eq!(
        reset(&world, &secret("nonsense"), "short"),
        Err(Error::NotFound)
    );
    assert!(!world.effort().contains_key("get"));
}
