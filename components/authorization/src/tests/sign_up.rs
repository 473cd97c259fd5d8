//! `sign-up`.

use super::{paths, secret};
use crate::channels::{Failed, Notice, PersonName, Unsent};
use crate::error::Error;
use crate::ports::Outcome;
use crate::service::SignUp;
use crate::settings::{HOUR, MINUTE};
use crate::testing::{Kind, PASSWORD, World, through_component};

fn request(email: &str) -> SignUp {
    SignUp {
        email: email.to_owned(),
        password: secret(PASSWORD),
        first_name: Some(" Ada ".to_owned()),
        last_name: Some("Zoe\u{308}".to_owned()),
    }
}

fn sign_up(world: &World, request: &SignUp) -> Result<(), Error> {
    world.call_as(through_component(), |service| service.sign_up(request))
}

fn id_of(world: &World, email: &str) -> String {
    let found = world.operate(|service| service.find_account(email));
    found.unwrap().unwrap().id
}

#[test]
fn a_sign_up_is_an_account_a_profile_and_a_mail() {
    let world = World::default();
    sign_up(&world, &request("Ada@example.com")).unwrap();
    let id = id_of(&world, "ada@example.com");
    let name = PersonName {
        first: Some("Ada".to_owned()),
        last: "Zo\u{eb}".to_owned(),
    };
    let profile = world.state.borrow().profiles[&id].clone();
    assert_eq!(profile, ("Ada@example.com".to_owned(), name));
    let mail = world.last_mail();
    assert_eq!(
        (mail.to.as_str(), mail.about),
        ("Ada@example.com", id.clone())
    );
    assert!(world.signs_in("ada@example.com", PASSWORD));
    let token = world.mailed_token();
    world.call(|service| service.verify_email(&token)).unwrap();
    assert!(world.account(&id).unwrap().is_verified());
}

#[test]
fn names_are_optional() {
    let world = World::default();
    let nameless = SignUp {
        first_name: Some("  ".to_owned()),
        last_name: None,
        ..request("ada@example.com")
    };
    sign_up(&world, &nameless).unwrap();
    let state = world.state.borrow();
    let (_, name) = state.profiles.values().next().unwrap();
    assert_eq!(*name, PersonName::default());
}

// A08
#[test]
fn for_an_address_with_an_account_the_answer_is_the_same_and_its_owner_is_told() {
    let world = World::default();
    let id = world.active("ada@example.com");
    let before = (world.stored("account/"), world.account(&id));
    let stranger = SignUp {
        password: secret("another good password"),
        ..request("ADA@example.com")
    };
    assert_eq!(sign_up(&world, &stranger), Ok(()));
    assert!(world.was_denied("sign-up", Some(&id), "duplicate-email"));
    assert_eq!((world.stored("account/"), world.account(&id)), before);
    assert!(!world.signs_in("ada@example.com", "another good password"));
    assert!(world.state.borrow().profiles.is_empty());
    // To the owner, in the form that they gave.
    let mail = world.last_mail();
    assert_eq!((mail.to.as_str(), &mail.about), ("ada@example.com", &id));
    assert_eq!(mail.kind, Kind::Notice(Notice::SignUpAttempt));
}

#[test]
fn a_notice_is_sent_at_most_once_an_hour() {
    let world = World::default();
    world.active("ada@example.com");
    let mails = || world.state.borrow().mails.len();
    for _ in 0..5 {
        sign_up(&world, &request("ada@example.com")).unwrap();
    }
    world.pass(HOUR - 1);
    sign_up(&world, &request("ada@example.com")).unwrap();
    assert_eq!(mails(), 1);
    // Nor within a minute after another.
    world.pass(1);
    sign_up(&world, &request("ada@example.com")).unwrap();
    assert_eq!(mails(), 1);
    world.pass(MINUTE);
    sign_up(&world, &request("ada@example.com")).unwrap();
    assert_eq!(mails(), 2);
}

#[test]
fn a_second_sign_up_does_not_change_a_pending_account() {
    let world = World::default();
    sign_up(&world, &request("ada@example.com")).unwrap();
    let token = world.mailed_token();
    let again = SignUp {
        password: secret("another good password"),
        ..request("ada@example.com")
    };
    sign_up(&world, &again).unwrap();
    assert!(world.signs_in("ada@example.com", PASSWORD));
    world.call(|service| service.verify_email(&token)).unwrap();
}

