//! Beginning a session, going on with it, leaving it.

use super::Service;
use crate::error::Error;
use crate::limits;
use crate::person::Needs;
use crate::ports::{Person, Ports, Session};

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
        let Some(person) = self.granted("sign-in", None, found)? else {
            return self.refuse("sign-in", None, Error::Unauthenticated);
        };
        self.decided("sign-in", Some(&person.id), self.begin(&person))
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
        let answer = self.ports.issue_session(true, None);
        self.decided(COMMAND, Some(&person.subject), answer)
    }

    /// A session for `person`, whose password was right.
    ///
    /// Whether that was enough the message knows: it acts for them now, or it does not, and a session would be somebody
    /// else's.
    fn begin(&self, person: &Person) -> Result<Session, Error> {
        let principal = self.ports.message().principal;
        if principal.is_none_or(|principal| principal.subject != person.id) {
            return Err(Error::AccessDenied);
        }
        let ends_by = self.ends_by(person)?;
        Ok(self.ports.issue_session(false, ends_by)?)
    }

    /// By when a session of `person` is over: as long as their address is not verified, by when it has to be. Else whoever
    /// signed up with another's address could stay for months, by refreshing.
    fn ends_by(&self, person: &Person) -> Result<Option<u64>, Error> {
        if person.is_email_verified {
            return Ok(None);
        }
        let account = self.ports.get_account(&person.id)?;
        Ok(account.ok_or(Error::AccessDenied)?.verify_by)
    }
}
