//! Beginning a session, going on with it, leaving it.

use super::Service;
use crate::error::Error;
use crate::limits;
use crate::person::Needs;
use crate::ports::{Ports, Session};

impl<P: Ports> Service<'_, P> {
    /// Begins a session for whose e-mail and password these are.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] whatever is wrong; [`Error::AccessDenied`] with the right password, if the address
    /// stayed unverified too long, or a service acts for somebody else; [`Error::ValidationFailed`] beyond the lengths;
    /// [`Error::TooManyRequests`].
    pub fn sign_in(&self, email: &str, password: &str) -> Result<Session, Error> {
        self.admit_stranger("sign-in")?;
        let found = self.ports.get_user(email, password);
        let Some(id) = self.granted("sign-in", None, found)? else {
            return self.refuse("sign-in", None, Error::Unauthenticated);
        };
        self.decided("sign-in", Some(&id), self.begin(&id))
    }

    /// Goes on with a session: new tokens for its refresh token, which is used up.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] whatever is wrong; [`Error::TooManyRequests`].
    pub fn refresh_session(&self, refresh_token: &str) -> Result<Session, Error> {
        self.admit_stranger("refresh-session")?;
        let answer = self.ports.refresh_session(refresh_token);
        let (_, session) = self.granted("refresh-session", None, answer)?;
        Ok(session)
    }

    /// Ends the session of a refresh token, if it has one.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub fn sign_out(&self, refresh_token: &str) -> Result<(), Error> {
        self.admit_stranger("sign-out")?;
        let answer = self.ports.blacklist_refresh_token(refresh_token);
        self.granted("sign-out", None, answer)
    }

    /// Begins a session for an API token: without a refresh token, and with the API token's scopes.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for any other credential; [`Error::TooManyRequests`].
    pub fn token_authorization(&self) -> Result<Session, Error> {
        const COMMAND: &str = "token-authorization";
        let person = self.admit(COMMAND, Needs::ApiToken)?;
        limits::take_by_person_for(self.ports, COMMAND, &person)?;
        let answer = self.ports.issue_session(true);
        self.decided(COMMAND, Some(&person.subject), answer)
    }

    /// A session for `id`, whose password was right.
    ///
    /// Whether that was enough the message knows: it acts for them now, or it does not, and a session would be somebody
    /// else's.
    fn begin(&self, id: &str) -> Result<Session, Error> {
        let principal = self.ports.message().principal;
        if principal.is_none_or(|principal| principal.subject != id) {
            return Err(Error::AccessDenied);
        }
        Ok(self.ports.issue_session(false)?)
    }
}
