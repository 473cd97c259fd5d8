//! What the service needs of the world around it. No function fails: what cannot be mended ends the message outside.

/// Everything the service needs, in one bound.
pub trait Ports: Storage + Config + Caller {}

/// The channel's own entries, in the message's transaction.
pub trait Storage {
    /// The value under `key`.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Stores `value` under `key`, as data of `subject`.
    fn put(&self, key: &str, value: &[u8], subject: &str);
}

/// What the operator configured.
pub trait Config {
    /// The value of `name`.
    fn get(&self, name: &str) -> Option<String>;
}

/// Who asks.
pub trait Caller {
    /// Whom the message acts for, if it acts for somebody.
    fn subject(&self) -> Option<String>;
}
