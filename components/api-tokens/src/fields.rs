//! The rules of a request's fields. Nothing of a request is used before it went through here.

use crate::error::{Error, Violation};
use crate::scopes::{SCOPES, cover, is_known};
use crate::service::Metadata;
use crate::token::Token;
use crate::tokens::is_uuid;

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 128;

/// The most tokens on a page.
pub(crate) const MAX_PAGE: u32 = 100;

pub(crate) const NAME: &str = "metadata.name";
pub(crate) const END: &str = "metadata.expires_at";
pub(crate) const SCOPES_PATH: &str = "permissions.scopes";

/// What is checked, and which rules it broke.
#[derive(Default)]
pub(crate) struct Check {
    violations: Vec<Violation>,
}

impl Check {
    pub(crate) fn refuse(&mut self, path: &'static str, message: &'static str) {
        self.violations.push(Violation { path, message });
    }

    pub(crate) fn name(&mut self, name: &str) {
        if !(1..=MAX_NAME_BYTES).contains(&name.len()) || !display_text::is_plain(name) {
            let rule = "must be 1 to 128 bytes without control or bidi characters";
            self.refuse(NAME, rule);
        }
    }

    /// The end of a token that is made at `now` and lives no longer than `longest`.
    pub(crate) fn end(&mut self, expires_at: u64, now: u64, longest: u64) {
        if expires_at <= now {
            self.refuse(END, "must be in the future");
        } else if expires_at - now > longest {
            self.refuse(
                END,
                "must be at most a year ahead, or less if so configured",
            );
        }
    }

    /// Scopes that exist, each once.
    pub(crate) fn scopes(&mut self, scopes: &[String]) {
        // All there are, and `*`. More are not looked at.
        if scopes.len() > SCOPES.len() + 1 {
            self.refuse(SCOPES_PATH, "must have each scope at most once");
            return;
        }
        if !scopes.iter().all(|scope| is_known(scope)) {
            let rule = "must be tokens:read, tokens:write, profile:read, profile:write or *";
            self.refuse(SCOPES_PATH, rule);
        }
        let repeated = |(at, scope): (usize, &String)| scopes[..at].contains(scope);
        if scopes.iter().enumerate().any(repeated) {
            self.refuse(SCOPES_PATH, "must have each scope at most once");
        }
    }

    pub(crate) fn done(self) -> Result<(), Error> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(Error::ValidationFailed(self.violations))
        }
    }
}

/// What a change of `token` at `now` may not do: whoever holds the value must not gain by it.
pub(crate) fn check_narrowing(
    token: &Token,
    metadata: Option<&Metadata>,
    scopes: Option<&[String]>,
    now: u64,
) -> Result<(), Error> {
    let mut check = Check::default();
    let end = metadata.map_or(token.expires_at, |metadata| metadata.expires_at);
    if end > token.expires_at {
        check.refuse(END, "must not be later than it is");
    } else if end < token.expires_at && end <= now {
        check.refuse(END, "must be in the future, or as it is");
    }
    let is_more = |scope: &String| !cover(&token.scopes, scope);
    if scopes.is_some_and(|scopes| scopes.iter().any(is_more)) {
        check.refuse(SCOPES_PATH, "must not have more than there are");
    }
    check.done()
}

/// Where a page begins and how long it is.
pub(crate) fn page(after: Option<&str>, limit: Option<u32>) -> Result<usize, Error> {
    let mut check = Check::default();
    if !after.is_none_or(is_uuid) {
        check.refuse("after", "must be a uuid");
    }
    let limit = limit.unwrap_or(MAX_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        check.refuse("limit", "must be 1 to 100");
    }
    check.done()?;
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}
