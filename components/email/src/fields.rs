//! The rules of a request's fields. Nothing of a request is used before it went through here.

use email_address::EmailAddress;

use crate::error::{Error, Violation};
use crate::name;
use crate::service::{Notice, TokenMail};
use crate::token::OneTimeToken;

/// The longest account id, in bytes.
const MAX_ID_BYTES: usize = 128;

const ABOUT: &str = "must be 1 to 128 bytes without control characters";
const TOKEN: &str = "must be 1 to 256 characters of the base64url alphabet";

/// Whom a mail is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipient {
    /// The canonical address: every spelling of one is counted, superseded and withdrawn as one.
    pub(crate) address: String,
    /// Whose data the mail is.
    pub(crate) about: Option<String>,
}

/// What is checked, and which rules it broke.
#[derive(Default)]
struct Check {
    violations: Vec<Violation>,
}

impl Check {
    fn refuse(&mut self, path: &'static str, rule: impl ToString) {
        let message = rule.to_string();
        self.violations.push(Violation { path, message });
    }

    fn address(&mut self, email: &str) -> String {
        match EmailAddress::parse(email) {
            Ok(address) => address.canonical().to_owned(),
            Err(rule) => {
                self.refuse("email", rule);
                String::new()
            }
        }
    }

    fn recipient(&mut self, email: &str, about: Option<String>) -> Recipient {
        let address = self.address(email);
        let is_id = |id: &String| {
            (1..=MAX_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control)
        };
        if !about.as_ref().is_none_or(is_id) {
            self.refuse("about", ABOUT);
        }
        Recipient { address, about }
    }

    fn token(&mut self, token: String) -> Option<OneTimeToken> {
        let token = OneTimeToken::parse(token);
        if token.is_none() {
            self.refuse("token", TOKEN);
        }
        token
    }

    fn name(&mut self, path: &'static str, name: Option<&str>) -> Option<String> {
        match display_text::normalise(name?, name::MAX_BYTES) {
            Ok(name) => Some(name),
            Err(rule) => {
                self.refuse(path, rule);
                None
            }
        }
    }

    fn done<T>(self, checked: T) -> Result<T, Error> {
        if self.violations.is_empty() {
            Ok(checked)
        } else {
            Err(Error::ValidationFailed(self.violations))
        }
    }
}

/// Whom the mail is for, its token, and what it calls its reader.
pub(crate) fn token_mail(
    request: TokenMail,
) -> Result<(Recipient, OneTimeToken, Option<String>), Error> {
    let mut check = Check::default();
    let recipient = check.recipient(&request.email, request.about);
    let token = check.token(request.token);
    let first = check.name("first_name", request.first_name.as_deref());
    let last = check.name("last_name", request.last_name.as_deref());
    match token {
        Some(token) if check.violations.is_empty() => {
            let name = name::full(first.as_deref(), last.as_deref());
            Ok((recipient, token, name))
        }
        _ => Err(Error::ValidationFailed(check.violations)),
    }
}

/// Whom the notice is for.
pub(crate) fn notice(request: Notice) -> Result<Recipient, Error> {
    let mut check = Check::default();
    let recipient = check.recipient(&request.email, request.about);
    check.done(recipient)
}

/// The canonical form of an address.
pub(crate) fn address(email: &str) -> Result<String, Error> {
    let mut check = Check::default();
    let address = check.address(email);
    check.done(address)
}
