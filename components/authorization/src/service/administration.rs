//! What operators do with accounts: `set-disabled`, `set-roles`.

use std::collections::BTreeSet;

use super::Service;
use crate::account::Account;
use crate::error::Error;
use crate::fields::Check;
use crate::one_time::Purpose;
use crate::ports::Ports;
use crate::role::Role;

impl<P: Ports> Service<'_, P> {
    /// Switches an account off, which ends every session, saved token and mailed link for a new password and forgets from
    /// where it was signed in to, or on again.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for anybody but the operator; [`Error::NotFound`] if there is no such account.
    pub fn set_disabled(&self, id: &str, disabled: bool) -> Result<(), Error> {
        let action = if disabled {
            "account-disable"
        } else {
            "account-enable"
        };
        self.need_operator(action)?;
        let mut account = self.existing(id)?;
        if disabled {
            account.disabled_at.get_or_insert(self.ports.now());
            // Also if it was off before: services may have made tokens for it since.
            self.end_all(&mut account, None)?;
            self.one_time(Purpose::Reset).revoke(id)?;
            // Perhaps it was somebody else who signed in there.
            self.accounts().forget_sources(id);
        } else if account.disabled_at.take().is_none() {
            return Ok(());
        }
        self.accounts().save(&account);
        self.succeed(action, id, &[]);
        Ok(())
    }

    /// Sets an account's roles; everybody's is always among them. If one is taken away, its sessions end, since they
    /// keep the roles they began with.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for anybody but the operator; [`Error::ValidationFailed`] for no role or one that is there
    /// twice; [`Error::NotFound`] if there is no such account.
    pub fn set_roles(&self, id: &str, roles: Vec<Role>) -> Result<(), Error> {
        const ACTION: &str = "roles-set";
        self.need_operator(ACTION)?;
        let mut check = Check::default();
        let roles = check.each_once("roles", roles);
        let roles = check.done(Some(&roles | &Role::everybodys()))?;
        let mut account = self.existing(id)?;
        if account.roles == roles {
            return Ok(());
        }
        if !account.roles.is_subset(&roles) {
            self.end_sessions(id, None)?;
        }
        let detail = [("from", names(&account.roles)), ("to", names(&roles))];
        account.roles = roles;
        self.accounts().save(&account);
        let detail = detail
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        self.succeed(ACTION, id, &detail);
        Ok(())
    }

    fn existing(&self, id: &str) -> Result<Account, Error> {
        self.accounts().find(id)?.ok_or(Error::NotFound)
    }
}

fn names(roles: &BTreeSet<Role>) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    names.join(" ")
}
