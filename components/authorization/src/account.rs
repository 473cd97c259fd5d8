//! An account, as it is stored.
//!
//! ```text
//! registration, sign-up ──► pending ── verify-email, reset-password ──► active
//!                              │                                          │
//!                     cancel-registration, delete-account          delete-account
//! ```
//!
//! Beside that it can be disabled and enabled again, in either state.

use std::collections::BTreeSet;

use email_address::EmailAddress;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::role::Role;
use crate::secret::Secret;

/// An account's stored record (schema 1). Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// UUIDv7, or what another system called it.
    pub id: String,
    /// E-mail in the form it was given: for people, and where mail goes.
    pub email: String,
    /// E-mail in its canonical form: the account's name.
    pub address: String,
    /// What it may do.
    pub roles: BTreeSet<Role>,
    /// When it began.
    pub registered_at: u64,
    /// When its address was proved; none: it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<u64>,
    /// When it was switched off; none: it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<u64>,
    /// A hash of the password; none: it has to be reset first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// Saved tokens of an earlier epoch are worth nothing: one write ends them all.
    #[serde(default)]
    pub epoch: u64,
    /// Since when credentials count that were made for the account. API tokens and saved tokens keep the one they were made
    /// under, and are worth nothing under another; 0 in records of before there was one.
    #[serde(default)]
    pub credentials_since: u64,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    pub(crate) later: Map<String, Value>,
}

impl Account {
    /// A pending account that begins at `now`.
    pub(crate) fn begin(id: String, email: &EmailAddress, now: u64) -> Self {
        Self {
            id,
            email: email.display().to_owned(),
            address: email.canonical().to_owned(),
            roles: Role::everybodys(),
            registered_at: now,
            verified_at: None,
            disabled_at: None,
            password: None,
            epoch: 0,
            credentials_since: now,
            later: Map::new(),
        }
    }

    /// Whether the address was proved.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.verified_at.is_some()
    }

    /// Whether it is switched off.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled_at.is_some()
    }

    /// Until when its address is to be proved, if that may take `grace` milliseconds; none: it was.
    #[must_use]
    pub fn verify_by(&self, grace: u64) -> Option<u64> {
        (!self.is_verified()).then(|| self.due(grace))
    }

    /// By when its address was to be proved, whether it was or not.
    pub(crate) fn due(&self, grace: u64) -> u64 {
        self.registered_at.saturating_add(grace)
    }

    /// Whether its address was proved by this moment.
    pub(crate) fn was_verified_at(&self, moment: u64) -> bool {
        self.verified_at.is_some_and(|at| at <= moment)
    }

    /// Whether it has been pending for `grace` milliseconds or more at `now`.
    #[must_use]
    pub fn is_overdue(&self, now: u64, grace: u64) -> bool {
        self.verify_by(grace).is_some_and(|due| due <= now)
    }

    /// Notes at `now` that the address was proved, if it was not before.
    pub(crate) fn verify(&mut self, now: u64) {
        self.verified_at.get_or_insert(now);
    }

    /// Ends at `now` every credential that was made for it: whoever made them may not have been its owner.
    ///
    /// It is a new moment also if the clock says otherwise: what was made under the one before must not live on.
    pub(crate) fn disown_credentials(&mut self, now: u64) {
        self.credentials_since = now.max(self.credentials_since.saturating_add(1));
    }

    /// Ends every token that was saved for it.
    pub(crate) fn end_saved_tokens(&mut self) {
        self.epoch = self.epoch.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        let email = EmailAddress::parse("Ada@Example.com").unwrap();
        Account::begin("u1".to_owned(), &email, 1_000)
    }

    #[test]
    fn the_grace_ends_at_its_last_millisecond_and_never_for_who_is_verified() {
        let mut account = account();
        assert!(!account.is_overdue(0, 500) && !account.is_overdue(1_499, 500));
        assert!(account.is_overdue(1_500, 500) && account.is_overdue(1_000, 0));
        assert_eq!(account.verify_by(500), Some(1_500));
        assert_eq!(account.verify_by(u64::MAX), Some(u64::MAX));
        account.verify(1_200);
        assert!(!account.is_overdue(9_999, 500) && account.verify_by(500).is_none());
    }

    #[test]
    fn an_address_is_proved_once() {
        let mut account = account();
        account.verify(5);
        account.verify(6);
        assert_eq!(account.verified_at, Some(5));
    }

    #[test]
    fn credentials_count_since_a_new_moment_whatever_the_clock_says() {
        let mut account = account();
        assert_eq!(account.credentials_since, 1_000);
        account.disown_credentials(2_000);
        assert_eq!(account.credentials_since, 2_000);
        for earlier in [2_000, 1_500] {
            let before = account.credentials_since;
            account.disown_credentials(earlier);
            assert_eq!(account.credentials_since, before + 1);
        }
    }

    #[test]
    fn a_small_record_is_read() {
        let record = r#"{"id":"u1","email":"A@x.org","address":"a@x.org","roles":["user","organization-admin"],"registered_at":7}"#;
        let account: Account = serde_json::from_str(record).unwrap();
        assert!(!account.is_verified() && !account.is_disabled());
        assert_eq!((account.epoch, account.credentials_since), (0, 0));
        assert!(account.roles.contains(&Role::OrganizationAdmin));
    }

    #[test]
    fn fields_of_a_later_build_survive_a_rewrite() {
        let mut record = serde_json::to_value(account()).unwrap();
        record["locale"] = serde_json::json!({"language": "fr"});
        let mut account: Account = serde_json::from_value(record.clone()).unwrap();
        account.verify(9);
        let rewritten = serde_json::to_value(&account).unwrap();
        assert_eq!(rewritten["locale"], record["locale"]);
    }

    // C08
    #[test]
    fn debug_shows_no_hash() {
        let account = Account {
            password: Some(Secret::new("$argon2id$secret")),
            ..account()
        };
        assert!(!format!("{account:?}").contains("argon2id"));
    }
}
