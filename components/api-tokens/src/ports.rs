//! What the service needs of the world around it.
//!
//! The traits mirror the capabilities of the world `api-tokens`, cut down to what is used here, and keep their promises:
//! no function fails, since what cannot be mended ends the message outside. Moments are Unix milliseconds.

/// Everything the service needs, in one bound.
pub trait Ports: Storage + Macs + Accounts + Effects + Caller + Config + Environment {}

/// The channel's own data, in the message's transaction.
pub trait Storage {
    /// The value under `key`. An expired entry is absent.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// The values under `keys`, in their order; at most 1 000 keys.
    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>>;

    /// Entries whose key starts with `prefix`, ascending, strictly after `after`: at most `limit`, perhaps fewer. An
    /// empty list means that there is no more.
    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Vec<(String, Vec<u8>)>;

    /// Stores `value` until `expires_at`, as data of `subject`.
    fn put(&self, key: &str, value: &[u8], expires_at: u64, subject: &str);

    /// Removes the entry, if there is one.
    fn delete(&self, key: &str);
}

/// Keyed hashes with keys that are never seen here.
pub trait Macs {
    /// 32 bytes: the tag of `data` under the current key for `purpose`.
    fn mac(&self, purpose: &str, data: &[u8]) -> Vec<u8>;

    /// The tags of `data` under every accepted key, the current first.
    fn candidates(&self, purpose: &str, data: &[u8]) -> Vec<Vec<u8>>;
}

/// The authorization channel, in a nested call.
pub trait Accounts {
    /// The account of this id, if there is one. Off the plane of services it has to be the message's principal's.
    ///
    /// # Errors
    /// That it was not answered.
    fn account(&self, id: &str) -> Result<Option<Account>, Unanswered>;
}

/// What is asked of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Roles now.
    pub roles: Vec<String>,
    /// Whether its address was proved.
    pub is_verified: bool,
    /// Whether it is switched off.
    pub is_disabled: bool,
    /// Since when its credentials count: a token that was made under another moment is worth nothing.
    pub credentials_since: u64,
}

/// Why another channel did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Asked too often; milliseconds until it is worth trying again.
    #[error("it was asked too often")]
    TooManyRequests(u64),
    /// It refused or did not know; this is the name of its error.
    #[error("it answered {0}")]
    Refused(&'static str),
}

/// What a message leaves behind beside its data.
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

    /// Takes one from the token bucket `bucket` for `key`. None: there was one; else milliseconds until there will be.
    fn take(&self, bucket: &str, key: &str) -> Option<u64>;
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

    /// Makes `principal` the one this message acts for, and says whether it is: false if another subject is known
    /// already. It is forgotten again if the command answers an error.
    fn establish(&self, principal: &Principal) -> bool;
}

/// What the service needs to know of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whether it came in by the door for services.
    pub is_service: bool,
    /// The identity that is established in this message.
    pub principal: Option<Principal>,
}

/// An identity, and how it was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose: an account's id.
    pub subject: String,
    /// Roles at the time of proof.
    pub roles: Vec<String>,
    /// What the credential is limited to; none: not limited.
    pub scopes: Option<Vec<String>>,
    /// How it was proved.
    pub methods: Vec<String>,
    /// When it was proved first.
    pub authenticated_at: u64,
}

/// What the operator configured.
pub trait Config {
    /// The value of `name`; a duration is decimal milliseconds.
    fn setting(&self, name: &str) -> Option<String>;
}

/// Time and chance.
pub trait Environment {
    /// This message's moment.
    fn now(&self) -> u64;

    /// 512 bits from a cryptographically secure generator.
    fn random(&self) -> [u8; 64];
}
