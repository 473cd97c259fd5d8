use super::{TOKEN_MAILS, mail_of};
use crate::service::TokenMail;
use crate::testing::{TOKEN, World, token_mail};

#[test]
fn the_text_part_is_what_a_person_would_write() {
    let mail = mail_of(TOKEN_MAILS[0], token_mail());
    let expected = format!(
        "Hello Ada King,\n\
         \n\
         This e-mail address was given for an account at Example. Please verify that it is yours.\n\
         \n\
         Verify e-mail address:\n\
         https://id.example.org/verify-email#{TOKEN}\n\
         \n\
         The link works once, within 24 hours.\n\
         \n\
         If you did not sign up, do not follow the link: somebody else chose the password of this account. You can ignore this mail.\n\
         \n\
         The Example team\n"
    );
    assert_eq!(mail.text, expected);
    assert_eq!(mail.subject, "Verify your e-mail address for Example");
}

/// Whoever signs up with another's address chooses the password and hopes that the other verifies it.
#[test]
fn a_verification_mail_warns_who_did_not_sign_up_in_both_parts() {
    let mail = mail_of(TOKEN_MAILS[0], token_mail());
    let warning =
        "If you did not sign up, do not follow the link: somebody else chose the password";
    assert!(mail.text.contains(warning) && mail.html.contains(warning));
}

#[test]
fn a_reset_says_what_it_does() {
    let mail = mail_of(TOKEN_MAILS[1], token_mail());
    assert_eq!(mail.subject, "Set a new password for Example");
    let link = format!("Set a new password:\nhttps://id.example.org/new-password#{TOKEN}\n");
    assert!(mail.text.contains(&link));
    assert!(
        mail.text
            .contains("within an hour. A new password ends all your sessions and API tokens.")
    );
}

// J03
#[test]
fn names_are_escaped_in_html_and_plain_in_text() {
    for send in TOKEN_MAILS {
        let request = TokenMail {
            first_name: Some("<script>alert(1)<!--".to_owned()),
            last_name: Some("\"O'Neill\" & <b>".to_owned()),
            ..token_mail()
        };
        let mail = mail_of(send, request);
        assert!(
            mail.text
                .starts_with("Hello <script>alert(1)<!-- \"O'Neill\" & <b>,\n")
        );
        assert!(
            !mail.html.contains("<script")
                && !mail.html.contains("<b>")
                && !mail.html.contains("<!--")
        );
        assert!(
            mail.html.contains("&#60;script&#62;alert(1)")
                && mail.html.contains("&#38; &#60;b&#62;,")
        );
    }
}

// J03
#[test]
fn a_name_is_no_template() {
    let request = TokenMail {
        first_name: Some("{{ letter }} {% if x %} {token}".to_owned()),
        last_name: Some("{public-origin} %s {0}".to_owned()),
        ..token_mail()
    };
    let mail = mail_of(TOKEN_MAILS[0], request);
    assert!(
        mail.text
            .starts_with("Hello {{ letter }} {% if x %} {token} {public-origin} %s {0},\n")
    );
}

#[test]
fn a_name_that_looks_like_a_link_is_left_out() {
    let request = TokenMail {
        first_name: Some("You won at evil.example/prize".to_owned()),
        ..token_mail()
    };
    let mail = mail_of(TOKEN_MAILS[0], request);
    assert!(mail.text.starts_with("Hello,\n"));
    assert!(!mail.html.contains("evil"));
}

#[test]
fn the_longest_mail_fits() {
    let world = World::default();
    for name in ["product-name", "sender"] {
        world.set(name, &"&".repeat(255));
    }
    world.set("footer", &"&".repeat(1_024));
    world.set("public-origin", &format!("https://{}", "x".repeat(247)));
    world.set(
        "verify-link",
        &format!("{{public-origin}}/{}#{{token}}", "&".repeat(232)),
    );
    let request = TokenMail {
        token: "t".repeat(256),
        first_name: Some("&".repeat(256)),
        last_name: Some("&".repeat(256)),
        about: Some("a".repeat(128)),
        ..token_mail()
    };
    world.service().send_verify_email(request).unwrap();
    let mail = world.mail();
    assert!(mail.html.len() < 32 * 1024, "{}", mail.html.len());
    assert!(
        mail.text
            .lines()
            .filter(|line| line.starts_with("https://"))
            .all(|line| line.len() <= 998)
    );
}
