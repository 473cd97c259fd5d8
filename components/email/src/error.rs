//! Why a command is refused.

/// A refusal, as the channel's WIT has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The configuration makes no mail. The log says what is wrong with it.
    #[error("no mail can be made")]
    Unknown,
    /// The request broke rules of its fields: at least one.
    #[error("the request broke a rule")]
    ValidationFailed(Vec<Violation>),
    /// The caller may not ask this.
    #[error("this may not be asked for")]
    AccessDenied,
    /// Too many mails to this address; milliseconds until the next.
    #[error("too many mails to this address")]
    TooManyRequests(u64),
}

/// One broken rule. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field.
    pub path: &'static str,
    /// The rule, as a sentence.
    pub message: String,
}

/// A setting that makes no mail. It does not repeat the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the setting `{setting}` {rule}")]
pub struct Misconfigured {
    /// Its name.
    pub setting: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
}
