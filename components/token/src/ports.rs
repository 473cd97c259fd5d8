//! What the service needs of the world around it.
//!
//! The traits mirror the capabilities of the world `token`, cut down to what is used here, and keep their promises: no
//! function fails, since what cannot be mended ends the message outside. Moments are Unix milliseconds.

/// Everything the service needs, in one bound.
pub trait Ports: Storage + Macs + Effects + Caller + Config + Environment {
    /// The installation's signing keys.
    type Signing: Signing;
}

/// The channel's own data, in the message's transaction.
pub trait Storage {
    /// The values under `keys`, in their order; at most 1 000 keys. An expired entry is absent.
    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>>;

    /// Keys that start with `prefix`, ascending, strictly after `after`. An empty list means that there is no more.
    fn scan(&self, prefix: &str, after: Option<&str>) -> Vec<String>;

    /// Stores `value` until `expires_at`, as data of `subject`.
    fn put(&self, key: &str, value: &[u8], expires_at: u64, subject: &str);

    /// Removes the entry, if there is one.
    fn delete(&self, key: &str);
}

/// Signatures by keys that are never seen here.
///
/// A type and not a value: `jsonwebtoken` asks for its signer through bare function pointers, which carry nothing along. A
/// process uses one implementation.
pub trait Signing: 'static {
    /// The key that signs now.
    fn current() -> SigningKey;

    /// The accepted key of this name (at most 64 bytes), if there is one.
    fn find(key_id: &str) -> Option<SigningKey>;

    /// The current key's signature of `message`.
    fn sign(key_id: &str, message: &[u8]) -> Vec<u8>;

    /// Whether `signature` is the key's over `message`.
    fn verify(key_id: &str, message: &[u8], signature: &[u8]) -> bool;
}

/// A signing key, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The JWK `kid`.
    pub id: String,
    /// What it signs with.
    pub algorithm: Algorithm,
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519; JWS `EdDSA` (RFC 8037 §3.1).
    EdDsa,
    /// ECDSA with P-256 and SHA-256; JWS `ES256` (RFC 7518 §3.4).
    Es256,
}

/// Keyed hashes with keys that are never seen here.
pub trait Macs {
    /// 32 bytes: the tag of `data` under the current key for `purpose`.
    fn mac(&self, purpose: &str, data: &[u8]) -> Vec<u8>;

    /// The tags of `data` under every accepted key, the current first.
    fn candidates(&self, purpose: &str, data: &[u8]) -> Vec<Vec<u8>>;
}

/// What a message leaves behind beside its data.
pub trait Effects {
    /// Commits the writes, events and audit records so far, whatever the answer will be.
    fn keep(&self);

    /// Publishes an event with the transaction; `about` is the subject whose data it is.
    fn publish(&self, name: &str, payload: &str, about: Option<&str>);

    /// Writes an audit record, whatever the answer will be.
    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    );
}

/// How an audited decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Granted, done.
    Success,
    /// Refused.
    Denied,
    /// It could not be decided.
    Failure,
}

/// Who asks.
pub trait Caller {
    /// The message as it stands now.
    fn message(&self) -> Message;

    /// Makes `principal` the one this message acts for, and says whether it is: false if another subject is known already.
    /// The principal's moment must not be in the future, and none of its lists longer than [`MAX_LIST`].
    fn establish(&self, principal: &Principal) -> bool;
}

/// The most roles, scopes or methods that a principal has.
pub const MAX_LIST: usize = 64;

/// What the service needs to know of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// By which door it came in.
    pub plane: Plane,
    /// The channel that called; none: the message came from outside.
    pub via: Option<String>,
    /// The id of the service key that was presented.
    pub service_key: Option<String>,
    /// The identity that is established in this message.
    pub principal: Option<Principal>,
}

/// A door for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// A service with a service key.
    Service,
    /// A person or a program with a credential of its own.
    User,
    /// Anybody.
    Public,
}

/// An identity, and how it was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose.
    pub subject: String,
    /// Roles at the time of proof.
    pub roles: Vec<String>,
    /// What the credential is limited to; none: not limited.
    pub scopes: Option<Vec<String>>,
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

    /// 128 bits from a cryptographically secure generator.
    fn random(&self) -> [u8; 16];
}
