//! The client against a server of the test's own, which answers as it is told.

mod server;

use std::path::PathBuf;

use super::*;
use crate::outbox::Mail;
use crate::outbox::mail::Reason;
use server::{HANG, HANG_UP, Server};

fn config(server: &Server, tls: MailTls) -> config::Mail {
    config::Mail {
        from: Some("Example <no-reply@example.com>".to_owned()),
        server: Some("127.0.0.1".to_owned()),
        port: Some(server.port()),
        tls: Some(tls),
        timeout_ms: 20_000,
        ..config::Mail::default()
    }
}

fn smtp(config: &config::Mail) -> Smtp {
    Smtp::new(config, config.server.as_deref().unwrap()).unwrap()
}

fn plain(server: &Server) -> Smtp {
    smtp(&config(server, MailTls::None))
}

fn letter(id: &str) -> Letter {
    Letter {
        id: id.to_owned(),
        at: 1_700_000_000_000,
        mail: Mail {
            to: "ann@example.org".to_owned(),
            subject: "Hello".to_owned(),
            text: "one\n.\ntwo".to_owned(),
            html: String::new(),
            expires_at: u64::MAX,
            supersedes: None,
        },
    }
}

fn down(what: &'static str) -> Result<Delivered, MailError> {
    Err(MailError::Down(Reason::new(what)))
}

#[tokio::test]
async fn letters_arrive_whole_over_one_connection() {
    let server = Server::start(&[]).await;
    let smtp = plain(&server);
    for id in ["m-1", "m-2"] {
        assert_eq!(smtp.deliver(&letter(id)).await, Ok(Delivered::Sent));
    }
    let messages = server.messages();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].contains("Message-ID: <m-1@example.com>\r\n"));
    assert!(messages[1].contains("Message-ID: <m-2@example.com>\r\n"));
    assert!(
        messages[0].contains("\r\none\r\n..\r\ntwo\r\n")
            || messages[0].contains("\r\none\n..\ntwo\r\n"),
        "a line that is a dot ends nothing: {}",
        messages[0]
    );
    assert_eq!(server.connections(), 1);
    let said = server.said();
    assert!(said.contains(&"EHLO example.com".to_owned()), "{said:?}");
    assert!(said.iter().any(|line| line == "RCPT TO:<ann@example.org>"));
    assert!(
        said.iter()
            .any(|line| line.starts_with("MAIL FROM:<no-reply@example.com>"))
    );
}

