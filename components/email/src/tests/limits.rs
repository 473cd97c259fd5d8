use super::{ALL_MAILS, TOKEN_MAILS};
use crate::error::Error;
use crate::ports::Outcome;
use crate::service::{NoticeKind, TokenMail};
use crate::testing::{World, notice, token_mail};

// I02
#[test]
fn mails_are_counted_by_kind_and_canonical_address() {
    let world = World::default();
    for ask in ALL_MAILS {
        ask(&world).unwrap();
    }
    let key = |bucket: &str| (bucket.to_owned(), "ada@example.org".to_owned());
    let expected = [key("email-verify"), key("email-reset"), key("email-notice")];
    assert_eq!(*world.takes.borrow(), expected);
    let request = TokenMail {
        email: " ADA@EXAMPLE.ORG ".to_owned(),
        ..token_mail()
    };
    world.service().send_verify_email(request).unwrap();
    assert_eq!(world.takes.borrow().last(), Some(&key("email-verify")));
}

// I02
#[test]
fn too_many_mails_are_refused_and_the_queued_one_stays() {
    for send in TOKEN_MAILS {
        let world = World::default();
        send(&world, token_mail()).unwrap();
        let queued = world.mail();
        world.retry_after.set(Some(1_234));
        let newer = TokenMail {
            token: "newer".to_owned(),
            ..token_mail()
        };
        assert_eq!(send(&world, newer), Err(Error::TooManyRequests(1_234)));
        assert_eq!(world.mail(), queued);
        assert!(world.last_audited("mail-send", Outcome::Denied, "too-many"));
    }
}

#[test]
fn notices_of_attempts_are_counted() {
    let world = World::default();
    world.retry_after.set(Some(1));
    let refused = world
        .service()
        .send_notice(notice(NoticeKind::SignUpAttempt));
    assert_eq!(refused, Err(Error::TooManyRequests(1)));
}

/// Whoever took an account over must not be able to keep its owner from learning of it.
#[test]
fn that_a_password_was_changed_is_told_however_many_mails_there_were() {
    let world = World::default();
    world.retry_after.set(Some(u64::MAX));
    let sent = world
        .service()
        .send_notice(notice(NoticeKind::PasswordChanged));
    assert_eq!(sent, Ok(()));
    assert!(world.takes.borrow().is_empty());
}

#[test]
fn what_is_refused_for_another_reason_is_not_counted() {
    let world = World::default();
    world.set("brand-colour", "blue");
    for ask in ALL_MAILS {
        assert_eq!(ask(&world), Err(Error::Unknown));
    }
    let nonsense = TokenMail {
        token: String::new(),
        ..token_mail()
    };
    assert!(world.service().send_verify_email(nonsense).is_err());
    assert!(world.takes.borrow().is_empty());
}
