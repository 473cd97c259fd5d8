//! How a sandbox ends before its command has answered.

use super::trace::Trace;
use crate::error::{Code, Failure};

/// What a component did that it must not do. Each has its own name in logs and metrics; a client is told `unknown`, or
/// `deadline-exceeded` where it was time that ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    /// It trapped: an `unreachable`, a panic, an access out of bounds.
    #[error("the component trapped")]
    Trap,
    /// It recursed beyond its stack.
    #[error("the component overflowed its stack")]
    StackOverflow,
    /// It asked for more memory than `limits.memory_bytes`.
    #[error("the component asked for more memory than it may use")]
    Memory,
    /// It used more CPU than `limits.cpu_ms`.
    #[error("the component used more CPU time than it may use")]
    Cpu,
    /// The message took longer than `limits.wall_ms`.
    #[error("the message took longer than it may take")]
    WallClock,
    /// It called capabilities more often than `limits.host_calls`.
    #[error("the component called capabilities more often than it may")]
    HostCalls,
    /// It passed more bytes through capabilities than `limits.host_call_bytes`.
    #[error("the component passed more bytes through capabilities than it may")]
    HostCallBytes,
    /// It wrote more than `limits.write_bytes`.
    #[error("the component wrote more bytes than a message may write")]
    WriteBytes,
    /// A storage key that is empty or longer than 512 bytes.
    #[error("the component used a storage key that is empty or too long")]
    StorageKey,
    /// A stored value beyond 256 KiB.
    #[error("the component stored a value that is too large")]
    StorageValue,
    /// An argument of a capability beyond its documented bounds.
    #[error("the component gave a capability an argument beyond its bounds")]
    Argument,
    /// More mails, events or audit records than a message may make.
    #[error("the component made more mails, events or audit records than it may")]
    Effects,
    /// A signature by another key than the current one.
    #[error("the component asked for a signature by a key that is not current")]
    SigningKey,
    /// A bucket that nobody configured.
    #[error("the component took from a bucket that is not configured")]
    UnknownBucket,
    /// Calls nested deeper than `limits.depth`.
    #[error("calls between components nested too deep")]
    Depth,
    /// A call between components whose types do not fit.
    #[error("a call between components does not fit the contract")]
    Contract,
    /// A reply larger than an answer may be.
    #[error("the component's reply is too large")]
    Reply,
}

impl Fault {
    /// Every fault, for metrics that start at zero.
    pub const ALL: [Self; 17] = [
        Self::Trap,
        Self::StackOverflow,
        Self::Memory,
        Self::Cpu,
        Self::WallClock,
        Self::HostCalls,
        Self::HostCallBytes,
        Self::WriteBytes,
        Self::StorageKey,
        Self::StorageValue,
        Self::Argument,
        Self::Effects,
        Self::SigningKey,
        Self::UnknownBucket,
        Self::Depth,
        Self::Contract,
        Self::Reply,
    ];

    /// The name in logs and metrics.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::StackOverflow => "stack-overflow",
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::WallClock => "wall-clock",
            Self::HostCalls => "host-calls",
            Self::HostCallBytes => "host-call-bytes",
            Self::WriteBytes => "write-bytes",
            Self::StorageKey => "storage-key",
            Self::StorageValue => "storage-value",
            Self::Argument => "argument",
            Self::Effects => "effects",
            Self::SigningKey => "signing-key",
            Self::UnknownBucket => "unknown-bucket",
            Self::Depth => "depth",
            Self::Contract => "contract",
            Self::Reply => "reply",
        }
    }
}

/// Why a message ended without an answer of its component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ending {
    /// The component is to blame.
    #[error("{fault}")]
    Fault {
        /// What it did.
        fault: Fault,
        /// Which channel's component.
        channel: String,
        /// Where it was, if it was in a sandbox.
        trace: Option<Box<Trace>>,
    },
    /// The host could not serve it now.
    #[error("a capability is unavailable")]
    Unavailable {
        /// When to try again.
        retry_after_ms: u64,
        /// What was the matter.
        #[source]
        cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// What it read has changed: run it again.
    #[error("what was read has changed")]
    Conflict,
    /// The client's deadline passed.
    #[error("the deadline passed")]
    Deadline,
    /// It was refused before its command ran.
    #[error("{0}")]
    Refused(Failure),
}

impl Ending {
    /// A part of the host cannot serve now.
    pub(crate) fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable {
            retry_after_ms: 1_000,
            cause: Some(Box::new(cause)),
        }
    }

    /// What the client is told.
    pub(crate) fn into_failure(self) -> Failure {
        match self {
            Self::Refused(failure) => failure,
            Self::Deadline => Failure::new(
                Code::DeadlineExceeded,
                "the command was not done by the deadline",
            ),
            Self::Unavailable {
                retry_after_ms,
                cause,
            } => {
                let failure = Failure::unavailable(retry_after_ms);
                match cause {
                    Some(cause) => failure.because(cause),
                    None => failure,
                }
            }
            Self::Conflict => Failure::unavailable(100),
            Self::Fault {
                fault: fault @ (Fault::Cpu | Fault::WallClock),
                ..
            } => Failure::new(
                Code::DeadlineExceeded,
                "the command took longer than it may take",
            )
            .because(fault),
            Self::Fault { fault, .. } => Failure::unknown().because(fault),
        }
    }
}
