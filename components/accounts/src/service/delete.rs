//! Leaving for ever.

use super::Service;
use crate::error::{Error, Refused};
use crate::person::Needs;
use crate::ports::Ports;

impl<P: Ports> Service<'_, P> {
    /// Deletes one's account, profile, sessions and API tokens: all of it or nothing.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] without a session's access token; [`Error::ValidationFailed`] for a wrong password;
    /// [`Error::TooManyRequests`].
    pub fn delete_account(&self, password: &str) -> Result<(), Error> {
        let person = self.admit("delete-account", Needs::Session)?;
        let answer = self.erase(&person.subject, password);
        self.decided("delete-account", Some(&person.subject), answer)
    }

    /// The password is judged first. What follows has the same transaction: if it is refused, the account stays.
    fn erase(&self, id: &str, password: &str) -> Result<(), Refused> {
        self.ports.delete_account(id, password)?;
        self.ports.delete_all()
    }
}
