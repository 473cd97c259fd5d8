//! The rules of a request's fields. Nothing of a request is used before it went through here.

use std::borrow::Cow;
use std::collections::BTreeSet;

use email_address::EmailAddress;

use crate::accounts::is_id;
use crate::channels::PersonName;
use crate::error::{Error, Violation};
use crate::password::{Password, Policy};

/// The longest name of a person, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// The most scopes of a saved token.
const MAX_SCOPES: usize = 64;

/// The longest scope, in bytes.
const MAX_SCOPE_BYTES: usize = 128;

/// What is checked, and which rules it broke.
#[derive(Debug, Default)]
pub(crate) struct Check {
    violations: Vec<Violation>,
}

impl Check {
    pub(crate) fn refuse(&mut self, path: &'static str, rule: impl Into<Cow<'static, str>>) {
        self.violations.push(Violation::new(path, rule));
    }

    pub(crate) fn email(&mut self, text: &str) -> Option<EmailAddress> {
        match EmailAddress::parse(text) {
            Ok(address) => Some(address),
            Err(rule) => {
                self.refuse("email", rule.to_string());
                None
            }
        }
    }

    /// A password that is presented.
    pub(crate) fn password(&mut self, path: &'static str, text: &str) -> Option<Password> {
        match Password::read(text) {
            Ok(password) => Some(password),
            Err(rule) => {
                self.refuse(path, rule);
                None
            }
        }
    }

    /// A password that is to be, of whoever has the canonical `address`.
    pub(crate) fn new_password(
        &mut self,
        path: &'static str,
        text: &str,
        policy: &Policy,
        address: &str,
    ) -> Option<Password> {
        let password = self.password(path, text)?;
        match policy.check(&password, address) {
            Ok(()) => Some(password),
            Err(rule) => {
                self.refuse(path, rule);
                None
            }
        }
    }

    /// What a person is called. An empty first name is none.
    pub(crate) fn person_name(&mut self, first: Option<&str>, last: Option<&str>) -> PersonName {
        let first = first.map(|name| self.name("first_name", name));
        PersonName {
            first: first.filter(|name| !name.is_empty()),
            last: last.map_or_else(String::new, |name| self.name("last_name", name)),
        }
    }

    fn name(&mut self, path: &'static str, text: &str) -> String {
        match display_text::normalise(text, MAX_NAME_BYTES) {
            Ok(name) => return name,
            Err(rule) => self.refuse(path, rule.to_string()),
        }
        String::new()
    }

    /// An id from another system.
    pub(crate) fn id(&mut self, id: &str) {
        if !is_id(id) {
            self.refuse("id", "must be 1 to 128 bytes without control characters");
        }
    }

    /// Items that may each be there once.
    pub(crate) fn each_once<T: Ord>(&mut self, path: &'static str, items: Vec<T>) -> BTreeSet<T> {
        let given = items.len();
        let items: BTreeSet<T> = items.into_iter().collect();
        if items.is_empty() {
            self.refuse(path, "must have at least one");
        } else if items.len() < given {
            self.refuse(path, "must have each once");
        }
        items
    }

    /// What a saved token is limited to.
    pub(crate) fn scopes(&mut self, scopes: Vec<String>) -> BTreeSet<String> {
        let fits = |scope: &String| (1..=MAX_SCOPE_BYTES).contains(&scope.len());
        if scopes.len() > MAX_SCOPES {
            self.refuse("scopes", "must be at most 64");
        } else if !scopes.iter().all(fits) {
            self.refuse("scopes", "must each be 1 to 128 bytes");
        } else {
            return scopes.into_iter().collect();
        }
        BTreeSet::new()
    }

    /// `checked`, if no rule was broken. What is optional in it is there then.
    pub(crate) fn done<T>(self, checked: Option<T>) -> Result<T, Error> {
        match checked {
            Some(checked) if self.violations.is_empty() => Ok(checked),
            _ => Err(Error::ValidationFailed(self.violations)),
        }
    }

    /// The rules that were broken.
    pub(crate) fn violations(self) -> Vec<Violation> {
        self.violations
    }
}

/// An address that is asked about.
///
/// # Errors
/// [`Error::ValidationFailed`] if it is none.
pub(crate) fn email(text: &str) -> Result<EmailAddress, Error> {
    let mut check = Check::default();
    let address = check.email(text);
    check.done(address)
}
