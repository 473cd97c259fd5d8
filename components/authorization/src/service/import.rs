//! `import-users`: accounts from another system.

use std::collections::BTreeSet;

use email_address::EmailAddress;

use super::Service;
use super::registration::new_id;
use crate::account::Account;
use crate::channels::PersonName;
use crate::error::{Error, Violation};
use crate::fields::Check;
use crate::ports::{Outcome, Ports};
use crate::role::Role;
use crate::secret::Secret;

/// The most entries of one message.
const MAX_USERS: usize = 50;

/// The longest hash, in bytes.
const MAX_HASH_BYTES: usize = 1024;

/// A person from another system.
#[derive(Debug, Clone, Default)]
pub struct ImportedUser {
    /// The id they keep; none: a new one.
    pub id: Option<String>,
    /// E-mail.
    pub email: String,
    /// A hash of their password; none: they have to reset it.
    pub password_hash: Option<Secret>,
    /// Roles; none: everybody's.
    pub roles: Option<Vec<Role>>,
    /// Whether they proved their address there.
    pub is_email_verified: bool,
    /// When their account began there; none: now.
    pub registered_at: Option<u64>,
    /// Whether the account is off.
    pub disabled: bool,
    /// For their profile; with neither name there is none.
    pub first_name: Option<String>,
    /// Likewise.
    pub last_name: Option<String>,
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportOutcome {
    /// There is a new account of this id.
    Imported(String),
    /// There was an account with this e-mail already, and the same id if one was given: this one.
    Exists(String),
    /// The id is somebody else's.
    DuplicateId,
    /// The entry broke rules.
    Refused(Vec<Violation>),
}

/// An entry that keeps the rules.
struct Entry {
    id: Option<String>,
    address: EmailAddress,
    roles: BTreeSet<Role>,
    registered_at: u64,
    name: Option<PersonName>,
}

impl<P: Ports> Service<'_, P> {
    /// Takes accounts over, all that fit and none that do not, and says what became of each.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for anybody but the operator; [`Error::ValidationFailed`] for the length of the list.
    pub fn import_users(&self, users: Vec<ImportedUser>) -> Result<Vec<ImportOutcome>, Error> {
        const ACTION: &str = "users-import";
        self.need_operator(ACTION)?;
        if !(1..=MAX_USERS).contains(&users.len()) {
            return Err(Violation::new("users", "must be 1 to 50").into());
        }
        let outcomes = users
            .into_iter()
            .map(|user| self.import(user))
            .collect::<Result<Vec<_>, _>>()?;
        let imported = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, ImportOutcome::Imported(_)))
            .count();
        let (imported, given) = (imported.to_string(), outcomes.len().to_string());
        let detail = [("imported", imported.as_str()), ("of", given.as_str())];
        self.ports.record(ACTION, Outcome::Success, None, &detail);
        Ok(outcomes)
    }

    fn import(&self, user: ImportedUser) -> Result<ImportOutcome, Error> {
        let entry = match self.entry(&user) {
            Ok(entry) => entry,
            Err(Error::ValidationFailed(violations)) => {
                return Ok(ImportOutcome::Refused(violations));
            }
            Err(error) => return Err(error),
        };
        if let Some(outcome) = self.taken(&entry)? {
            return Ok(outcome);
        }
        let now = self.ports.now();
        let id = entry.id.unwrap_or_else(|| new_id(self.ports));
        let account = Account {
            roles: entry.roles,
            registered_at: entry.registered_at,
            verified_at: user.is_email_verified.then_some(now),
            disabled_at: user.disabled.then_some(now),
            password: user.password_hash,
            ..Account::begin(id, &entry.address, now)
        };
        self.accounts().begin(&account);
        if let Some(name) = entry.name {
            self.add_profile(&account, &name)?;
        }
        Ok(ImportOutcome::Imported(account.id))
    }

    /// What stands in the way of an entry: an account with its address or its id.
    fn taken(&self, entry: &Entry) -> Result<Option<ImportOutcome>, Error> {
        let holder = self.accounts().by_address(entry.address.canonical())?;
        let namesake = match &entry.id {
            Some(id) => self.accounts().find(id)?,
            None => None,
        };
        Ok(match (holder, namesake) {
            (None, None) => None,
            (Some(holder), None) if entry.id.is_none() => Some(ImportOutcome::Exists(holder.id)),
            (Some(_), None) => {
                let rule = "must not be that of an account with another id";
                Some(ImportOutcome::Refused(vec![Violation::new("email", rule)]))
            }
            (Some(holder), Some(namesake)) if holder.id == namesake.id => {
                Some(ImportOutcome::Exists(holder.id))
            }
            (_, Some(_)) => Some(ImportOutcome::DuplicateId),
        })
    }

    fn entry(&self, user: &ImportedUser) -> Result<Entry, Error> {
        let mut check = Check::default();
        if let Some(id) = &user.id {
            check.id(id);
        }
        let address = check.email(&user.email);
        if let Some(hash) = &user.password_hash
            && !(hash.reveal().len() <= MAX_HASH_BYTES && self.ports.accepts(hash.reveal()))
        {
            let rule = "must be a hash of at most 1 KiB, of a known kind and within the cost caps";
            check.refuse("password_hash", rule);
        }
        let roles = user
            .roles
            .clone()
            .map_or_else(Role::everybodys, |roles| check.each_once("roles", roles));
        let now = self.ports.now();
        let registered_at = user.registered_at.unwrap_or(now);
        if registered_at > now {
            check.refuse(
                "registered_at",
                "must not be in the future, in milliseconds",
            );
        }
        let name = check.person_name(user.first_name.as_deref(), user.last_name.as_deref());
        check.done(address.map(|address| Entry {
            id: user.id.clone(),
            address,
            roles: &roles | &Role::everybodys(),
            registered_at,
            name: (name != PersonName::default()).then_some(name),
        }))
    }
}
