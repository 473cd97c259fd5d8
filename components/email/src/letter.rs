//! What mails say. The words are written once; the templates lay them out as text and as HTML.

use askama::Template;

use crate::brand::Brand;

/// A mail's words.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The subject line.
    pub(crate) subject: String,
    /// What the reader is called, if they are called by a name.
    name: Option<String>,
    /// What it is about, a paragraph each.
    opening: Vec<String>,
    /// What there is to do.
    action: Option<Action>,
    /// What else is to be known, a paragraph each.
    closing: Vec<String>,
}

/// A link, and what following it does. It carries a token.
#[derive(Clone, PartialEq, Eq)]
struct Action {
    label: &'static str,
    link: String,
}

/// A letter as text.
#[derive(Template)]
#[template(path = "letter.txt")]
struct Text<'a> {
    letter: &'a Letter,
    brand: &'a Brand,
}

/// A letter as HTML. Whatever is filled in is escaped.
#[derive(Template)]
#[template(path = "letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    brand: &'a Brand,
}

impl Letter {
    /// Asks to verify an address by `link`.
    pub(crate) fn verify_email(brand: &Brand, name: Option<String>, link: String) -> Self {
        let product = &brand.product;
        Self {
            subject: format!("Verify your e-mail address for {product}"),
            name,
            opening: vec![format!(
                "This e-mail address was given for an account at {product}. Please verify that it is yours."
            )],
            action: Some(Action {
                label: "Verify e-mail address",
                link,
            }),
            closing: vec![
                "The link works once, within 24 hours.".to_owned(),
                // Whoever signed up with a stranger's address waits for the stranger to verify it (pre-hijacking).
                "If you did not sign up, do not follow the link: somebody else chose the password of this account. You can ignore this mail.".to_owned(),
            ],
        }
    }

    /// Lets somebody set a new password by `link`.
    pub(crate) fn password_reset(brand: &Brand, name: Option<String>, link: String) -> Self {
        let product = &brand.product;
        Self {
            subject: format!("Set a new password for {product}"),
            name,
            opening: vec![format!(
                "Somebody, we hope you, asked to set a new password for your account at {product}."
            )],
            action: Some(Action {
                label: "Set a new password",
                link,
            }),
            closing: vec![
                "The link works once, within an hour. A new password ends all your sessions and API tokens."
                    .to_owned(),
                "If it was not you, you can ignore this mail: your password stays as it is."
                    .to_owned(),
            ],
        }
    }

    /// Tells that a password was changed.
    pub(crate) fn password_changed(brand: &Brand) -> Self {
        let product = &brand.product;
        Self {
            subject: format!("Your password for {product} was changed"),
            name: None,
            opening: vec![
                format!("The password of your account at {product} was changed, and other sessions were ended."),
                "If that was you, there is nothing to do.".to_owned(),
            ],
            action: None,
            closing: vec![
                "If it was not you, somebody else was in your account. Ask for a new password at once, where you usually sign in: it ends all sessions and API tokens. Change the password of your mailbox too.".to_owned(),
            ],
        }
    }

    /// Tells that somebody signed up with an address that has an account.
    pub(crate) fn sign_up_attempt(brand: &Brand) -> Self {
        let product = &brand.product;
        Self {
            subject: format!("You already have an account at {product}"),
            name: None,
            opening: vec![format!(
                "Somebody tried to sign up at {product} with this e-mail address, which has an account already."
            )],
            action: None,
            closing: vec![
                "If it was you, sign in with the password that you have, or ask for a new one where you sign in.".to_owned(),
                "If it was not you, there is nothing to do: nobody got into your account.".to_owned(),
            ],
        }
    }

    /// The text part.
    pub(crate) fn text(&self, brand: &Brand) -> askama::Result<String> {
        let letter = self;
        Text { letter, brand }.render()
    }

    /// The HTML part.
    pub(crate) fn html(&self, brand: &Brand) -> askama::Result<String> {
        let letter = self;
        Html { letter, brand }.render()
    }

    /// The first words, which mail programs show beside the subject.
    fn preview(&self) -> &str {
        self.opening.first().map_or("", String::as_str)
    }
}
