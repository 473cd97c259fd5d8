//! Why a command is refused.

/// A refusal, as the channel's WIT has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A stored record cannot be read. The log says which.
    #[error("a stored record cannot be read")]
    Unknown,
    /// There is no such profile.
    #[error("there is no such profile")]
    NotFound,
    /// The request broke rules of its fields: at least one.
    #[error("the request broke a rule")]
    ValidationFailed(Vec<Violation>),
    /// There is a profile for this account.
    #[error("there is a profile for this account")]
    DuplicateAuthId,
    /// The caller may not ask this.
    #[error("this may not be asked for")]
    AccessDenied,
}

/// One broken rule. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field.
    pub path: &'static str,
    /// The rule, as a sentence.
    pub message: String,
}
