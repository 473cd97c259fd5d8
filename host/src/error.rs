//! What a client is told when a command is not carried out, and what the log is told beside it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a message was refused, as a client sees it.
///
/// The host's own reasons are spelt out; a channel's own travel as the case name of its WIT `error` variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request does not fit the command's WIT type, or is no request at all.
    BadRequest,
    /// The request fits the type and breaks a rule of the channel.
    ValidationFailed,
    /// No credential, or one that is worth nothing.
    Unauthenticated,
    /// A credential that does not reach this far.
    AccessDenied,
    /// No such channel, command or thing.
    NotFound,
    /// It contradicts what is stored.
    Conflict,
    /// More often than allowed.
    TooManyRequests,
    /// Not now; later.
    Unavailable,
    /// Not in time.
    DeadlineExceeded,
    /// A fault of ours or of a component; the log knows more.
    Unknown,
    /// A channel's own reason: the case name in kebab-case, `duplicate-email`.
    Channel(String),
}

impl Code {
    /// The name in kebab-case, as it stands in an error's body.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::BadRequest => "bad-request",
            Self::ValidationFailed => "validation-failed",
            Self::Unauthenticated => "unauthenticated",
            Self::AccessDenied => "access-denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::TooManyRequests => "too-many-requests",
            Self::Unavailable => "unavailable",
            Self::DeadlineExceeded => "deadline-exceeded",
            Self::Unknown => "unknown",
            Self::Channel(name) => name,
        }
    }

    /// The code named `name`: the host's if there is one of that name, else the channel's.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "bad-request" => Self::BadRequest,
            "validation-failed" => Self::ValidationFailed,
            "unauthenticated" => Self::Unauthenticated,
            "access-denied" => Self::AccessDenied,
            "not-found" => Self::NotFound,
            "conflict" => Self::Conflict,
            "too-many-requests" => Self::TooManyRequests,
            "unavailable" => Self::Unavailable,
            "deadline-exceeded" => Self::DeadlineExceeded,
            "unknown" => Self::Unknown,
            other => Self::Channel(other.to_owned()),
        }
    }
}

/// One rule that a request broke. It never repeats the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Where: `email`, `users[3].email`; empty for the request itself. A name that came from the client is escaped and cut to 64 bytes.
    pub path: String,
    /// The rule.
    pub message: String,
}

impl Violation {
    /// A violation of `message` at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// A message that was not carried out: a public sentence, and a private cause for the log.
///
/// `Display` gives the public sentence. The cause is reachable by [`std::error::Error::source`] only and is never sent
/// to a client or a guest.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What kind of refusal.
    pub code: Code,
    /// One sentence for the client, without any value it sent.
    pub message: Cow<'static, str>,
    /// The rules that were broken, if any.
    pub violations: Vec<Violation>,
    /// Milliseconds after which it is worth trying again, if that is known.
    pub retry_after_ms: Option<u64>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Failure {
    /// A failure of `code` that says `message`.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            violations: Vec::new(),
            retry_after_ms: None,
            cause: None,
        }
    }

    /// The request does not fit; `violations` say where.
    #[must_use]
    pub fn bad_request(violations: Vec<Violation>) -> Self {
        let message = "the request does not fit the command";
        Self {
            violations,
            ..Self::new(Code::BadRequest, message)
        }
    }

    /// Not now: try again in `retry_after_ms`.
    #[must_use]
    pub fn unavailable(retry_after_ms: u64) -> Self {
        let message = "the service cannot answer now; try again later";
        Self {
            retry_after_ms: Some(retry_after_ms),
            ..Self::new(Code::Unavailable, message)
        }
    }

    /// A fault that the client can do nothing about.
    #[must_use]
    pub fn unknown() -> Self {
        Self::new(
            Code::Unknown,
            "the command failed; the log knows more under the message's id",
        )
    }

    /// The same, with the private `cause`.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }

    /// The private cause and its causes on one line, for the log.
    pub(crate) fn causes(&self) -> Option<String> {
        let first = std::error::Error::source(self)?;
        let causes = std::iter::successors(Some(first), |cause| cause.source());
        let causes: Vec<_> = causes.map(ToString::to_string).collect();
        Some(causes.join(": "))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// The body of an error answer, the same on every transport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What happened.
    pub error: ErrorDetail,
}

/// What happened, in an error's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// [`Code::as_str`].
    pub code: String,
    /// The public sentence.
    pub message: String,
    /// The rules that were broken; empty if that is not what happened.
    pub violations: Vec<Violation>,
    /// When to try again, if that is known.
    pub retry_after_ms: Option<u64>,
}

impl From<&Failure> for ErrorBody {
    fn from(failure: &Failure) -> Self {
        Self {
            error: ErrorDetail {
                code: failure.code.as_str().to_owned(),
                message: failure.message.to_string(),
                violations: failure.violations.clone(),
                retry_after_ms: failure.retry_after_ms,
            },
        }
    }
}
