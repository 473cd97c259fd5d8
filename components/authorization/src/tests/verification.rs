//! `get-signup-token`, `start-verification`, `verify-email`.

use super::{paths, secret};
use crate::channels::{Failed, Unsent};
use crate::error::Error;
use crate::secret::Secret;
use crate::service::NewToken;
use crate::settings::{DAY, HOUR, MINUTE};
use crate::testing::{PASSWORD, World, through_component};

const ADA: &str = "ada@example.com";

fn verify(world: &World, token: &Secret) -> Result<(), Error> {
    world.call_as(through_component(), |service| service.verify_email(token))
}

fn signup_token(world: &World, email: &str) -> Option<NewToken> {
    world
        .call(|service| service.get_signup_token(email))
        .unwrap()
}

fn start(world: &World, email: &str) {
    let answer = world.call_as(through_component(), |service| {
        service.start_verification(email)
    });
    assert_eq!(answer, Ok(()));
}

#[test]
fn a_token_verifies_the_address_it_was_made_for() {
    let world = World::default();
    let registered = world.register(ADA);
    world.pass(MINUTE);
    assert_eq!(verify(&world, &registered.signup_token), Ok(()));
    let account = world.account(&registered.id).unwrap();
    assert_eq!(account.verified_at, Some(world.now.get()));
}

// B02
#[test]
fn the_same_token_again_is_ok_for_ten_minutes_and_does_nothing() {
    let world = World::default();
    let registered = world.register(ADA);
    verify(&world, &registered.signup_token).unwrap();
    let before = world.account(&registered.id);
    world.pass(10 * MINUTE - 1);
    assert_eq!(verify(&world, &registered.signup_token), Ok(()));
    assert_eq!(world.account(&registered.id), before);
    world.pass(1);
    assert_eq!(
        verify(&world, &registered.signup_token),
        Err(Error::NotFound)
    );
}

// B03
#[test]
fn a_token_lives_for_24_hours() {
    for (late, expected) in [(0, Ok(())), (1, Err(Error::NotFound))] {
        let world = World::default();
        let registered = world.register(ADA);
        world.pass(DAY - 1 + late);
        assert_eq!(verify(&world, &registered.signup_token), expected);
        let account = world.account(&registered.id).unwrap();
        assert_eq!(account.is_verified(), expected.is_ok());
    }
}

// B04
#[test]
fn a_newer_token_kills_the_older_ones() {
    let world = World::default();
    let first = world.register(ADA).signup_token;
    world.pass(MINUTE);
    let second = signup_token(&world, ADA).unwrap().token;
    world.pass(MINUTE);
    start(&world, ADA);
    let third = world.mailed_token();
    assert_eq!(verify(&world, &first), Err(Error::NotFound));
    assert_eq!(verify(&world, &second), Err(Error::NotFound));
    assert_eq!(world.stored("one-time/").len(), 1);
    assert_eq!(verify(&world, &third), Ok(()));
}

#[test]
fn within_a_minute_the_last_token_lives_on() {
    let world = World::default();
    let registered = world.register(ADA);
    world.pass(MINUTE - 1);
    assert_eq!(signup_token(&world, ADA), None);
    start(&world, ADA);
    assert!(world.was_denied("verification-start", Some(&registered.id), "too-often"));
    assert!(world.state.borrow().mails.is_empty());
    assert_eq!(verify(&world, &registered.signup_token), Ok(()));
}

// B05
#[test]
fn there_is_nothing_for_an_address_that_is_unknown_or_verified() {
    let world = World::default();
    let id = world.active(ADA);
    world.pass(MINUTE);
    for email in [ADA, "bob@example.com"] {
        assert_eq!(signup_token(&world, email), None);
        start(&world, email);
    }
    assert!(world.was_denied("verification-start", None, "no-account"));
    start(&world, ADA);
    assert!(world.was_denied("verification-start", Some(&id), "verified"));
    assert!(world.state.borrow().mails.is_empty());
}

#[test]
fn a_mail_goes_to_the_address_of_the_account() {
    let world = World::default();
    let id = world.register("Ada@example.com").id;
    world.pass(MINUTE);
    // Whatever spelling was asked for.
    start(&world, " ADA@EXAMPLE.COM ");
    let mail = world.last_mail();
    assert_eq!((mail.to.as_str(), mail.about), ("Ada@example.com", id));
}

#[test]
fn what_was_mailed_stays_good_if_the_next_mail_is_not_taken() {
    let world = World::default();
    let registered = world.register(ADA);
    world.pass(MINUTE);
    world.unsent.set(Some(Unsent::TooMany));
    start(&world, ADA);
    assert!(world.was_denied("verification-start", Some(&registered.id), "too-many-mails"));
    assert_eq!(verify(&world, &registered.signup_token), Ok(()));
}

// I02
#[test]
fn a_flood_of_requests_makes_few_mails_and_the_last_link_works() {
    let world = World::default();
    let id = world.register(ADA).id;
    for _ in 0..60 {
        world.pass(MINUTE);
        start(&world, ADA);
    }
    assert_eq!(world.state.borrow().mails.len(), 3);
    assert!(world.was_denied("verification-start", Some(&id), "too-many-mails"));
    // Somebody who waits gets another.
    world.pass(2 * HOUR);
    start(&world, ADA);
    assert_eq!(world.state.borrow().mails.len(), 4);
    assert_eq!(verify(&world, &world.mailed_token()), Ok(()));
}

