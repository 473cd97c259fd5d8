//! Why a command is refused.

use std::borrow::Cow;

/// A refusal, as the channel's WIT has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A stored record cannot be read, or another channel failed. The log says which.
    #[error("it cannot be said what went wrong")]
    Unknown,
    /// There is no such account or token, or it is not worth anything any more.
    #[error("there is no such account or token")]
    NotFound,
    /// The account or token is in a state that does not allow it.
    #[error("its state does not allow it")]
    Conflict,
    /// The request broke rules of its fields: at least one.
    #[error("the request broke a rule")]
    ValidationFailed(Vec<Violation>),
    /// There is an account with this e-mail.
    #[error("there is an account with this e-mail")]
    DuplicateEmail,
    /// The caller may not ask this.
    #[error("this may not be asked for")]
    AccessDenied,
    /// Too often; try again after so many milliseconds.
    #[error("too often")]
    TooManyRequests(u64),
}

/// One broken rule. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field.
    pub path: &'static str,
    /// The rule, as a sentence.
    pub message: Cow<'static, str>,
}

impl Violation {
    pub(crate) fn new(path: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path,
            message: message.into(),
        }
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::ValidationFailed(vec![violation])
    }
}
