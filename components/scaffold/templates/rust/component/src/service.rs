//! The commands of the {{channel}} channel.

use crate::error::{Error, Violation};
use crate::ports::{Config, Ports, Storage};

/// The longest note if nothing is configured, in bytes: the manifest's default.
const LONGEST: usize = 4_096;

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

    /// Keeps a note, instead of the one before.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what is empty or too long; [`Error::AccessDenied`] if the message acts for nobody.
    pub fn keep_note(&self, text: &str) -> Result<(), Error> {
        self.check(text)?;
        let subject = self.subject()?;
        self.ports.put(&key(&subject), text.as_bytes(), &subject);
        Ok(())
    }

    /// The note, if there is one.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] if the message acts for nobody.
    pub fn read_note(&self) -> Result<Option<String>, Error> {
        let subject = self.subject()?;
        let note = Storage::get(self.ports, &key(&subject));
        Ok(note.map(|text| String::from_utf8_lossy(&text).into_owned()))
    }

    fn check(&self, text: &str) -> Result<(), Error> {
        let longest = Config::get(self.ports, "longest");
        let longest = longest
            .and_then(|longest| longest.parse().ok())
            .unwrap_or(LONGEST);
        if (1..=longest).contains(&text.len()) {
            return Ok(());
        }
        Err(Error::ValidationFailed(vec![Violation {
            path: "text",
            message: format!("must be 1 to {longest} bytes"),
        }]))
    }

    fn subject(&self) -> Result<String, Error> {
        self.ports.subject().ok_or(Error::AccessDenied)
    }
}

/// A subject has at most 128 bytes, a key may have 512.
fn key(subject: &str) -> String {
    format!("note/{subject}")
}
