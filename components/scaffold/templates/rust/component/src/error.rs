//! Why a command is refused.

/// A refusal, as the channel's WIT has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The request broke rules of its fields: at least one.
    #[error("the request broke a rule")]
    ValidationFailed(Vec<Violation>),
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
