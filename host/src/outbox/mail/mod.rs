//! Where mails go: a [`Mailer`], which is an SMTP server, a capture, or what the embedding program brings.

mod capture;
#[cfg(feature = "smtp")]
mod connections;
#[cfg(feature = "smtp")]
mod dialogue;
#[cfg(feature = "smtp")]
mod message;
#[cfg(feature = "smtp")]
mod smtp;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::Mail;
use crate::clock::Timestamp;
use crate::config;

pub use capture::Capture;
#[cfg(feature = "smtp")]
pub use smtp::Smtp;

/// A mail that is to be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The same for every try: a Message-ID is made of it, or a provider's idempotency key.
    pub id: String,
    /// When it was sent.
    pub at: Timestamp,
    /// To whom, and what.
    pub mail: Mail,
}

/// What a mailer did with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It is somebody else's to deliver from now on.
    Sent,
    /// It stays here, for the operator to look at.
    Captured,
}

/// Why a letter was not handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// This letter will never be accepted: there is no use in trying it again. A reason with a code says, as does one of
    /// [`MailError::Deferred`], that the server can be reached.
    #[error("refused: {0}")]
    Refused(Reason),
    /// This letter was not accepted now. It is tried again later, up to a number of tries.
    #[error("put off: {0}")]
    Deferred(Reason),
    /// No letter can be handed over now. All wait, and it costs none a try.
    #[error("unreachable: {0}")]
    Down(Reason),
}

/// A reason for logs and operators: a sentence of the mailer's own and a number. It cannot hold an address, or a word that a
/// server said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    what: &'static str,
    code: Option<u16>,
}

impl Reason {
    /// `what`, such as `refused by the server`.
    #[must_use]
    pub const fn new(what: &'static str) -> Self {
        Self { what, code: None }
    }

    /// The same with the `code` that a server answered.
    #[must_use]
    pub const fn with_code(self, code: u16) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// Whether a server said it.
    pub(super) const fn is_answer(self) -> bool {
        self.code.is_some()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{} ({code})", self.what),
            None => f.write_str(self.what),
        }
    }
}

/// Takes letters.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands `letter` over. Ok means that it is the receiver's: it is not handed over again.
    ///
    /// It may be called for several letters at once, and for the same letter again, after an error or when a host ended before it
    /// could note the success; its id is the same then. The future is dropped when it takes longer than `mail.timeout_ms`.
    ///
    /// # Errors
    /// [`MailError`] says what is to become of the letter.
    async fn deliver(&self, letter: &Letter) -> Result<Delivered, MailError>;

    /// There has been nothing to deliver for a while: connections may be closed. Must not take long.
    async fn rest(&self) {}
}

/// The mailer that `config` asks for.
///
/// # Errors
/// A sentence for the operator, if the configuration cannot be used.
pub(crate) fn configured(config: &config::Mail) -> Result<Arc<dyn Mailer>, String> {
    match &config.server {
        None => Ok(Arc::new(Capture)),
        #[cfg(feature = "smtp")]
        Some(server) => Ok(Arc::new(Smtp::new(config, server)?)),
        #[cfg(not(feature = "smtp"))]
        Some(_) => Err("mail.server: this build has no SMTP (feature `smtp`)".to_owned()),
    }
}
