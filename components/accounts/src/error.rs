//! Why a command is refused.

/// A refusal, as the channel's WIT has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another channel answered what it does not answer here; the cause is for the record and not for the caller.
    #[error("it cannot be said what went wrong")]
    Unknown(&'static str),
    /// There is nothing like that, or it is not worth anything any more.
    #[error("there is nothing like that")]
    NotFound,
    /// The request broke rules of its fields.
    #[error("the request broke a rule")]
    ValidationFailed(Vec<Violation>),
    /// What was presented is not, or no longer, worth anything.
    #[error("what was presented is worth nothing")]
    Unauthenticated,
    /// This is not open to whoever asks.
    #[error("this may not be asked for")]
    AccessDenied,
    /// Too often; in so many milliseconds it may be tried again.
    #[error("too often")]
    TooManyRequests(u64),
}

/// One broken rule. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field.
    pub path: String,
    /// The rule, as a sentence.
    pub message: String,
}

/// Why another channel refused: what its error's cases mean here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is nothing like that.
    NotFound,
    /// The request broke rules of its fields.
    ValidationFailed(Vec<Violation>),
    /// What was presented is worth nothing.
    Unauthenticated,
    /// We may not ask this, or not for this person.
    AccessDenied,
    /// Too often; in so many milliseconds it may be tried again.
    TooManyRequests(u64),
    /// A case that this channel does not have, by its name: nothing that is asked here should end so.
    Other(&'static str),
}

impl Error {
    /// The class of the refusal, for the record: the name of its case.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown",
            Self::NotFound => "not-found",
            Self::ValidationFailed(_) => "validation-failed",
            Self::Unauthenticated => "unauthenticated",
            Self::AccessDenied => "access-denied",
            Self::TooManyRequests(_) => "too-many-requests",
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound => Self::NotFound,
            Refused::ValidationFailed(violations) => Self::ValidationFailed(violations),
            Refused::Unauthenticated => Self::Unauthenticated,
            Refused::AccessDenied => Self::AccessDenied,
            Refused::TooManyRequests(retry_after) => Self::TooManyRequests(retry_after),
            Refused::Other(case) => Self::Unknown(case),
        }
    }
}
