//! Why a command is refused.

/// A refusal, as the channel's WIT has it. None of them says anything about a value that was presented.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A stored record cannot be read, or the owner's account cannot be asked for. The log says what.
    #[error("it cannot be said what went wrong")]
    Unknown,
    /// The principal has no such token.
    #[error("there is no such token")]
    NotFound,
    /// The request broke rules of its fields: at least one.
    #[error("the request broke a rule")]
    ValidationFailed(Vec<Violation>),
    /// The token presented is not, or no longer, worth anything.
    #[error("the token is not valid")]
    Unauthenticated,
    /// The caller may not ask this.
    #[error("this may not be asked for")]
    AccessDenied,
    /// Too often; milliseconds until it is worth trying again.
    #[error("too often")]
    TooManyRequests(u64),
}

/// One broken rule. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field; empty: the request itself.
    pub path: &'static str,
    /// The rule, as a sentence.
    pub message: &'static str,
}
