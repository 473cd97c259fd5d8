//! Accounts begin: `registration` for services, `sign-up` for strangers.

use email_address::EmailAddress;
use uuid::Builder;

use super::Service;
use crate::account::Account;
use crate::channels::{Notice, PersonName};
use crate::error::Error;
use crate::fields::Check;
use crate::one_time::{self, Purpose};
use crate::password::Password;
use crate::ports::{Environment, Ports};
use crate::role::Role;
use crate::secret::Secret;
use crate::settings::NOTICE_INTERVAL;

/// Whom a service registers.
#[derive(Debug, Clone)]
pub struct Registration {
    /// E-mail.
    pub email: String,
    /// Password.
    pub password: Secret,
    /// Whether they get all roles.
    pub owner: bool,
}

/// A pending account and the token that verifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The account's id.
    pub id: String,
    /// For `verify-email`.
    pub signup_token: Secret,
}

/// Who signs up.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// E-mail.
    pub email: String,
    /// Password.
    pub password: Secret,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
}

/// A sign-up that keeps the rules.
struct Newcomer {
    address: EmailAddress,
    password: Password,
    name: PersonName,
}

/// A new account's id: a UUIDv7 (RFC 9562 §5.7).
pub(super) fn new_id(environment: &impl Environment) -> String {
    let id = Builder::from_unix_timestamp_millis(environment.now(), &environment.random());
    id.into_uuid().to_string()
}

impl<P: Ports> Service<'_, P> {
    /// Registers a pending account, with all roles if it is to be the owner's.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever is no service that calls from outside; [`Error::ValidationFailed`] for what
    /// breaks a rule; [`Error::DuplicateEmail`] if the address has an account.
    pub fn registration(&self, request: &Registration) -> Result<Registered, Error> {
        self.need_service("registration")?;
        let (address, password) = self.credentials(&request.email, &request.password)?;
        if let Some(account) = self.accounts().by_address(address.canonical())? {
            self.deny("registration", Some(&account.id), "duplicate-email");
            return Err(Error::DuplicateEmail);
        }
        let roles = if request.owner {
            Role::all()
        } else {
            Role::everybodys()
        };
        let hash = self.ports.hash(password.reveal());
        let account = Account {
            roles,
            password: Some(hash),
            ..Account::begin(new_id(self.ports), &address, self.ports.now())
        };
        self.accounts().begin(&account);
        let signup_token = one_time::draw(self.ports);
        self.one_time(Purpose::SignUp)
            .issue(&account, &signup_token)?;
        let owner = if request.owner { "true" } else { "false" };
        self.succeed("registration", &account.id, &[("owner", owner)]);
        Ok(Registered {
            id: account.id,
            signup_token,
        })
    }

    /// Registers a pending account for a stranger, with its profile, and mails the verification. If the address has an
    /// account, that stays as it is and its owner gets a notice, at most one an hour and none within a minute after another
    /// sign-up; the work is the same.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this; [`Error::ValidationFailed`] for what breaks a rule,
    /// whoever has the address.
    pub fn sign_up(&self, request: &SignUp) -> Result<(), Error> {
        self.need_grant("sign-up")?;
        let newcomer = self.newcomer(request)?;
        let found = self.accounts().by_address(newcomer.address.canonical())?;
        let was_noticed = self.accounts().was_noticed(found.as_ref());
        let tokens = self.one_time(Purpose::SignUp);
        let asked = tokens.sign_up(newcomer.address.canonical())?;
        self.note_asked(&asked);
        let hash = self.ports.hash(newcomer.password.reveal());
        match found {
            None => self.welcome(&newcomer, hash),
            // Whoever has just signed up has a mail.
            Some(account) => self.warn(&account, was_noticed || asked.too_often),
        }
    }

    /// An account for somebody new.
    fn welcome(&self, newcomer: &Newcomer, hash: Secret) -> Result<(), Error> {
        let account = Account {
            password: Some(hash),
            ..Account::begin(new_id(self.ports), &newcomer.address, self.ports.now())
        };
        self.accounts().begin(&account);
        self.add_profile(&account, &newcomer.name)?;
        let token = one_time::draw(self.ports);
        let sent = self
            .ports
            .send_verification(&account.email, &token, &account.id);
        let mailed = self.unsent(sent).is_none();
        if mailed {
            self.one_time(Purpose::SignUp).issue(&account, &token)?;
        } else {
            self.decoy_untaken();
            self.decoy_token(Purpose::SignUp)?;
        }
        let mailed = if mailed { "true" } else { "false" };
        self.succeed("sign-up", &account.id, &[("mailed", mailed)]);
        Ok(())
    }

    /// A notice for somebody who has an account.
    fn warn(&self, account: &Account, was_noticed: bool) -> Result<(), Error> {
        self.decoy_profile()?;
        let is_noticed = !was_noticed && self.notice(account);
        if was_noticed {
            self.decoy_mail();
        }
        // In place of the account and its address, but for the note of the notice.
        self.decoy_account(2 - usize::from(is_noticed));
        self.decoy_token(Purpose::SignUp)?;
        self.deny("sign-up", Some(&account.id), "duplicate-email");
        Ok(())
    }

    /// Tells somebody that somebody signed up with their address, and notes that they were told: whether that is so.
    fn notice(&self, account: &Account) -> bool {
        let sent = self
            .ports
            .send_notice(&account.email, Notice::SignUpAttempt, &account.id);
        let is_sent = self.unsent(sent).is_none();
        if is_sent {
            let until = self.ports.now().saturating_add(NOTICE_INTERVAL);
            self.accounts().notice(account, until);
        } else {
            self.decoy_untaken();
        }
        is_sent
    }

    /// The profile of an account that begins.
    pub(super) fn add_profile(&self, account: &Account, name: &PersonName) -> Result<(), Error> {
        let added = self.ports.add_profile(&account.id, &account.email, name);
        added.map_err(|failed| self.failed("users", failed))
    }

    fn credentials(
        &self,
        email: &str,
        password: &Secret,
    ) -> Result<(EmailAddress, Password), Error> {
        let mut check = Check::default();
        let credentials = self.check_credentials(&mut check, email, password);
        check.done(credentials)
    }

    fn newcomer(&self, request: &SignUp) -> Result<Newcomer, Error> {
        let mut check = Check::default();
        let credentials = self.check_credentials(&mut check, &request.email, &request.password);
        let name = check.person_name(request.first_name.as_deref(), request.last_name.as_deref());
        check.done(credentials.map(|(address, password)| Newcomer {
            address,
            password,
            name,
        }))
    }

    fn check_credentials(
        &self,
        check: &mut Check,
        email: &str,
        password: &Secret,
    ) -> Option<(EmailAddress, Password)> {
        let address = check.email(email);
        let canonical = address.as_ref().map_or("", EmailAddress::canonical);
        let password = check.new_password("password", password.reveal(), &self.policy(), canonical);
        Some((address?, password?))
    }
}
