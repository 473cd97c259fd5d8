//! Why a command is refused.

/// A refusal, as the channel's WIT has it. None of them says anything about a token or a subject that the caller did
/// not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request broke a rule of a field.
    #[error("the request broke a rule")]
    ValidationFailed(Violation),
    /// The token presented is not, or no longer, worth anything.
    #[error("the token is not valid")]
    Unauthenticated,
    /// Tokens or sessions of somebody who did not prove their identity in this message.
    #[error("this may not be asked for")]
    AccessDenied,
}

/// One broken rule. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field.
    pub path: &'static str,
    /// The rule, as a sentence.
    pub message: &'static str,
}
