//! `get-user`.

use super::{paths, secret};
use crate::error::Error;
use crate::ports::Outcome;
use crate::role::Role;
use crate::settings::{DAY, HOUR, SIGN_IN_ADDRESS_BUCKET, SIGN_IN_BUCKET};
use crate::testing::{PASSWORD, World, in_session, through_component};

const ADA: &str = "ada@example.com";

fn get_user(world: &World, email: &str, password: &str) -> Result<bool, Error> {
    let answer = world.call_as(through_component(), |service| {
        service.get_user(email, &secret(password))
    });
    answer.map(|user| user.is_some())
}

/// Whom the last message acts for.
fn known(world: &World) -> Option<String> {
    let message = world.message.borrow();
    let principal = message.principal.as_ref();
    principal.map(|principal| principal.subject.clone())
}

#[test]
fn the_right_password_says_who_it_is_and_proves_it() {
    let world = World::default();
    let id = world.active("Ada@example.com");
    let found = world
        .call_as(through_component(), |service| {
            service.get_user(" ADA@example.com ", &secret(PASSWORD))
        })
        .unwrap()
        .unwrap();
    assert_eq!((&found.id, found.email.as_str()), (&id, "Ada@example.com"));
    let message = world.message.borrow();
    let principal = message.principal.as_ref().unwrap();
    assert_eq!(principal.subject, id);
    assert_eq!(
        (&*principal.methods, &*principal.roles),
        (&["pwd".to_owned()] as &[_], &["user".to_owned()] as &[_])
    );
    assert_eq!(
        (principal.authenticated_at, &principal.session),
        (world.now.get(), &None)
    );
    let (action, outcome, subject, _) = world.last_audit();
    assert_eq!(
        (action.as_str(), outcome, subject),
        ("sign-in", Outcome::Success, Some(id))
    );
}

// C01, C06
#[test]
fn whatever_is_wrong_is_empty_and_audited_with_its_reason() {
    let world = World::default();
    let id = world.active(ADA);
    for (email, password, subject, reason) in [
        (ADA, "wrong password", Some(&*id), "wrong-password"),
        (ADA, "", Some(&*id), "wrong-password"),
        ("bob@example.com", PASSWORD, None, "no-account"),
        ("not an address", PASSWORD, None, "no-account"),
        ("", "", None, "no-account"),
    ] {
        assert_eq!(get_user(&world, email, password), Ok(false), "{email}");
        assert!(world.was_denied("sign-in", subject, reason), "{email}");
        assert_eq!(known(&world), None);
    }
    world
        .operate(|service| service.set_disabled(&id, true))
        .unwrap();
    assert_eq!(get_user(&world, ADA, PASSWORD), Ok(false));
    assert!(world.was_denied("sign-in", Some(&id), "disabled"));
    assert_eq!(known(&world), None);
}

// C08
#[test]
fn only_lengths_are_refused() {
    let world = World::default();
    let long = format!("{}@example.com", "a".repeat(300));
    assert_eq!(paths(get_user(&world, &long, PASSWORD)), ["email"]);
    assert_eq!(
        paths(get_user(&world, ADA, &"x".repeat(4097))),
        ["password"]
    );
    assert_eq!(
        paths(get_user(&world, &long, &"x".repeat(1 << 20))),
        ["email", "password"]
    );
    assert!(!world.effort().contains_key("verify") && !world.effort().contains_key("take"));
    // What could never be registered is merely wrong.
    assert_eq!(get_user(&world, ADA, "x"), Ok(false));
    assert_eq!(get_user(&world, ADA, &"x".repeat(4096)), Ok(false));
}

// C02, C04
#[test]
fn after_ten_failures_nobody_is_heard_with_or_without_an_account() {
    for email in [ADA, "nobody@example.com", "nonsense"] {
        let world = World::default();
        world.active(ADA);
        for _ in 0..10 {
            assert_eq!(get_user(&world, email, "wrong password"), Ok(false));
        }
        let limited = get_user(&world, email, PASSWORD);
        assert!(
            matches!(limited, Err(Error::TooManyRequests(1..))),
            "{limited:?}"
        );
        assert!(world.was_denied("sign-in", None, "too-many-requests"));
        assert!(!world.effort().contains_key("verify"));
        // Others are heard.
        assert_eq!(get_user(&world, "bob@example.com", PASSWORD), Ok(false));
    }
}

