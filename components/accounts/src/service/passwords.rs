//! Passwords that were forgotten, and those that are to change.

use super::Service;
use crate::error::{Error, Refused};
use crate::person::Needs;
use crate::ports::Ports;

impl<P: Ports> Service<'_, P> {
    /// Mails a link for a new password if somebody has this address; the same answer if nobody has.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what is no address; [`Error::TooManyRequests`].
    pub fn reset_password(&self, email: &str) -> Result<(), Error> {
        self.admit_stranger("reset-password")?;
        let answer = self.ports.start_password_reset(email);
        self.decided("reset-password", None, answer)
    }

    /// Sets a new password by the code that was mailed, and ends every session and API token.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a code that is worth nothing; [`Error::ValidationFailed`] for the password;
    /// [`Error::TooManyRequests`].
    pub fn new_password(&self, code: &str, password: &str) -> Result<(), Error> {
        self.admit_stranger("new-password")?;
        let answer = self.ports.reset_password(code, password);
        let answer = answer.map_err(|refused| renamed(refused, "token", "code"));
        self.decided("new-password", None, answer)
    }

    /// Sets a new password by the one before, and ends every other session.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] without a session's access token; [`Error::ValidationFailed`] for a wrong or a refused
    /// password; [`Error::TooManyRequests`].
    pub fn change_password(&self, current: &str, new: &str) -> Result<(), Error> {
        let person = self.admit("change-password", Needs::Session)?;
        let id = person.subject.as_str();
        let answer = self.ports.change_password(id, current, new);
        self.decided("change-password", Some(id), answer)
    }
}

/// The same refusal, where a field is called by the name that it has here.
fn renamed(refused: Refused, theirs: &str, ours: &str) -> Refused {
    match refused {
        Refused::ValidationFailed(mut violations) => {
            for violation in violations.iter_mut().filter(|it| it.path == theirs) {
                ours.clone_into(&mut violation.path);
            }
            Refused::ValidationFailed(violations)
        }
        other => other,
    }
}
