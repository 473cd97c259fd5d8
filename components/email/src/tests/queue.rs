use super::{ALL_MAILS, HOUR, TOKEN_MAILS, mail_of};
use crate::service::{NoticeKind, TokenMail};
use crate::testing::{START, World, notice, token_mail};

// J03
#[test]
fn a_mail_goes_to_the_canonical_address_and_is_its_accounts() {
    for send in TOKEN_MAILS {
        let request = TokenMail {
            email: " Ada@BÜCHER.example ".to_owned(),
            ..token_mail()
        };
        let mail = mail_of(send, request);
        assert_eq!(mail.to, "ada@xn--bcher-kva.example");
        assert_eq!(mail.about.as_deref(), Some("a1"));
    }
}

#[test]
fn each_kind_has_its_time() {
    for (ask, hours) in ALL_MAILS.into_iter().zip([24, 1, 72, 72]) {
        let world = World::default();
        ask(&world).unwrap();
        assert_eq!(world.mail().expires_at, START + hours * HOUR);
    }
}

#[test]
fn a_newer_mail_of_a_kind_takes_the_older_ones_place() {
    for send in TOKEN_MAILS {
        let world = World::default();
        send(&world, token_mail()).unwrap();
        let newer = TokenMail {
            email: "ADA@example.ORG".to_owned(),
            token: "newer".to_owned(),
            ..token_mail()
        };
        send(&world, newer).unwrap();
        assert!(world.mail().text.contains("#newer\n"));
    }
    for subject in [NoticeKind::PasswordChanged, NoticeKind::SignUpAttempt] {
        let world = World::default();
        for _ in 0..2 {
            world.service().send_notice(notice(subject)).unwrap();
        }
        assert_eq!(world.queue.borrow().len(), 1);
    }
}

#[test]
fn other_kinds_and_other_addresses_stay() {
    let world = World::default();
    for ask in ALL_MAILS {
        ask(&world).unwrap();
    }
    let another = TokenMail {
        email: "bob@example.org".to_owned(),
        ..token_mail()
    };
    world.service().send_verify_email(another).unwrap();
    assert_eq!(world.queue.borrow().len(), 5);
}

#[test]
fn mails_with_tokens_are_withdrawn_and_notices_stay() {
    let world = World::default();
    for ask in ALL_MAILS {
        ask(&world).unwrap();
    }
    let another = TokenMail {
        email: "bob@example.org".to_owned(),
        ..token_mail()
    };
    world.service().send_verify_email(another).unwrap();
    for _ in 0..2 {
        assert_eq!(world.service().withdraw_mails(" ADA@example.org"), Ok(()));
        let queue = world.queue.borrow();
        let left: Vec<_> = queue
            .iter()
            .map(|mail| (mail.to.as_str(), mail.supersedes))
            .collect();
        let expected = [
            ("ada@example.org", "password-changed"),
            ("ada@example.org", "sign-up-attempt"),
            ("bob@example.org", "verify-email"),
        ];
        assert_eq!(left, expected);
    }
}

/// It is asked instead of a mail where there is nobody to write to, and must take as long.
#[test]
fn to_take_mails_back_is_the_work_of_a_mail_and_leaves_none() {
    let (sent, withdrawn) = (World::default(), World::default());
    sent.service().send_verify_email(token_mail()).unwrap();
    withdrawn
        .service()
        .withdraw_mails("nobody@decoy.invalid")
        .unwrap();
    assert_eq!(withdrawn.reads.get(), sent.reads.get());
    assert_eq!(sent.takes.borrow().len(), 1);
    let nobodys = ("email-nobody".to_owned(), "nobody@decoy.invalid".to_owned());
    assert_eq!(*withdrawn.takes.borrow(), [nobodys]);
    assert_eq!(withdrawn.audit.borrow().len(), sent.audit.borrow().len());
    assert!(withdrawn.queue.borrow().is_empty());
}

#[test]
fn mails_are_taken_back_also_where_none_can_be_made() {
    let world = World::default();
    world.service().send_verify_email(token_mail()).unwrap();
    world.set("brand-colour", "blue");
    world.retry_after.set(Some(1));
    assert_eq!(world.service().withdraw_mails("ada@example.org"), Ok(()));
    assert!(world.queue.borrow().is_empty() && world.log.borrow().is_empty());
}