// C02
#[test]
fn another_spelling_is_not_another_chance() {
    let world = World::default();
    for number in 0..10 {
        let spelling = if number % 2 == 0 {
            ADA
        } else {
            " ADA@EXAMPLE.com"
        };
        assert_eq!(get_user(&world, spelling, "wrong password"), Ok(false));
    }
    assert!(get_user(&world, "Ada@example.com", PASSWORD).is_err());
}

// C02
#[test]
fn a_success_forgives_the_failures_before_it() {
    let world = World::default();
    world.active(ADA);
    for _ in 0..5 {
        for _ in 0..9 {
            assert_eq!(get_user(&world, ADA, "wrong password"), Ok(false));
        }
        assert_eq!(get_user(&world, "ADA@example.com", PASSWORD), Ok(true));
    }
    assert_eq!(world.taken(SIGN_IN_BUCKET, "ada@example.com\nnowhere"), 0);
}

/// A text that is no address may be as long as any; a bucket's key may not.
#[test]
fn nonsense_is_counted_by_its_start() {
    let world = World::default();
    let nonsense = format!("{}\u{200b}", "é".repeat(400));
    assert_eq!(get_user(&world, &nonsense, PASSWORD), Ok(false));
    let lengths = |bucket| -> Vec<usize> {
        let keys = world.taken_for(bucket);
        keys.iter().map(String::len).collect()
    };
    assert_eq!(lengths(SIGN_IN_BUCKET), [254 + "\nnowhere".len()]);
    assert_eq!(lengths(SIGN_IN_ADDRESS_BUCKET), [254]);
}

#[test]
fn a_pending_account_proves_itself_for_48_hours() {
    let world = World::default();
    let id = world.register(ADA).id;
    world.pass(2 * DAY - 1);
    assert_eq!(get_user(&world, ADA, PASSWORD), Ok(true));
    assert_eq!(known(&world), Some(id.clone()));
    world.pass(1);
    // It is still said who it is: the caller tells them to verify.
    assert_eq!(get_user(&world, ADA, PASSWORD), Ok(true));
    assert_eq!(known(&world), None);
    assert!(world.was_denied("sign-in", Some(&id), "not-verified"));
}

#[test]
fn the_grace_is_configured() {
    let world = World::default();
    world.set("verification-grace", "0");
    world.register(ADA);
    assert_eq!(get_user(&world, ADA, PASSWORD), Ok(true));
    assert_eq!(known(&world), None);
    world.set("verification-grace", &HOUR.to_string());
    assert_eq!(get_user(&world, ADA, PASSWORD), Ok(true));
    assert!(known(&world).is_some());
}

#[test]
fn a_message_that_acts_for_somebody_else_goes_on_acting_for_them() {
    let world = World::default();
    world.active(ADA);
    let answer = world.call_as(in_session("u2", "s2"), |service| {
        service.get_user(ADA, &secret(PASSWORD))
    });
    assert!(answer.unwrap().is_some());
    assert_eq!(known(&world).as_deref(), Some("u2"));
}

// A07, C10
#[test]
fn a_hash_of_old_parameters_is_replaced_once() {
    let world = World::default();
    world.active(ADA);
    world.parameters.set(2);
    assert!(!world.signs_in(ADA, "wrong password"));
    assert!(!world.effort().contains_key("hash"));
    assert!(world.signs_in(ADA, PASSWORD));
    assert_eq!(world.effort()["hash"], 1);
    assert!(world.signs_in(ADA, PASSWORD));
    assert!(!world.effort().contains_key("hash"));
}

#[test]
fn roles_of_the_moment_are_proved() {
    let world = World::default();
    let id = world.active(ADA);
    world
        .operate(|service| service.set_roles(&id, vec![Role::Admin]))
        .unwrap();
    get_user(&world, ADA, PASSWORD).unwrap();
    let message = world.message.borrow();
    let principal = message.principal.as_ref().unwrap();
    assert_eq!(principal.roles, ["user", "admin"]);
}
