//! The commands of the authorization channel, a file a theme.
//!
//! What strangers may ask (through `accounts`) answers and costs the same whether the address they name has an account or
//! not: `mirror` does the work that there is nothing to do with.

mod administration;
mod deletion;
mod import;
mod lookup;
mod mirror;
mod password_change;
mod password_reset;
mod registration;
mod saved_tokens;
mod sign_in;
mod verification;

use crate::account::Account;
use crate::accounts::Accounts;
use crate::channels::{Failed, Unsent};
use crate::error::Error;
use crate::one_time::{OneTimeTokens, Purpose};
use crate::password::Policy;
use crate::ports::{Message, Outcome, Ports};
use crate::saved::SavedTokens;
use crate::settings::{REFUSALS_BUCKET, Settings};

pub use import::{ImportOutcome, ImportedUser};
pub use registration::{Registered, Registration, SignUp};
pub use saved_tokens::{
    Revocation, RevocationReason, SaveToken, SavedAccessToken, SavedRefreshToken,
};
pub use verification::NewToken;

/// The commands, over their ports.
#[derive(Debug)]
pub struct Service<'a, P> {
    ports: &'a P,
}

impl<'a, P: Ports> Service<'a, P> {
    /// The service of one message.
    pub fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    fn accounts(&self) -> Accounts<'a, P> {
        Accounts::new(self.ports)
    }

    fn one_time(&self, purpose: Purpose) -> OneTimeTokens<'a, P> {
        OneTimeTokens::new(self.ports, purpose)
    }

    fn saved(&self) -> SavedTokens<'a, P> {
        SavedTokens::new(self.ports)
    }

    fn settings(&self) -> Settings<'a, P> {
        Settings::new(self.ports)
    }

    fn policy(&self) -> Policy {
        Policy::new(&self.settings())
    }

    /// Refuses whoever is no service and was not granted the command.
    fn need_grant(&self, action: &str) -> Result<(), Error> {
        self.need(action, Message::is_granted, "not-granted")
    }

    /// Refuses whoever is no service that calls from outside: what is answered here is not for a component.
    fn need_service(&self, action: &str) -> Result<(), Error> {
        self.need(action, Message::is_service_itself, "not-a-service")
    }

    /// Refuses whoever is not the operator.
    fn need_operator(&self, action: &str) -> Result<(), Error> {
        self.need(action, Message::is_operator_itself, "not-the-operator")
    }

    fn need(&self, action: &str, may: fn(&Message) -> bool, reason: &str) -> Result<(), Error> {
        if may(&self.ports.message()) {
            return Ok(());
        }
        self.deny(action, None, reason);
        Err(Error::AccessDenied)
    }

    /// Ends everything that proves to be this account: sessions, but for one, and saved tokens. The account has to be
    /// saved afterwards.
    fn end_all(&self, account: &mut Account, except_session: Option<&str>) -> Result<(), Error> {
        account.end_saved_tokens();
        self.end_sessions(&account.id, except_session)
    }

    fn end_sessions(&self, id: &str, except_session: Option<&str>) -> Result<(), Error> {
        let ended = self.ports.end_sessions(id, except_session);
        ended.map_err(|failed| self.failed("token", failed))
    }

    fn remove_profile(&self, id: &str) -> Result<(), Error> {
        let removed = self.ports.remove_profile(id);
        removed.map_err(|failed| self.failed("users", failed))
    }

    /// Why a mail was not taken, for the record; none: it was.
    ///
    /// That it was not is no reason to fail, whatever the reason: a stranger would learn that there was somebody to write
    /// to. If the installation makes no mails, the operator is told.
    fn unsent(&self, sent: Result<(), Unsent>) -> Option<&'static str> {
        match sent {
            Ok(()) => None,
            Err(Unsent::TooMany) => Some("too-many-mails"),
            Err(Unsent::Failed(failed)) => {
                self.failed("email", failed);
                Some("no-mail")
            }
        }
    }

    /// Another channel refused what it should not: nobody can mend that but the operator.
    fn failed(&self, channel: &str, Failed(code): Failed) -> Error {
        self.ports
            .complain(&format!("the {channel} channel refused with {code}"));
        Error::Unknown
    }

    fn succeed(&self, action: &str, id: &str, detail: &[(&str, &str)]) {
        self.ports
            .record(action, Outcome::Success, Some(id), detail);
    }

    /// Records a refusal by a bucket, once a minute: of all requests it is the cheapest, and a record is a durable write.
    fn deny_too_many(&self, action: &str, account: Option<&str>, bucket: &str, key: &str) {
        let refusal = format!("{bucket}/{key}");
        if self.ports.take(REFUSALS_BUCKET, &refusal).is_none() {
            self.deny(action, account, "too-many-requests");
        }
    }

    fn deny(&self, action: &str, account: Option<&str>, reason: &str) {
        let detail = [("reason", reason)];
        self.ports.record(action, Outcome::Denied, account, &detail);
    }
}
