//! What the service needs of the world around it.
//!
//! The traits mirror the capabilities of the world `email`, cut down to what is used here, and keep their promises: no
//! function fails, since what cannot be mended ends the message outside. Moments are Unix milliseconds.

use std::fmt;

/// Everything the service needs, in one bound.
pub trait Ports: Mails + Limits + Config + Effects + Caller {}

/// The queue of mails, in the message's transaction.
pub trait Mails {
    /// Enqueues a mail.
    fn send(&self, mail: Mail);

    /// Withdraws what is queued for the address `to` under `name`.
    fn withdraw(&self, to: &str, name: &str);
}

/// A mail to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address, at most 254 bytes.
    pub to: String,
    /// One line, at most 998 bytes.
    pub subject: String,
    /// The text part, at most 128 KiB.
    pub text: String,
    /// The HTML part, at most 128 KiB.
    pub html: String,
    /// Not delivered later than this.
    pub expires_at: u64,
    /// Of the mails of this name to an address only the newest stays queued.
    pub supersedes: &'static str,
    /// Whose data it is.
    pub about: Option<String>,
}

impl fmt::Debug for Mail {
    /// The parts may have a token in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("supersedes", &self.supersedes)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Token buckets that the operator configures by name.
pub trait Limits {
    /// Takes one from `bucket` for `key`. None: there was one; else milliseconds until there will be.
    fn take(&self, bucket: &str, key: &str) -> Option<u64>;
}

/// What the operator configured.
pub trait Config {
    /// The value of `name`.
    fn get(&self, name: &str) -> Option<String>;
}

/// What a message leaves behind beside its mails.
pub trait Effects {
    /// Writes an audit record, whatever the answer will be.
    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    );

    /// Tells the operator of something that is wrong and that only they can mend.
    fn complain(&self, line: &str);
}

/// How an audited decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Granted, done.
    Success,
    /// Refused.
    Denied,
    /// It could not be done.
    Failure,
}

/// Who asks, and when.
pub trait Caller {
    /// The message as it stands now.
    fn message(&self) -> Message;

    /// This message's moment.
    fn now(&self) -> u64;
}

/// What the service needs to know of its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Whether it came in by the door for services.
    pub is_service: bool,
    /// Whether another channel's component called, to whom the command was granted.
    pub is_nested: bool,
}
