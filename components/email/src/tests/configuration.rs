use super::ALL_MAILS;
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{TOKEN, World, token_mail};

// B06
#[test]
fn links_lead_to_the_configured_origin_and_path() {
    let world = World::default();
    world.set("public-origin", "http://127.0.0.1:8080");
    world.set("verify-link", "{public-origin}/welcome?from=mail#t={token}");
    world.service().send_verify_email(token_mail()).unwrap();
    let link = format!("http://127.0.0.1:8080/welcome?from=mail#t={TOKEN}");
    let mail = world.mail();
    assert!(mail.text.contains(&link));
    assert_eq!(mail.html.matches(&link).count(), 3);
}

#[test]
fn a_configuration_that_makes_no_mail_is_the_operators_to_mend() {
    for (setting, value) in [
        ("verify-link", "{public-origin}/verify-email"),
        ("public-origin", "hunter2"),
        ("product-name", "hunter2\n"),
        ("brand-colour", "hunter2"),
        ("sender", ""),
        ("footer", "hunter2\r\n"),
    ] {
        let world = World::default();
        world.set(setting, value);
        assert_eq!(
            world.service().send_verify_email(token_mail()),
            Err(Error::Unknown)
        );
        let log = world.log.borrow();
        let [line] = log.as_slice() else {
            panic!("{log:?}")
        };
        assert!(
            line.starts_with(&format!(
                "no verify-email mail can be made: the setting `{setting}` must "
            )),
            "{line}"
        );
        assert!(!line.contains("hunter2") && !line.contains(TOKEN));
        assert!(world.last_audited("mail-send", Outcome::Failure, "misconfigured"));
        assert!(world.queue.borrow().is_empty());
    }
}

#[test]
fn what_is_wrong_with_one_kind_does_not_stop_the_others() {
    let world = World::default();
    world.set("verify-link", "");
    let answers = ALL_MAILS.map(|ask| ask(&world));
    assert_eq!(answers, [Err(Error::Unknown), Ok(()), Ok(()), Ok(())]);
    world.set("verify-link", "{public-origin}/#{token}");
    world.set("reset-link", "");
    let answers = ALL_MAILS.map(|ask| ask(&world));
    assert_eq!(answers, [Ok(()), Err(Error::Unknown), Ok(()), Ok(())]);
}

#[test]
fn the_brand_is_on_every_mail() {
    for ask in ALL_MAILS {
        let world = World::default();
        world.set("product-name", "Söhne & <Co>");
        world.set("brand-colour", "#FFD500");
        world.set("sender", "Your \"Söhne\"");
        world.set("footer", "Söhne Ltd <1 High St>");
        ask(&world).unwrap();
        let mail = world.mail();
        assert!(mail.subject.contains("Söhne & <Co>"));
        assert!(
            mail.text.contains("Söhne & <Co>")
                && mail
                    .text
                    .ends_with("Your \"Söhne\"\n\nSöhne Ltd <1 High St>\n"),
            "{}",
            mail.text
        );
        assert!(!mail.html.contains("<Co>") && !mail.html.contains("<1 High St>"));
        assert_eq!(mail.html.contains("#ffd500"), mail.html.contains("<a "));
    }
}
