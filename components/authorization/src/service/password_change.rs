//! `change-password`, and the proof that whoever is signed in has the password.

use super::Service;
use crate::account::Account;
use crate::error::{Error, Violation};
use crate::fields::Check;
use crate::password::Password;
use crate::ports::{Message, Ports, Verdict};
use crate::secret::Secret;
use crate::settings::PASSWORD_CHECK_BUCKET;
use crate::sources::KnownSource;
use crate::tries::Tries;

const ACTION: &str = "password-change";

/// What is said of a password that is not the account's.
const WRONG: &str = "must be the account's password";

impl<P: Ports> Service<'_, P> {
    /// Sets a new password by the one before. Ends every session but the principal's and every saved token, and mails a
    /// notice. Done in a session, it makes the place where it is done the only known one.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever may not change this account's password; [`Error::ValidationFailed`] for a
    /// wrong or a refused password; [`Error::TooManyRequests`] after too many wrong ones; [`Error::NotFound`] if there
    /// is no such account; [`Error::Conflict`] if it is disabled.
    pub fn change_password(&self, id: &str, current: &Secret, new: &Secret) -> Result<(), Error> {
        let message = self.ports.message();
        self.need_owner(ACTION, &message, id)?;
        let mut account = self.accounts().find(id)?.ok_or(Error::NotFound)?;
        let mut check = Check::default();
        let current = check.password("current", current.reveal());
        let new = check.new_password("new", new.reveal(), &self.policy(), &account.address);
        let (current, new) = check.done(current.zip(new))?;
        self.prove(ACTION, "current", &message, &account, &current)?;
        let source = message.source();
        let session = message.principal.and_then(|principal| principal.session);
        self.set_password(&mut account, &new, session.as_deref())?;
        if session.is_some() {
            // Whoever had the password before, by deceit perhaps, was elsewhere.
            KnownSource::read(self.ports, Some(&account), &source)?.note_alone(&account);
        }
        self.succeed(ACTION, id, &[]);
        Ok(())
    }

    /// Refuses whoever may not change what the account `id` proves itself by.
    pub(super) fn need_owner(
        &self,
        action: &str,
        message: &Message,
        id: &str,
    ) -> Result<(), Error> {
        if message.may_change_credentials(id) {
            return Ok(());
        }
        let subject = message
            .principal
            .as_ref()
            .map(|principal| principal.subject.as_str());
        self.deny(action, subject, "not-the-owner");
        Err(Error::AccessDenied)
    }

    /// Checks the password of somebody who is signed in. Wrong ones are counted by session, and as failed sign-ins too.
    pub(super) fn prove(
        &self,
        action: &str,
        path: &'static str,
        message: &Message,
        account: &Account,
        password: &Password,
    ) -> Result<(), Error> {
        if account.is_disabled() {
            self.deny(action, Some(&account.id), "disabled");
            return Err(Error::Conflict);
        }
        let key = message.proof_key(&account.id);
        if let Some(retry_after) = self.ports.take(PASSWORD_CHECK_BUCKET, &key) {
            self.deny_too_many(action, Some(&account.id), PASSWORD_CHECK_BUCKET, &key);
            return Err(Error::TooManyRequests(retry_after));
        }
        if self.verify(action, Some(account), password) == Verdict::Mismatch {
            // Counted, not asked: strangers who try the address do not keep its owner out here.
            let tries = Tries::new(self.ports, &account.address, message);
            let _ = (tries.begin(), tries.count());
            return Err(Violation::new(path, WRONG).into());
        }
        self.ports.reset(PASSWORD_CHECK_BUCKET, &key);
        Ok(())
    }
}
