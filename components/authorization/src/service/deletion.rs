//! Accounts end: `cancel-registration`, `delete-account`.

use super::Service;
use super::saved_tokens::MAX_LIFETIME;
use crate::account::Account;
use crate::accounts::is_id;
use crate::channels::Unsent;
use crate::error::{Error, Violation};
use crate::fields::Check;
use crate::guard;
use crate::one_time::Purpose;
use crate::ports::Ports;
use crate::secret::Secret;
use crate::settings::PASSWORD_CHECK_BUCKET;

impl<P: Ports> Service<'_, P> {
    /// Removes a pending account and everything of it. Ok if there is none.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever is no service that calls from outside; [`Error::Conflict`] if the account is
    /// active.
    pub fn cancel_registration(&self, id: &str) -> Result<(), Error> {
        const ACTION: &str = "registration-cancel";
        self.need_service(ACTION)?;
        let Some(account) = self.accounts().find(id)? else {
            return Ok(());
        };
        if account.is_verified() {
            self.deny(ACTION, Some(id), "active");
            return Err(Error::Conflict);
        }
        self.erase(&account)?;
        self.succeed(ACTION, id, &[]);
        Ok(())
    }

    /// Removes an account and everything of it: for the operator, or for its owner, who has the password. Ok if there
    /// is none, for the operator; if some of its saved tokens are left, more of them go.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever may not delete this account; [`Error::ValidationFailed`] for a password that
    /// is missing or wrong; [`Error::TooManyRequests`] after too many wrong ones; [`Error::NotFound`] if there is no such
    /// account, for anybody but the operator; [`Error::Conflict`] if it is disabled, likewise.
    pub fn delete_account(&self, id: &str, password: Option<&Secret>) -> Result<(), Error> {
        const ACTION: &str = "account-delete";
        let message = self.ports.message();
        let is_operator = message.is_operator_itself();
        if !is_operator {
            self.need_owner(ACTION, &message, id)?;
        }
        let account = match self.accounts().find(id)? {
            Some(account) => account,
            None if is_operator => {
                if is_id(id) {
                    self.saved().erase_more(id);
                }
                return Ok(());
            }
            None => return Err(Error::NotFound),
        };
        if !is_operator {
            let Some(password) = password else {
                return Err(Violation::new("password", "must be given").into());
            };
            let mut check = Check::default();
            let password = check.password("password", password.reveal());
            let password = check.done(password)?;
            self.prove(ACTION, "password", &message, &account, &password)?;
        }
        self.erase(&account)?;
        let by = if is_operator { "operator" } else { "owner" };
        self.succeed(ACTION, id, &[("by", by)]);
        Ok(())
    }

    /// Removes an account with all that is known of it, here and in other channels.
    fn erase(&self, account: &Account) -> Result<(), Error> {
        self.end_sessions(&account.id, None)?;
        self.remove_profile(&account.id)?;
        if let Err(Unsent::Failed(failed)) = self.ports.withdraw(&account.email) {
            return Err(self.failed("email", failed));
        }
        let until = self.ports.now().saturating_add(MAX_LIFETIME);
        self.saved().erase(&account.id, until);
        self.one_time(Purpose::SignUp).revoke(&account.id)?;
        self.one_time(Purpose::Reset).revoke(&account.id)?;
        self.accounts().erase(account);
        let by_services = guard::account_key(&account.id);
        self.ports.reset(PASSWORD_CHECK_BUCKET, &by_services);
        Ok(())
    }
}
