//! The rules of a request's fields. Nothing of a request is used before it went through here.

use email_address::EmailAddress;

use crate::error::{Error, Violation};
use crate::profile::Change;
use crate::service::Registration;

/// The longest account id, in bytes.
const MAX_ID_BYTES: usize = 128;

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 256;

const ID: &str = "must be 1 to 128 bytes without control characters";
const EMPTY: &str = "must not be empty";

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

    fn auth_id(&mut self, auth_id: &str) {
        if !(1..=MAX_ID_BYTES).contains(&auth_id.len()) || auth_id.chars().any(char::is_control) {
            self.refuse("auth_id", ID);
        }
    }

    /// The address in the form it was given.
    fn email(&mut self, email: &str) -> String {
        match EmailAddress::parse(email) {
            Ok(address) => address.display().to_owned(),
            Err(rule) => {
                self.refuse("email", rule);
                String::new()
            }
        }
    }

    /// The name as it is kept; empty also if it is refused.
    fn name(&mut self, path: &'static str, name: &str) -> String {
        match display_text::normalise(name, MAX_NAME_BYTES) {
            Ok(name) => name,
            Err(rule) => {
                self.refuse(path, rule);
                String::new()
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

/// Refuses what cannot be an account's id.
pub(crate) fn auth_id(auth_id: &str) -> Result<(), Error> {
    let mut check = Check::default();
    check.auth_id(auth_id);
    check.done(())
}

/// The request as it is kept. An empty first name is none.
pub(crate) fn registration(request: Registration) -> Result<Registration, Error> {
    let mut check = Check::default();
    check.auth_id(&request.auth_id);
    let email = check.email(&request.email);
    let first_name = request
        .first_name
        .map(|name| check.name("first_name", &name))
        .filter(|name| !name.is_empty());
    let last_name = check.name("last_name", &request.last_name);
    check.done(Registration {
        auth_id: request.auth_id,
        email,
        first_name,
        last_name,
    })
}

/// The change as it is made.
pub(crate) fn change(request: Change) -> Result<Change, Error> {
    let mut check = Check::default();
    let first_name = request
        .first_name
        .map(|name| check.name("first_name", &name));
    let last_name = request.last_name.map(|name| {
        let broken = check.violations.len();
        let name = check.name("last_name", &name);
        if name.is_empty() && check.violations.len() == broken {
            check.refuse("last_name", EMPTY);
        }
        name
    });
    check.done(Change {
        first_name,
        last_name,
    })
}
