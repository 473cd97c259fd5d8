//! Accounts are looked at: `get-account`, `find-account`.

use super::Service;
use crate::account::Account;
use crate::error::Error;
use crate::fields;
use crate::ports::Ports;

impl<P: Ports> Service<'_, P> {
    /// The account of this id, if there is one.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] off the plane of services for anybody but the principal.
    pub fn get_account(&self, id: &str) -> Result<Option<Account>, Error> {
        let message = self.ports.message();
        if !message.may_see(id) {
            let subject = message
                .principal
                .as_ref()
                .map(|principal| principal.subject.as_str());
            self.deny("account-read", subject, "not-the-owner");
            return Err(Error::AccessDenied);
        }
        self.accounts().find(id)
    }

    /// Until when the account's address is to be verified; none: it is. No session may outlive that.
    #[must_use]
    pub fn verify_by(&self, account: &Account) -> Option<u64> {
        account.verify_by(self.settings().verification_grace())
    }

    /// The account with this address, if there is one.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for anybody but the operator; [`Error::ValidationFailed`] for what is no address.
    pub fn find_account(&self, email: &str) -> Result<Option<Account>, Error> {
        self.need_operator("account-find")?;
        let address = fields::email(email)?;
        self.accounts().by_address(address.canonical())
    }
}
