//! What the service needs of the world around it.
//!
//! The traits mirror the capabilities of the world `users`, cut down to what is used here, and keep their promises: no
//! function fails, since what cannot be mended ends the message outside. Moments are Unix milliseconds.

/// Everything the service needs, in one bound.
pub trait Ports: Storage + Effects + Caller + Environment {}

/// The channel's own data, in the message's transaction.
pub trait Storage {
    /// The value under `key`, if there is one.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Stores `value` as data of `subject`.
    fn put(&self, key: &str, value: &[u8], subject: &str);

    /// Removes the entry, if there is one.
    fn delete(&self, key: &str);
}

/// What a message leaves behind beside its data.
pub trait Effects {
    /// Publishes an event with the transaction; `about` is the subject whose data it is.
    fn publish(&self, name: &str, payload: &str, about: &str);

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
}

/// Who asks.
pub trait Caller {
    /// The message as it stands now.
    fn message(&self) -> Message;
}

/// What the service needs to know of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whether it came in by the door for services.
    pub is_service: bool,
    /// Whether another channel's component called, to whom the command was granted.
    pub is_nested: bool,
    /// The identity that is established in this message.
    pub principal: Option<Principal>,
}

/// An identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose: an account's id.
    pub subject: String,
    /// Roles.
    pub roles: Vec<String>,
    /// What the credential is limited to; none: not limited.
    pub scopes: Option<Vec<String>>,
}

/// Time and chance.
pub trait Environment {
    /// This message's moment.
    fn now(&self) -> u64;

    /// 80 bits from a cryptographically secure generator: what is random in a UUIDv7.
    fn random(&self) -> [u8; 10];
}
