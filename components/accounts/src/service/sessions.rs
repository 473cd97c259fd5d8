//! One's sessions.

use super::Service;
use crate::error::Error;
use crate::person::Needs;
use crate::ports::{LiveSession, Ports};

/// One living session of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The session.
    pub session: LiveSession,
    /// Whether this message came with it.
    pub current: bool,
}

impl<P: Ports> Service<'_, P> {
    /// One's living sessions, oldest first.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] without a session's access token; [`Error::TooManyRequests`].
    pub fn list_sessions(&self) -> Result<Vec<SessionInfo>, Error> {
        let person = self.admit("list-sessions", Needs::Session)?;
        let listed = self.ports.list_sessions(&person.subject);
        let listed = self.granted("list-sessions", Some(&person.subject), listed)?;
        let info = |session: LiveSession| SessionInfo {
            current: person.session.as_ref() == Some(&session.session_id),
            session,
        };
        Ok(listed.into_iter().map(info).collect())
    }

    /// Ends one of one's sessions; what is none of them is left alone.
    ///
    /// # Errors
    /// As [`list_sessions`](Self::list_sessions).
    pub fn end_session(&self, session_id: &str) -> Result<(), Error> {
        let person = self.admit("end-session", Needs::Session)?;
        let answer = self.ports.end_session(&person.subject, session_id);
        self.granted("end-session", Some(&person.subject), answer)
    }

    /// Ends all of one's sessions, this one too.
    ///
    /// # Errors
    /// As [`list_sessions`](Self::list_sessions).
    pub fn end_all_sessions(&self) -> Result<(), Error> {
        let person = self.admit("end-all-sessions", Needs::Session)?;
        let answer = self.ports.end_all_sessions();
        self.granted("end-all-sessions", Some(&person.subject), answer)
    }
}