// A08
#[test]
fn a_broken_rule_is_refused_whoever_has_the_address() {
    let world = World::default();
    world.active("ada@example.com");
    let long = "x".repeat(257);
    for email in ["ada@example.com", "new@example.com"] {
        let refused = |change: fn(&mut SignUp, &str)| {
            let mut request = request(email);
            change(&mut request, &long);
            let paths = paths(sign_up(&world, &request));
            assert!(!world.effort().contains_key("hash"));
            paths
        };
        assert_eq!(
            refused(|request, _| request.password = secret("short")),
            ["password"]
        );
        assert_eq!(
            refused(|request, _| request.first_name = Some("a\nb".to_owned())),
            ["first_name"]
        );
        assert_eq!(
            refused(|request, _| request.last_name = Some("\u{202e}evil".to_owned())),
            ["last_name"]
        );
        let all = refused(|request, long| {
            request.password = secret("12345678");
            request.first_name = Some(long.to_owned());
            request.last_name = Some("\0".to_owned());
        });
        assert_eq!(all, ["password", "first_name", "last_name"]);
    }
    assert_eq!(paths(sign_up(&world, &request("nobody"))), ["email"]);
    assert!(world.state.borrow().mails.is_empty());
}

#[test]
fn too_many_mails_to_an_address_do_not_keep_anybody_out() {
    let world = World::default();
    world.unsent.set(Some(Unsent::TooMany));
    assert_eq!(sign_up(&world, &request("ada@example.com")), Ok(()));
    // There is no token for a mail that is not sent, so that the next one is not too early.
    assert!(world.stored("one-time/").is_empty());
    world.unsent.set(None);
    world.pass(MINUTE);
    world
        .call(|service| service.start_verification("ada@example.com"))
        .unwrap();
    let token = world.mailed_token();
    world.call(|service| service.verify_email(&token)).unwrap();
}

/// Whoever signs up must not learn whether there was a notice to send or a link.
#[test]
fn an_installation_that_makes_no_mails_answers_alike_and_its_operator_is_told() {
    let world = World::default();
    let id = world.active("ada@example.com");
    world.unsent.set(Some(Unsent::Failed(Failed("unknown"))));
    for email in ["ada@example.com", "new@example.com"] {
        world.log.borrow_mut().clear();
        assert_eq!(sign_up(&world, &request(email)), Ok(()));
        let log = world.log.borrow();
        assert!(
            log.len() == 1 && log[0].contains("email channel"),
            "{log:?}"
        );
    }
    assert!(world.account(&id).is_some());
    // The new account is there, and gets its link as soon as there are mails again.
    world.unsent.set(None);
    world.pass(MINUTE);
    world
        .call(|service| service.start_verification("new@example.com"))
        .unwrap();
    let token = world.mailed_token();
    assert_eq!(world.call(|service| service.verify_email(&token)), Ok(()));
}

#[test]
fn a_notice_that_was_not_taken_is_sent_the_next_time() {
    let world = World::default();
    world.active("ada@example.com");
    world.unsent.set(Some(Unsent::TooMany));
    assert_eq!(sign_up(&world, &request("ada@example.com")), Ok(()));
    world.unsent.set(None);
    world.pass(MINUTE);
    assert_eq!(sign_up(&world, &request("ada@example.com")), Ok(()));
    assert_eq!(world.state.borrow().mails.len(), 1);
}

#[test]
fn a_sign_up_is_wholly_there_or_not_at_all() {
    let world = World::default();
    let nothing = || {
        let state = world.state.borrow();
        state.entries.is_empty() && state.profiles.is_empty() && state.mails.is_empty()
    };
    world.failed.set(Some(Failed("validation-failed")));
    let answer = sign_up(&world, &request("ada@example.com"));
    assert!(answer == Err(Error::Unknown) && nothing());
    assert!(world.log.borrow()[0].contains("users"));
    world.failed.set(None);
    assert_eq!(sign_up(&world, &request("ada@example.com")), Ok(()));
    let (action, outcome, ..) = world.last_audit();
    assert_eq!((action.as_str(), outcome), ("sign-up", Outcome::Success));
}