#[tokio::test]
async fn answers_to_a_mail_are_for_good_or_for_now() {
    let refused = |code| {
        let reason = Reason::new("refused by the server").with_code(code);
        Err(MailError::Refused(reason))
    };
    let put_off = |code| {
        let reason = Reason::new("put off by the server").with_code(code);
        Err(MailError::Deferred(reason))
    };
    let account = |code| {
        let reason = Reason::new("does not accept the account").with_code(code);
        Err(MailError::Down(reason))
    };
    let wanted = |code| {
        let reason = Reason::new("the server wants an account for it").with_code(code);
        Err(MailError::Deferred(reason))
    };
    for (verb, answer, expected) in [
        ("RCPT", "550 ann@example.org is unknown", refused(550)),
        ("RCPT", "451 ann@example.org is greylisted", put_off(451)),
        (".", "554 no such words here", refused(554)),
        (".", "452 no room", put_off(452)),
        ("MAIL", "421 going down", put_off(421)),
        ("MAIL", "530 who are you?", account(530)),
        ("MAIL", "535 you are not", account(535)),
        // J02: about this address alone.
        ("RCPT", "530 ann@example.org is not ours", wanted(530)),
        ("RCPT", "535 ann@example.org is not ours", wanted(535)),
        (".", "530 not these words", wanted(530)),
        (
            ".",
            HANG_UP,
            Err(MailError::Deferred(Reason::new("the connection was lost"))),
        ),
    ] {
        let server = Server::start(&[(verb, answer)]).await;
        let outcome = plain(&server).deliver(&letter("m-1")).await;
        assert_eq!(outcome, expected, "{verb} {answer}");
        // J04: what the server said is not repeated.
        assert!(!format!("{outcome:?}").contains("ann"));
        server.answer(verb, "");
        let smtp = plain(&server);
        assert_eq!(smtp.deliver(&letter("m-1")).await, Ok(Delivered::Sent));
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_no_mails_fault() {
    let nobody = Server::start(&[]).await;
    let port = nobody.port();
    drop(nobody);
    let unused = config::Mail {
        port: Some(port),
        ..config(&Server::start(&[]).await, MailTls::None)
    };
    let unreachable = down("cannot be reached or does not answer");
    assert_eq!(smtp(&unused).deliver(&letter("m")).await, unreachable);
    for (answer, expected) in [
        (HANG_UP, unreachable),
        (
            "554 no service",
            Err(MailError::Down(
                Reason::new("cannot be reached or does not answer").with_code(554),
            )),
        ),
        (HANG, down("does not answer in time")),
    ] {
        let server = Server::start(&[("greeting", answer)]).await;
        let config = config::Mail {
            timeout_ms: 200,
            ..config(&server, MailTls::None)
        };
        let outcome = smtp(&config).deliver(&letter("m")).await;
        assert_eq!(outcome, expected, "{answer}");
    }
}

#[tokio::test]
async fn the_account_is_presented_and_its_refusal_is_no_mails_fault() {
    let server = Server::start(&[]).await;
    let config = config::Mail {
        username: Some("robot".to_owned()),
        password: Some("s3cret".to_owned()),
        ..config(&server, MailTls::None)
    };
    let delivered = smtp(&config).deliver(&letter("m-1")).await;
    assert_eq!(delivered, Ok(Delivered::Sent));
    // \0robot\0s3cret (RFC 4616)
    let expected = "AUTH PLAIN AHJvYm90AHMzY3JldA==".to_owned();
    assert!(server.said().contains(&expected), "{:?}", server.said());

    server.answer("AUTH", "535 robot is not known");
    let refused = Reason::new("does not accept the account").with_code(535);
    let outcome = smtp(&config).deliver(&letter("m-2")).await;
    assert_eq!(outcome, Err(MailError::Down(refused)));
    assert_eq!(server.messages().len(), 1);
    assert!(!format!("{:?} {config:?}", smtp(&config)).contains("s3cret"));
}

#[tokio::test]
async fn without_the_tls_that_was_asked_for_nothing_is_said() {
    let server = Server::start(&[]).await;
    let config = config::Mail {
        username: Some("robot".to_owned()),
        password: Some("s3cret".to_owned()),
        ..config(&server, MailTls::Starttls)
    };
    let outcome = smtp(&config).deliver(&letter("m-1")).await;
    assert_eq!(outcome, down("does not offer STARTTLS"));
    assert_eq!(server.said(), ["EHLO example.com"]);
}

#[tokio::test]
async fn tls_is_spoken_with_a_server_whose_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file: PathBuf = folder.path().join("ca.pem");
    for tls in [MailTls::Starttls, MailTls::Implicit] {
        let server = Server::start_tls(tls, &ca_file).await;
        let stranger = config(&server, tls);
        let outcome = smtp(&stranger).deliver(&letter("m-0")).await;
        let expected = "has no TLS or no certificate that is acceptable";
        assert_eq!(outcome, down(expected), "{tls:?}");
        let trusted = config::Mail {
            ca_file: Some(ca_file.clone()),
            ..stranger
        };
        let smtp = smtp(&trusted);
        assert_eq!(smtp.deliver(&letter("m-1")).await, Ok(Delivered::Sent));
        assert_eq!(smtp.deliver(&letter("m-2")).await, Ok(Delivered::Sent));
        assert_eq!(server.messages().len(), 2, "{tls:?}");
        let in_the_clear = match tls {
            MailTls::Starttls => &["EHLO example.com", "STARTTLS"][..],
            _ => &[],
        };
        let plain = server.said_in_the_clear();
        assert!(
            plain.chunks(2).all(|said| said == in_the_clear),
            "{plain:?}"
        );
    }
}

/// What lettre's own pool gets wrong: the answer that comes too late would be taken for the next mail's.
#[tokio::test]
async fn a_connection_whose_hand_over_was_given_up_is_not_used_again() {
    let server = Server::start(&[(".", HANG)]).await;
    let smtp = plain(&server);
    let letter_one = letter("m-1");
    let arrived = async {
        while server.messages().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        outcome = smtp.deliver(&letter_one) => panic!("{outcome:?}"),
        () = arrived => {}
    }
    server.answer(".", "550 refused");
    let outcome = smtp.deliver(&letter("m-2")).await;
    let refused = Reason::new("refused by the server").with_code(550);
    assert_eq!(outcome, Err(MailError::Refused(refused)));
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_died_meanwhile_is_replaced() {
    let server = Server::start(&[]).await;
    let smtp = plain(&server);
    assert_eq!(smtp.deliver(&letter("m-1")).await, Ok(Delivered::Sent));
    server.answer("NOOP", HANG_UP);
    assert_eq!(smtp.deliver(&letter("m-2")).await, Ok(Delivered::Sent));
    assert_eq!(server.connections(), 2);
    smtp.rest().await;
    while !server.said().contains(&"QUIT".to_owned()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(smtp.deliver(&letter("m-3")).await, Ok(Delivered::Sent));
    assert_eq!(server.connections(), 3, "it had ended them");
}

#[test]
fn what_cannot_be_used_is_said_by_its_key() {
    let mail = |from: &str, ca_file: Option<&str>| config::Mail {
        from: Some(from.to_owned()),
        ca_file: ca_file.map(PathBuf::from),
        ..config::Mail::default()
    };
    let refusal = |config: &config::Mail| match Smtp::new(config, "smtp.example.com") {
        Err(text) => text,
        Ok(_) => panic!("it can be used"),
    };
    let text = refusal(&mail("nobody", None));
    assert!(
        text.starts_with("mail.from must be an address") && !text.contains("nobody"),
        "{text}"
    );
    let reply_to = config::Mail {
        reply_to: Some("a b".to_owned()),
        ..mail("a@b.example", None)
    };
    assert!(refusal(&reply_to).starts_with("mail.reply_to must"));
    let missing = mail("a@b.example", Some("/nonexistent/ca.pem"));
    assert!(refusal(&missing).starts_with("mail.ca_file cannot be read"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    for text in ["", "-----BEGIN CERTIFICATE-----\nAA", "garbage"] {
        std::fs::write(&file, text).unwrap();
        let wrong = mail("a@b.example", file.to_str());
        assert!(refusal(&wrong).contains("mail.ca_file"), "{text}");
    }
}
