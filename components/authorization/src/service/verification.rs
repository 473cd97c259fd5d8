//! Proving that an address is somebody's: `get-signup-token`, `start-verification`, `verify-email`.

use super::Service;
use crate::account::Account;
use crate::error::Error;
use crate::fields;
use crate::one_time::{self, Asked, Purpose};
use crate::ports::Ports;
use crate::secret::Secret;
use crate::settings::MINUTE;
use crate::sources::KnownSource;

/// So long after a token did its work it is taken again, without effect: mail scanners follow links before people do, and
/// people click twice.
const SECOND_CLICK: u64 = 10 * MINUTE;

/// A one-time token for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The account's id.
    pub id: String,
    /// The token.
    pub token: Secret,
}

impl<P: Ports> Service<'_, P> {
    /// A new token to verify an address; older ones die. None for an unknown or verified address, and within a minute
    /// after the last one: then that one lives on.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever is no service that calls from outside; [`Error::ValidationFailed`] for what
    /// is no address.
    pub fn get_signup_token(&self, email: &str) -> Result<Option<NewToken>, Error> {
        self.need_service("verification-token")?;
        let address = fields::email(email)?;
        let found = self.accounts().by_address(address.canonical())?;
        let Some(account) = found.filter(|account| !account.is_verified()) else {
            return Ok(None);
        };
        if self
            .one_time(Purpose::SignUp)
            .was_just_issued(Some(&account))?
        {
            return Ok(None);
        }
        self.mint(Purpose::SignUp, account, "verification-token")
            .map(Some)
    }

    /// Mails a new token to verify an address. Whether one was mailed is not said, and costs the same.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this; [`Error::ValidationFailed`] for what is no address.
    pub fn start_verification(&self, email: &str) -> Result<(), Error> {
        self.start(Purpose::SignUp, email, |account| {
            if account.is_verified() {
                return Some("verified");
            }
            None
        })
    }

    /// Verifies the address that the token was made for, and makes the place known where a person does so. The same token
    /// again, within ten minutes, is ok without effect.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this; [`Error::NotFound`] for a token that is unknown,
    /// expired or replaced, or whose account does not have that address any more.
    pub fn verify_email(&self, token: &Secret) -> Result<(), Error> {
        const ACTION: &str = "email-verify";
        self.need_grant(ACTION)?;
        let tokens = self.one_time(Purpose::SignUp);
        let found = tokens.find(token.reveal())?.ok_or(Error::NotFound)?;
        let account = self.accounts().find(&found.token.account)?;
        let account = account.filter(|account| account.address == found.token.address);
        let mut account = account.ok_or(Error::NotFound)?;
        if found.token.used_at.is_some() {
            return Ok(());
        }
        let now = self.ports.now();
        account.verify(now);
        self.accounts().save(&account);
        let message = self.ports.message();
        if !message.is_service {
            // Whoever reads the mail is the owner, and this is where they read it.
            KnownSource::read(self.ports, Some(&account), &message.source())?.note(&account);
        }
        tokens.retire(found, now.saturating_add(SECOND_CLICK));
        self.succeed(ACTION, &account.id, &[]);
        Ok(())
    }

    /// Issues a new token to a service, which mails it itself.
    pub(super) fn mint(
        &self,
        purpose: Purpose,
        account: Account,
        action: &str,
    ) -> Result<NewToken, Error> {
        let token = one_time::draw(self.ports);
        self.one_time(purpose).issue(&account, &token)?;
        self.succeed(action, &account.id, &[]);
        Ok(NewToken {
            id: account.id,
            token,
        })
    }

    /// Mails a new token to an address, if it has an account that nothing speaks against and was not written to within
    /// the last minute, or too often before; else the same work for nobody. `against` names what speaks against an account.
    pub(super) fn start(
        &self,
        purpose: Purpose,
        email: &str,
        against: fn(&Account) -> Option<&'static str>,
    ) -> Result<(), Error> {
        let action = match purpose {
            Purpose::SignUp => "verification-start",
            Purpose::Reset => "password-reset-start",
        };
        self.need_grant(action)?;
        let address = fields::email(email)?;
        let found = self.accounts().by_address(address.canonical())?;
        let against = found.as_ref().map_or(Some("no-account"), against);
        let mailed = found.as_ref().filter(|_| against.is_none());
        let asked = self.one_time(purpose).ask(mailed, address.canonical())?;
        let too_often = self.count_mail(purpose, address.canonical(), &asked);
        if let (Some(account), None) = (mailed, too_often) {
            return self.mail_token(purpose, account, &asked, action);
        }
        self.decoy_mail();
        if too_often.is_none() {
            self.decoy_noted_token(purpose, &asked)?;
        } else {
            self.decoy_token(purpose)?;
        }
        let id = found.as_ref().map(|account| account.id.as_str());
        self.deny(action, id, against.or(too_often).unwrap_or_default());
        Ok(())
    }

    /// Counts a mail to an address, also if none is to be sent, and says why it comes too often, if it does.
    ///
    /// The last link stays good. It works for longer than it takes until there may be one mail more: whoever asks for mails
    /// without end keeps nobody from getting in by one.
    fn count_mail(&self, purpose: Purpose, address: &str, asked: &Asked) -> Option<&'static str> {
        if asked.too_often {
            self.decoy_take();
            return Some("too-often");
        }
        let retry_after = self.ports.take(purpose.bucket(), address);
        retry_after.map(|_| "too-many-mails")
    }

    /// Mails a new token, and issues it if the mail was taken: else what was mailed before stays good.
    fn mail_token(
        &self,
        purpose: Purpose,
        account: &Account,
        asked: &Asked,
        action: &str,
    ) -> Result<(), Error> {
        let token = one_time::draw(self.ports);
        let (to, id) = (account.email.as_str(), account.id.as_str());
        let sent = match purpose {
            Purpose::SignUp => self.ports.send_verification(to, &token, id),
            Purpose::Reset => self.ports.send_reset(to, &token, id),
        };
        if let Some(reason) = self.unsent(sent) {
            self.decoy_untaken();
            self.decoy_noted_token(purpose, asked)?;
            self.deny(action, Some(id), reason);
        } else {
            self.one_time(purpose).issue(account, &token)?;
            self.succeed(action, id, &[]);
        }
        Ok(())
    }
}
