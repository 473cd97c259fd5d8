//! What the service needs of its host.
//!
//! The traits mirror the capabilities of the world `authorization`, cut down to what is used here, and keep their promises:
//! no function fails, since what cannot be mended ends the message outside. Moments are Unix milliseconds.

use crate::channels::Channels;
use crate::secret::Secret;

/// Everything the service needs, in one bound.
pub trait Ports:
    Storage + Macs + Passwords + Effects + Limits + Caller + Config + Environment + Channels
{
}

/// The channel's own data, in the message's transaction.
pub trait Storage {
    /// The values under `keys`, in their order; at most 1 000 keys. An expired entry is absent.
    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>>;

    /// Keys that start with `prefix`, ascending, strictly after `after`. An empty list means that there is no more.
    fn scan(&self, prefix: &str, after: Option<&str>) -> Vec<String>;

    /// Stores `value` until `expires_at`, none: until it is deleted; as data of `subject`, none: nobody's.
    fn put(&self, key: &str, value: &[u8], expires_at: Option<u64>, subject: Option<&str>);

    /// Removes the entry, if there is one.
    fn delete(&self, key: &str);

    /// The value under `key`, if there is one.
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.get_many(&[key.to_owned()]).pop().flatten()
    }
}

/// Keyed hashes with keys that are never seen here.
pub trait Macs {
    /// 32 bytes: the tag of `data` under the current key for `purpose`.
    fn mac(&self, purpose: &str, data: &[u8]) -> Vec<u8>;

    /// The tags of `data` under every accepted key, the current first.
    fn candidates(&self, purpose: &str, data: &[u8]) -> Vec<Vec<u8>>;
}

/// Password hashing, done elsewhere. Passwords are at most 4 KiB.
pub trait Passwords {
    /// A new hash.
    fn hash(&self, password: &str) -> Secret;

    /// Whether `hash` is one of `password`.
    fn verify(&self, password: &str, hash: &Secret) -> Verdict;

    /// The same work as a [`verify`](Self::verify) that ends in a mismatch.
    fn decoy(&self, password: &str);

    /// Whether `hash`, from another system, could be verified here: its form is known and its cost within the caps.
    fn accepts(&self, hash: &str) -> bool;
}

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not this password.
    Mismatch,
    /// The password.
    Match,
    /// The password, and it should be hashed anew.
    MatchNeedsRehash,
}

/// What a message leaves behind beside its data.
pub trait Effects {
    /// Commits the writes, events and audit records so far, whatever the answer will be.
    fn keep(&self);

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

/// Token buckets, outside the transaction. Keys are at most 512 bytes.
pub trait Limits {
    /// Takes one from `bucket` for `key`. Some: there was none, and there will be one in so many milliseconds.
    fn take(&self, bucket: &str, key: &str) -> Option<u64>;

    /// Fills `bucket` for `key` again.
    fn reset(&self, bucket: &str, key: &str);
}

/// Who asks.
pub trait Caller {
    /// The message as it stands now.
    fn message(&self) -> Message;

    /// Makes `principal` the one this message acts for, and says whether it is: false if another subject is known already.
    fn establish(&self, principal: &Principal) -> bool;
}

/// What the service needs to know of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whether it came in by the door for services.
    pub is_service: bool,
    /// Whether another channel's component called, to whom the command was granted.
    pub is_nested: bool,
    /// Whether the operator's key was presented.
    pub is_operator: bool,
    /// The client's address; none: unknown, or not from a network.
    pub remote_address: Option<String>,
    /// The identity that is known in this message.
    pub principal: Option<Principal>,
}

/// An identity, and how it was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose: an account's id.
    pub subject: String,
    /// Roles at the time of proof.
    pub roles: Vec<String>,
    /// The session the credential belongs to, if any.
    pub session: Option<String>,
    /// How it was proved (RFC 8176); `acting` if a service only says so.
    pub methods: Vec<String>,
    /// When it was proved first.
    pub authenticated_at: u64,
}

/// What the operator configured.
pub trait Config {
    /// The value of `name`; a duration is decimal milliseconds.
    fn get(&self, name: &str) -> Option<String>;
}

/// Time and chance.
pub trait Environment {
    /// This message's moment.
    fn now(&self) -> u64;

    /// Bytes from a cryptographically secure generator.
    fn random<const N: usize>(&self) -> [u8; N];
}