// B05, I01
#[test]
fn an_installation_that_makes_no_mails_tells_strangers_nothing_and_kills_no_token() {
    let world = World::default();
    let registered = world.register(ADA);
    world.pass(MINUTE);
    world.unsent.set(Some(Unsent::Failed(Failed("unknown"))));
    for email in ["nobody@example.com", ADA] {
        start(&world, email);
        let reset = world.call_as(through_component(), |service| {
            service.start_password_reset(email)
        });
        assert_eq!(reset, Ok(()), "{email}");
    }
    // The operator is told, of each mail that was to be.
    assert_eq!(world.log.borrow().len(), 2);
    world.pass(MINUTE);
    start(&world, ADA);
    assert!(world.was_denied("verification-start", Some(&registered.id), "no-mail"));
    assert_eq!(verify(&world, &registered.signup_token), Ok(()));
}

// B01
#[test]
fn whatever_else_comes_as_a_token_is_not_found_and_mostly_not_looked_up() {
    let world = World::default();
    let registered = world.register(ADA);
    let token = registered.signup_token.reveal();
    let flipped = format!(
        "{}{}",
        if token.starts_with('A') { "B" } else { "A" },
        &token[1..]
    );
    assert_eq!(verify(&world, &secret(&flipped)), Err(Error::NotFound));
    let (short, long) = (&token[1..], format!("{token}A"));
    let padded = format!("{token}=");
    for text in [
        "",
        short,
        &long,
        &padded,
        &registered.id,
        &"A".repeat(1 << 20),
        "../../../../../../etc/pass!",
        "ééééééééééééé\u{e9}",
    ] {
        assert_eq!(
            verify(&world, &secret(text)),
            Err(Error::NotFound),
            "{text:.40}"
        );
        assert!(!world.effort().contains_key("get"), "{text:.40}");
    }
    assert_eq!(verify(&world, &registered.signup_token), Ok(()));
}

/// A token for one purpose is none for another.
#[test]
fn a_reset_token_does_not_verify_and_a_signup_token_does_not_reset() {
    let world = World::default();
    let registered = world.register(ADA);
    let reset = world
        .call(|service| service.get_forgot_password_token(ADA))
        .unwrap();
    assert_eq!(verify(&world, &reset.token), Err(Error::NotFound));
    let answer = world.call(|service| {
        service.reset_password(&registered.signup_token, &secret("another good password"))
    });
    assert_eq!(answer, Err(Error::NotFound));
    assert!(world.signs_in(ADA, PASSWORD));
}

#[test]
fn a_token_dies_with_its_account() {
    let world = World::default();
    let registered = world.register(ADA);
    world
        .call(|service| service.cancel_registration(&registered.id))
        .unwrap();
    assert_eq!(
        verify(&world, &registered.signup_token),
        Err(Error::NotFound)
    );
    // Also if the address has another account by now.
    world.register(ADA);
    assert_eq!(
        verify(&world, &registered.signup_token),
        Err(Error::NotFound)
    );
}

// B04
#[test]
fn a_token_for_an_address_that_the_account_no_longer_has_is_dead() {
    let world = World::default();
    let registered = world.register(ADA);
    {
        let mut state = world.state.borrow_mut();
        let record = state
            .entries
            .iter_mut()
            .find(|(key, _)| key.starts_with("account/"))
            .map(|(_, entry)| &mut entry.value)
            .unwrap();
        let text = String::from_utf8(record.clone()).unwrap();
        *record = text.replace(ADA, "ada@example.org").into_bytes();
    }
    assert_eq!(
        verify(&world, &registered.signup_token),
        Err(Error::NotFound)
    );
    assert!(!world.account(&registered.id).unwrap().is_verified());
}

#[test]
fn tokens_outlive_a_rotation_of_the_mac_key() {
    let world = World::default();
    let registered = world.register(ADA);
    world.rotate_mac_key();
    assert_eq!(verify(&world, &registered.signup_token), Ok(()));
    let other = world.register("bob@example.com");
    world.rotate_mac_key();
    world.rotate_mac_key();
    assert_eq!(verify(&world, &other.signup_token), Err(Error::NotFound));
    // A new one kills it all the same.
    world.pass(MINUTE);
    let token = signup_token(&world, "bob@example.com").unwrap();
    assert_eq!((token.id, verify(&world, &token.token)), (other.id, Ok(())));
}

#[test]
fn what_is_no_address_is_refused() {
    let world = World::default();
    for email in ["", "ada", "ada@", "a\n@example.com", &"x".repeat(1 << 16)] {
        assert_eq!(
            paths(world.call(|service| service.get_signup_token(email))),
            ["email"]
        );
        assert_eq!(
            paths(world.call(|service| service.start_verification(email))),
            ["email"]
        );
        assert_eq!(
            paths(world.call(|service| service.start_password_reset(email))),
            ["email"]
        );
        assert_eq!(
            paths(world.call(|service| service.get_forgot_password_token(email))),
            ["email"]
        );
        assert_eq!(
            paths(world.operate(|service| service.find_account(email))),
            ["email"]
        );
    }
}
