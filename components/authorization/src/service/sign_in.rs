//! `get-user`: who has this e-mail and password.

use email_address::{EmailAddress, InvalidAddress};

use super::Service;
use crate::account::Account;
use crate::error::Error;
use crate::fields::Check;
use crate::password::Password;
use crate::ports::{Ports, Principal, Verdict};
use crate::secret::Secret;
use crate::sources::KnownSource;
use crate::tries::Tries;

const ACTION: &str = "sign-in";

/// The method of a principal that became known by a password (RFC 8176 §2).
const PASSWORD: &str = "pwd";

/// The name of all texts that are no address: nobody has it.
const NO_ADDRESS: &str = "";

/// So much of a text that is no address tells one from another when failures are counted.
const MAX_COUNTED_BYTES: usize = 254;

impl<P: Ports> Service<'_, P> {
    /// The account with this e-mail and password, if it is not disabled; none for whatever is wrong, after the same
    /// work. Establishes the principal, unless the account has been pending for too long.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this; [`Error::ValidationFailed`] beyond the lengths;
    /// [`Error::TooManyRequests`] after too many failures for the address: from here, before anything is hashed; from
    /// everywhere together, unless it is the right password from a known source.
    pub fn get_user(&self, email: &str, password: &Secret) -> Result<Option<Account>, Error> {
        self.need_grant(ACTION)?;
        let (address, password) = presented(email, password)?;
        let counted = address.as_ref().map_or_else(
            || start(email.trim(), MAX_COUNTED_BYTES),
            EmailAddress::canonical,
        );
        let message = self.ports.message();
        let tries = Tries::new(self.ports, counted, &message);
        if let Some(retry_after) = tries.begin() {
            self.deny_too_many(ACTION, None, tries.bucket(), tries.here());
            return Err(Error::TooManyRequests(retry_after));
        }
        let address = address.as_ref().map_or(NO_ADDRESS, EmailAddress::canonical);
        let found = self.accounts().by_address(address)?;
        let known = KnownSource::read(self.ports, found.as_ref(), &message.source())?;
        let verdict = self.verify(ACTION, found.as_ref(), &password);
        let Some(account) = found.filter(|account| self.is_admitted(account, verdict)) else {
            // Why it failed is on record already.
            return tries.count().map_or(Ok(None), |retry_after| {
                Err(Error::TooManyRequests(retry_after))
            });
        };
        if !known.is_known()
            && let Some(retry_after) = tries.count()
        {
            // Each is recorded: somebody has the password.
            self.deny(ACTION, Some(&account.id), "too-many-requests");
            return Err(Error::TooManyRequests(retry_after));
        }
        tries.forgive();
        let account = self.admit(account, &password, verdict, known);
        Ok(Some(account))
    }

    /// Whether the password is the account's; the same work if there is no account, or none with a password.
    pub(super) fn verify(
        &self,
        action: &str,
        account: Option<&Account>,
        password: &Password,
    ) -> Verdict {
        let Some(account) = account else {
            self.ports.decoy(password.reveal());
            self.deny(action, None, "no-account");
            return Verdict::Mismatch;
        };
        let Some(hash) = &account.password else {
            self.ports.decoy(password.reveal());
            self.deny(action, Some(&account.id), "no-password");
            return Verdict::Mismatch;
        };
        let verdict = self.ports.verify(password.reveal(), hash);
        if verdict == Verdict::Mismatch {
            self.deny(action, Some(&account.id), "wrong-password");
        }
        verdict
    }

    fn is_admitted(&self, account: &Account, verdict: Verdict) -> bool {
        if verdict == Verdict::Mismatch {
            return false;
        }
        if account.is_disabled() {
            self.deny(ACTION, Some(&account.id), "disabled");
        }
        !account.is_disabled()
    }

    fn admit(
        &self,
        mut account: Account,
        password: &Password,
        verdict: Verdict,
        source: KnownSource<'_, P>,
    ) -> Account {
        self.rehash(&mut account, password, verdict);
        let (now, grace) = (self.ports.now(), self.settings().verification_grace());
        if account.is_overdue(now, grace) {
            self.deny(ACTION, Some(&account.id), "not-verified");
            return account;
        }
        source.note(&account);
        let principal = Principal {
            subject: account.id.clone(),
            roles: account
                .roles
                .iter()
                .map(|role| role.name().to_owned())
                .collect(),
            session: None,
            methods: vec![PASSWORD.to_owned()],
            authenticated_at: now,
        };
        // The password is right also if the message turns out to act for somebody else.
        let established = self.ports.establish(&principal);
        let established = if established { "true" } else { "false" };
        self.succeed(ACTION, &account.id, &[("established", established)]);
        account
    }

    /// Stores a new hash, if the one that is stored is not what it would be today.
    fn rehash(&self, account: &mut Account, password: &Password, verdict: Verdict) {
        if verdict == Verdict::MatchNeedsRehash {
            account.password = Some(self.ports.hash(password.reveal()));
            self.accounts().save(account);
        }
    }
}

/// What somebody presents. A text that is no address is somebody who is unknown; only lengths are refused.
fn presented(email: &str, password: &Secret) -> Result<(Option<EmailAddress>, Password), Error> {
    let mut check = Check::default();
    let address = match EmailAddress::parse(email) {
        Ok(address) => Some(address),
        Err(rule @ InvalidAddress::TooLong) => {
            check.refuse("email", rule.to_string());
            None
        }
        Err(_) => None,
    };
    let password = check.password("password", password.reveal());
    check.done(password.map(|password| (address, password)))
}

/// The first bytes of a text, as far as they are whole characters.
fn start(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
