//! `change-password`.

use super::{access_lives, paths, save, secret};
use crate::channels::Notice;
use crate::error::Error;
use crate::ports::{Message, Outcome};
use crate::settings::{PASSWORD_CHECK_BUCKET, SIGN_IN_ADDRESS_BUCKET};
use crate::testing::{
    Kind, PASSWORD, World, in_session, principal, service, stranger, through_component,
};

const ADA: &str = "ada@example.com";
const NEW: &str = "another good password";

fn change(world: &World, by: Message, id: &str, current: &str, new: &str) -> Result<(), Error> {
    world.call_as(by, |service| {
        service.change_password(id, &secret(current), &secret(new))
    })
}

#[test]
fn the_password_is_changed_by_the_one_before() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    change(&world, in_session(&id, "s1"), &id, PASSWORD, NEW).unwrap();
    let (action, outcome, ..) = world.last_audit();
    assert_eq!(
        (action.as_str(), outcome),
        ("password-change", Outcome::Success)
    );
    assert!(world.signs_in(ADA, NEW) && !world.signs_in(ADA, PASSWORD));
    // Every session but this one, and every saved token.
    let ended = world.state.borrow().ended.clone();
    assert_eq!(ended, [(id.clone(), Some("s1".to_owned()))]);
    assert!(!access_lives(&world, "one"));
    assert_eq!(
        world.last_mail().kind,
        Kind::Notice(Notice::PasswordChanged)
    );
}

/// A password that is replaced as a matter of routine stops no programs.
#[test]
fn credentials_that_others_keep_live_on() {
    let world = World::default();
    let id = world.active(ADA);
    let since = || world.account(&id).unwrap().credentials_since;
    let before = since();
    world.pass(1_000);
    change(&world, in_session(&id, "s1"), &id, PASSWORD, NEW).unwrap();
    for disabled in [true, false] {
        world
            .operate(|service| service.set_disabled(&id, disabled))
            .unwrap();
    }
    assert_eq!(since(), before);
}

#[test]
fn a_link_for_a_new_password_dies_with_the_old_one() {
    let world = World::default();
    let id = world.active(ADA);
    let token = world
        .call(|service| service.get_forgot_password_token(ADA))
        .unwrap()
        .token;
    change(&world, service(), &id, PASSWORD, NEW).unwrap();
    let answer = world.call(|service| service.reset_password(&token, &secret(PASSWORD)));
    assert_eq!(answer, Err(Error::NotFound));
}

#[test]
fn only_the_owner_in_a_session_of_theirs_or_a_service_may() {
    let world = World::default();
    let id = world.active(ADA);
    let known = |principal, is_service, is_nested| Message {
        is_service,
        is_nested,
        principal: Some(principal),
        ..service()
    };
    let refused = [
        stranger(),
        through_component(),
        in_session("somebody-else", "s1"),
        // By the password of a sign-in alone, on whichever plane.
        known(principal(&id, None, &["pwd"]), false, true),
        known(principal(&id, None, &["pwd"]), true, true),
        // By an API token, and by a session that one began.
        known(principal(&id, None, &["api-token"]), false, true),
        known(
            principal(&id, Some("s1"), &["jwt", "api-token"]),
            false,
            true,
        ),
        // A service through a component, for nobody and for somebody else.
        known(principal("somebody-else", None, &["acting"]), true, false),
        Message {
            is_nested: true,
            ..service()
        },
    ];
    for message in refused {
        let answer = change(&world, message.clone(), &id, PASSWORD, NEW);
        assert_eq!(answer, Err(Error::AccessDenied), "{message:?}");
        assert!(!world.effort().contains_key("verify"));
        let (action, outcome, ..) = world.last_audit();
        assert_eq!(
            (action.as_str(), outcome),
            ("password-change", Outcome::Denied)
        );
    }
    let mut current = PASSWORD.to_owned();
    let allowed = [
        in_session(&id, "s1"),
        service(),
        known(principal(&id, None, &["acting"]), true, false),
        known(principal(&id, None, &["acting"]), true, true),
    ];
    for (number, message) in allowed.into_iter().enumerate() {
        let new = format!("good password {number}");
        assert_eq!(change(&world, message, &id, &current, &new), Ok(()));
        current = new;
    }
}

