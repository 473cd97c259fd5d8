use proptest::prelude::*;

use super::{TOKEN_MAILS, mail_of};
use crate::error::Error;
use crate::service::{NoticeKind, TokenMail};
use crate::testing::{TOKEN, World, notice, token_mail, violated};

/// What ends a header, a line or the direction of one.
const BREAKERS: [&str; 8] = [
    "\r\nBcc: eve@example.org",
    "\n",
    "\r",
    "\0",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{7f}",
];

// J03
#[test]
fn nothing_in_a_name_or_an_address_ends_a_line() {
    for send in TOKEN_MAILS {
        for breaker in BREAKERS {
            let world = World::default();
            let request = TokenMail {
                email: format!("ada@example.org{breaker}"),
                first_name: Some(format!("Ada{breaker}")),
                last_name: Some(format!("{breaker}King")),
                ..token_mail()
            };
            let refused = send(&world, request);
            assert_eq!(
                violated(refused),
                ["email", "first_name", "last_name"],
                "{breaker:?}"
            );
            assert!(world.queue.borrow().is_empty());
        }
    }
}

// J03
#[test]
fn the_account_and_the_token_are_checked_as_well() {
    for send in TOKEN_MAILS {
        let world = World::default();
        for (about, token) in [
            ("", ""),
            ("a\r\n", "a\r\n"),
            (&*"x".repeat(129), &*"x".repeat(257)),
            ("\0", "\"><script>"),
        ] {
            let request = TokenMail {
                about: Some(about.to_owned()),
                token: token.to_owned(),
                ..token_mail()
            };
            assert_eq!(violated(send(&world, request)), ["about", "token"]);
        }
    }
}

// J03
#[test]
fn a_notice_has_one_good_address() {
    for subject in [NoticeKind::PasswordChanged, NoticeKind::SignUpAttempt] {
        let world = World::default();
        for breaker in BREAKERS {
            let mut request = notice(subject);
            request.email.push_str(breaker);
            request.about = Some(String::new());
            assert_eq!(
                violated(world.service().send_notice(request)),
                ["email", "about"]
            );
        }
        assert!(world.queue.borrow().is_empty());
    }
}

#[test]
fn what_is_no_address_gets_no_mail_and_withdraws_none() {
    let long = format!("ada@{}.org", "x".repeat(250));
    for email in [
        "",
        "ada",
        "Ada <ada@example.org>",
        "ada@example.org,eve@example.org",
        &long,
    ] {
        let world = World::default();
        let request = TokenMail {
            email: email.to_owned(),
            ..token_mail()
        };
        assert_eq!(
            violated(world.service().send_verify_email(request)),
            ["email"],
            "{email}"
        );
        assert_eq!(
            violated(world.service().withdraw_mails(email)),
            ["email"],
            "{email}"
        );
    }
}

// J04
#[test]
fn no_refusal_repeats_what_was_sent() {
    let world = World::default();
    let request = TokenMail {
        email: "hunter2".to_owned(),
        token: "hunter2 ".to_owned(),
        first_name: Some("hunter2\n".to_owned()),
        last_name: Some("hunter2".repeat(100)),
        about: Some("hunter2\n".to_owned()),
    };
    assert!(!format!("{request:?}").contains("hunter2 "));
    let refused: Result<(), Error> = world.service().send_verify_email(request);
    assert!(!format!("{refused:?}").contains("hunter2"));
    assert_eq!(
        violated(refused),
        ["email", "about", "token", "first_name", "last_name"]
    );
    assert!(!world.records().contains("hunter2"));
}

// J04
#[test]
fn a_token_is_in_its_mail_and_nowhere_else() {
    for send in TOKEN_MAILS {
        let world = World::default();
        send(&world, token_mail()).unwrap();
        let mail = world.mail();
        assert!(mail.text.contains(TOKEN) && mail.html.contains(TOKEN));
        assert!(!mail.subject.contains(TOKEN));
        assert!(!world.records().contains(TOKEN));
        assert!(!format!("{mail:?}{:?}", token_mail()).contains(TOKEN));
    }
}

#[test]
fn names_and_the_account_may_be_left_out() {
    for send in TOKEN_MAILS {
        let request = TokenMail {
            first_name: None,
            last_name: Some(String::new()),
            about: None,
            ..token_mail()
        };
        let mail = mail_of(send, request);
        assert_eq!(mail.about, None);
        assert!(mail.text.starts_with("Hello,\n"));
    }
}

proptest! {
    /// Whatever is taken makes a mail that the host takes: the world in memory checks it as the host does.
    #[test]
    fn whatever_is_taken_makes_a_mail(
        local in "[a-zA-Z0-9.+]{1,20}",
        token in "[A-Za-z0-9_-]{0,20}",
        first in any::<Option<String>>(),
        last in any::<Option<String>>(),
        about in any::<Option<String>>(),
    ) {
        let world = World::default();
        let request = TokenMail { email: format!("{local}@example.org"), token, first_name: first, last_name: last, about };
        let taken = world.service().send_verify_email(request).is_ok();
        prop_assert_eq!(world.queue.borrow().len(), usize::from(taken));
    }
}
