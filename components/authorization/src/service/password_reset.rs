//! A password that was forgotten: `get-forgot-password-token`, `start-password-reset`, `reset-password`.

use super::{NewToken, Service};
use crate::account::Account;
use crate::channels::Notice;
use crate::error::{Error, Violation};
use crate::fields::{self, Check};
use crate::guard;
use crate::one_time::{Found, Purpose};
use crate::password::Password;
use crate::ports::Ports;
use crate::secret::Secret;
use crate::settings::PASSWORD_CHECK_BUCKET;
use crate::sources::KnownSource;
use crate::tries::Tries;

const ACTION: &str = "password-reset";

/// So many refused passwords a token outlives; at the next one it dies, lest it be a way to try the policy for ever.
const MAX_REFUSALS: u32 = 5;

impl<P: Ports> Service<'_, P> {
    /// A new token to reset a password; older ones die.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever is no service that calls from outside; [`Error::ValidationFailed`] for what
    /// is no address; [`Error::NotFound`] if it has no account, or a disabled one.
    pub fn get_forgot_password_token(&self, email: &str) -> Result<NewToken, Error> {
        self.need_service("password-reset-token")?;
        let address = fields::email(email)?;
        let found = self.accounts().by_address(address.canonical())?;
        let account = found.filter(|account| !account.is_disabled());
        let account = account.ok_or(Error::NotFound)?;
        self.mint(Purpose::Reset, account, "password-reset-token")
    }

    /// Mails a new token to reset a password. Whether one was mailed is not said, and costs the same.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this; [`Error::ValidationFailed`] for what is no address.
    pub fn start_password_reset(&self, email: &str) -> Result<(), Error> {
        self.start(Purpose::Reset, email, |account| {
            if account.is_disabled() {
                return Some("disabled");
            }
            None
        })
    }

    /// Sets a new password by a token, once. Ends every session, saved token, API token and other one-time token of the
    /// account, verifies the address that the mail reached, and mails a notice.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this; [`Error::NotFound`] for a token that is unknown, used,
    /// expired or replaced, or of a disabled account; [`Error::ValidationFailed`] for a password that is refused: the
    /// token outlives five of them.
    pub fn reset_password(&self, token: &Secret, password: &Secret) -> Result<(), Error> {
        self.need_grant(ACTION)?;
        let found = self.one_time(Purpose::Reset).find(token.reveal())?;
        let found = found.ok_or(Error::NotFound)?;
        let account = self.accounts().find(&found.token.account)?;
        let account = account
            .filter(|account| account.address == found.token.address && !account.is_disabled());
        let mut account = account.ok_or(Error::NotFound)?;
        let mut check = Check::default();
        let password = password.reveal();
        let password = check.new_password("password", password, &self.policy(), &account.address);
        let Some(password) = password else {
            return Err(self.refuse_password(found, check.violations()));
        };
        account.verify(self.ports.now());
        // Their owner may be taking the account back: what was made meanwhile is not theirs.
        account.disown_credentials(self.ports.now());
        self.set_password(&mut account, &password, None)?;
        // Whoever reads the mail is the owner: what others tried does not keep them out, and here they are known.
        let message = self.ports.message();
        Tries::new(self.ports, &account.address, &message).forgive_all();
        KnownSource::read(self.ports, Some(&account), &message.source())?.note_alone(&account);
        let by_services = guard::account_key(&account.id);
        self.ports.reset(PASSWORD_CHECK_BUCKET, &by_services);
        self.succeed(ACTION, &account.id, &[]);
        Ok(())
    }

    /// Replaces an account's password, ends what proved to be it, but for one session, and tells its owner.
    pub(super) fn set_password(
        &self,
        account: &mut Account,
        password: &Password,
        except_session: Option<&str>,
    ) -> Result<(), Error> {
        account.password = Some(self.ports.hash(password.reveal()));
        self.end_all(account, except_session)?;
        self.accounts().save(account);
        self.one_time(Purpose::Reset).revoke(&account.id)?;
        if account.is_verified() {
            self.one_time(Purpose::SignUp).revoke(&account.id)?;
        }
        let sent = self
            .ports
            .send_notice(&account.email, Notice::PasswordChanged, &account.id);
        if let Some(reason) = self.unsent(sent) {
            self.deny("notice", Some(&account.id), reason);
        }
        Ok(())
    }

    /// Counts a refused password, although the answer is an error.
    fn refuse_password(&self, mut found: Found, violations: Vec<Violation>) -> Error {
        let tokens = self.one_time(Purpose::Reset);
        self.deny(ACTION, Some(&found.token.account), "refused-password");
        found.token.refusals = found.token.refusals.saturating_add(1);
        if found.token.refusals > MAX_REFUSALS {
            if let Err(error) = tokens.revoke(&found.token.account) {
                return error;
            }
        } else {
            tokens.save(&found);
        }
        // Last: what is kept is what happened before.
        self.ports.keep();
        Error::ValidationFailed(violations)
    }
}