#[test]
fn what_is_wrong_is_said() {
    let world = World::default();
    let id = world.active(ADA);
    let by = || in_session(&id, "s1");
    let wrong = change(&world, by(), &id, "wrong password", NEW);
    assert_eq!(paths(wrong), ["current"]);
    assert!(world.was_denied("password-change", Some(&id), "wrong-password"));
    for new in ["short", "12345678", ADA, &"x".repeat(1025)] {
        assert_eq!(paths(change(&world, by(), &id, PASSWORD, new)), ["new"]);
        assert!(!world.effort().contains_key("verify"));
    }
    let long = "x".repeat(4097);
    assert_eq!(
        paths(change(&world, by(), &id, &long, &long)),
        ["current", "new"]
    );
    assert!(world.signs_in(ADA, PASSWORD));
}

// C02
#[test]
fn wrong_ones_are_limited_and_count_as_failed_sign_ins() {
    let world = World::default();
    let id = world.active(ADA);
    let by = || in_session(&id, "s1");
    for _ in 0..10 {
        assert_eq!(
            paths(change(&world, by(), &id, "wrong password", NEW)),
            ["current"]
        );
    }
    let limited = change(&world, by(), &id, PASSWORD, NEW);
    assert!(matches!(limited, Err(Error::TooManyRequests(1..))));
    assert_eq!(world.taken(SIGN_IN_ADDRESS_BUCKET, ADA), 10);
    let answer = world.call_as(through_component(), |service| {
        service.get_user(ADA, &secret(PASSWORD))
    });
    assert!(matches!(answer, Err(Error::TooManyRequests(_))));
}

// C03
#[test]
fn strangers_failures_do_not_keep_the_owner_from_changing_the_password() {
    let world = World::default();
    let id = world.active(ADA);
    for _ in 0..10 {
        assert!(!world.signs_in(ADA, "wrong password"));
    }
    assert_eq!(
        change(&world, in_session(&id, "s1"), &id, PASSWORD, NEW),
        Ok(())
    );
    assert!(world.taken_for(PASSWORD_CHECK_BUCKET).is_empty());
}

// C03
#[test]
fn whoever_stole_a_session_uses_up_its_tries_and_not_the_owners() {
    let world = World::default();
    let id = world.active(ADA);
    let (stolen, own) = (in_session(&id, "stolen"), in_session(&id, "own"));
    for _ in 0..10 {
        let wrong = change(&world, stolen.clone(), &id, "wrong password", NEW);
        assert_eq!(paths(wrong), ["current"]);
    }
    let limited = change(&world, stolen.clone(), &id, PASSWORD, NEW);
    assert!(matches!(limited, Err(Error::TooManyRequests(1..))));
    assert_eq!(change(&world, own, &id, PASSWORD, NEW), Ok(()));
    // What is forgiven there is not forgiven here, and not in the account's deletion.
    let limited = world.call_as(stolen, |service| {
        service.delete_account(&id, Some(&secret(NEW)))
    });
    assert!(matches!(limited, Err(Error::TooManyRequests(1..))));
}

/// A service has no session: it is counted by account, apart from the sessions.
#[test]
fn tries_of_services_are_counted_by_account() {
    let world = World::default();
    let (ada, bob) = (world.active(ADA), world.active("bob@example.com"));
    for _ in 0..10 {
        let wrong = change(&world, service(), &ada, "wrong password", NEW);
        assert_eq!(paths(wrong), ["current"]);
    }
    let limited = change(&world, service(), &ada, PASSWORD, NEW);
    assert!(matches!(limited, Err(Error::TooManyRequests(1..))));
    assert_eq!(change(&world, service(), &bob, PASSWORD, NEW), Ok(()));
    assert_eq!(
        change(&world, in_session(&ada, "s1"), &ada, PASSWORD, NEW),
        Ok(())
    );
}

#[test]
fn an_account_that_is_gone_off_or_without_a_password_has_none_to_change() {
    let world = World::default();
    let id = world.active(ADA);
    let nobody = change(&world, service(), "nobody", PASSWORD, NEW);
    assert_eq!(nobody, Err(Error::NotFound));
    let users = vec![crate::service::ImportedUser {
        id: Some("imported".to_owned()),
        email: "bob@example.com".to_owned(),
        ..Default::default()
    }];
    world
        .operate(|service| service.import_users(users))
        .unwrap();
    let none = change(&world, service(), "imported", "", NEW);
    assert_eq!(paths(none), ["current"]);
    world
        .operate(|service| service.set_disabled(&id, true))
        .unwrap();
    assert_eq!(
        change(&world, service(), &id, PASSWORD, NEW),
        Err(Error::Conflict)
    );
}
