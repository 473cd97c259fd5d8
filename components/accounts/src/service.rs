//! The commands of the accounts channel.
//!
//! A stranger's command takes from the bucket of its source, asks the channel that decides, and answers what that said. A
//! person's command looks at the credential before it asks. Every refusal is recorded (those by a bucket once a minute),
//! and every success that changed something, but for refreshed and ended sessions: `token` records them with the session.

mod delete;
mod passwords;
mod profile;
mod sessions;
mod sign_in;
mod sign_up;

pub use profile::OwnProfile;
pub use sessions::SessionInfo;

use crate::error::Error;
use crate::limits;
use crate::person::Needs;
use crate::ports::{Outcome, Ports, Principal};

/// The commands, over their ports.
#[derive(Debug)]
pub struct Service<'a, P> {
    ports: &'a P,
}

impl<'a, P: Ports> Service<'a, P> {
    /// The service of one message.
    pub fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// Lets a stranger ask for `command`, unless their source asked too often.
    fn admit_stranger(&self, command: &str) -> Result<(), Error> {
        limits::take_by_source(self.ports, command)
    }

    /// Lets somebody ask for `command` if they did not ask too often, and their credential is what it needs.
    ///
    /// In this order: what is refused is recorded, and a flood must not fill the record.
    fn admit(&self, command: &str, needs: Needs) -> Result<Principal, Error> {
        let message = self.ports.message();
        let Some(person) = &message.principal else {
            return self.refuse(command, None, Error::AccessDenied);
        };
        limits::take_by_person(self.ports, command, person)?;
        if !message.fits(person, needs) {
            return self.refuse(command, Some(&person.subject), Error::AccessDenied);
        }
        Ok(person.clone())
    }

    /// Answers `answer`, and records it whatever it is.
    fn decided<T>(
        &self,
        command: &str,
        subject: Option<&str>,
        answer: Result<T, impl Into<Error>>,
    ) -> Result<T, Error> {
        let answer = self.granted(command, subject, answer)?;
        self.ports.record(command, Outcome::Success, subject, &[]);
        Ok(answer)
    }

    /// Answers `answer`, and records it if it is a refusal.
    fn granted<T>(
        &self,
        command: &str,
        subject: Option<&str>,
        answer: Result<T, impl Into<Error>>,
    ) -> Result<T, Error> {
        answer.or_else(|error| self.refuse(command, subject, error.into()))
    }

    fn refuse<T>(&self, command: &str, subject: Option<&str>, error: Error) -> Result<T, Error> {
        // A bucket of another channel: as often as those of this one.
        if matches!(error, Error::TooManyRequests(_))
            && !limits::is_recorded(self.ports, command, subject)
        {
            return Err(error);
        }
        let mut detail = vec![("reason", error.reason())];
        let mut outcome = Outcome::Denied;
        if let Error::Unknown(cause) = error {
            outcome = Outcome::Failure;
            detail.push(("cause", cause));
            let line = format!("{command}: another channel answered `{cause}`");
            self.ports.warn(&line);
        }
        self.ports.record(command, outcome, subject, &detail);
        Err(error)
    }
}
