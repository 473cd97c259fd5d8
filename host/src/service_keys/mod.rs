//! Service keys: what a service presents to send commands, `Authorization: Bearer vsk_…`.
//!
//! A key names the commands it may send. Only its hash is stored, and the entry's own key is that hash: checking one is one
//! read, and a stolen store gives nothing to present. The hash is a plain SHA-256, for what it hides is 178 random bits.

mod operator;
mod scope;
mod token;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

pub use operator::{OperatorKey, OperatorKeyError};
pub use scope::{Scope, ScopeError};
pub use token::ServiceToken;

use crate::clock::{Clock, Timestamp};
use crate::keyring::{CryptoError, random_id};
use crate::store::{
    AttemptId, Batch, Check, Commit, Entry, Namespace, Range, Record, Store, StoreError, Version,
    Write,
};

/// The longest name, in characters.
const MAX_NAME_CHARS: usize = 100;

/// The most scopes of one key.
const MAX_SCOPES: usize = 64;

/// How far ahead a key may expire, in milliseconds. One that never does says so.
const MAX_LIFETIME_MS: u64 = 100 * 366 * 24 * 60 * 60 * 1000;

/// How many entries are read at once.
const PAGE: usize = 256;

/// How many bytes of entries are read at once.
const PAGE_BYTES: usize = 1024 * 1024;

/// How often a change is tried against other hosts' changes.
const ATTEMPTS: u32 = 8;

/// The service keys of a store.
#[derive(Clone)]
pub struct ServiceKeys {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

/// What is known of a service key. The key itself is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Its name in logs and for `revoke`: 11 letters and digits.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whether it may name the user it acts for.
    pub act_as: bool,
    /// When it was made, in milliseconds since 1970.
    pub created_at: Timestamp,
    /// From when on it is worth nothing.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Whether the host made it for its operator.
    pub operator: bool,
}

/// A service key that is to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewServiceKey {
    /// What the operator calls it: 1 to 100 printable characters. Two keys may have the same name.
    pub name: String,
    /// What it may do, as [`Scope`] reads it: at least one, at most 64.
    pub scopes: Vec<String>,
    /// Whether it may name the user it acts for.
    pub act_as: bool,
    /// From when on it is worth nothing, in milliseconds since 1970.
    pub expires_at: Option<Timestamp>,
}

/// Why a service key was not made, found or revoked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceKeyError {
    /// The name is empty, too long or not printable.
    #[error("a service key's name must be 1 to {MAX_NAME_CHARS} printable characters")]
    Name,
    /// There are none, or too many.
    #[error(
        "a service key needs 1 to {MAX_SCOPES} scopes, such as `token/verify-token`, `token/*`, `*` or `admin`"
    )]
    Scopes,
    /// One of them is not a scope.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// It would be worth nothing from the start, or something for longer than anybody plans.
    #[error("a service key must expire in the future, at most a hundred years ahead")]
    Expired,
    /// There is no key of that id.
    #[error("there is no service key of that id; `key list` shows them all")]
    NotFound,
    /// Other hosts changed the same key at the same moment, again and again.
    #[error("the service keys are being changed by others; try again")]
    Busy,
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The store did not do its part.
    #[error("the store of the service keys failed")]
    Store(#[from] StoreError),
    /// An entry cannot be read.
    #[error("an entry of the service keys cannot be read")]
    Corrupt,
}

impl ServiceKey {
    /// Whether it may send `command` to `channel`.
    #[must_use]
    pub fn allows(&self, channel: &str, command: &str) -> bool {
        self.scopes
            .iter()
            .any(|scope| scope.covers(channel, command))
    }

    /// Whether it may use the administration interface. No command scope, `*` included, gives that.
    #[must_use]
    pub fn may_administer(&self) -> bool {
        self.scopes.contains(&Scope::Admin)
    }

    /// Whether it may name the user it acts for.
    #[must_use]
    pub fn may_act_as(&self) -> bool {
        self.act_as
    }

    /// Whether it is worth anything at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| at > now)
    }
}

impl ServiceKeys {
    /// The service keys in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Makes a key. The token is what its bearer presents; nobody can tell it again.
    ///
    /// # Errors
    /// [`ServiceKeyError`]; `Name`, `Scopes`, `Scope` and `Expired` for what is wrong with `wanted`.
    pub async fn create(
        &self,
        wanted: NewServiceKey,
    ) -> Result<(ServiceKey, ServiceToken), ServiceKeyError> {
        let now = self.clock.now();
        let key = checked(wanted, now)?;
        let token = ServiceToken::generate()?;
        // The hash of a fresh token is not there yet; should it be, somebody's key is not overwritten.
        let written = self
            .commit(now, vec![(hash(&token), None, key.clone())])
            .await?;
        if written {
            Ok((key, token))
        } else {
            Err(ServiceKeyError::Busy)
        }
    }

    /// All keys, the oldest first, also those that expired or were revoked.
    ///
    /// # Errors
    /// `Store` or `Corrupt`.
    pub async fn list(&self) -> Result<Vec<ServiceKey>, ServiceKeyError> {
        let mut keys: Vec<_> = self
            .stored()
            .await?
            .into_iter()
            .map(|held| held.2)
            .collect();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys)
    }

    /// Makes the key of `id` worth nothing, from the next message on. Once more is no error and changes nothing.
    ///
    /// # Errors
    /// `NotFound`, `Busy`, `Store` or `Corrupt`.
    pub async fn revoke(&self, id: &str) -> Result<ServiceKey, ServiceKeyError> {
        for _ in 0..ATTEMPTS {
            let stored = self.stored().await?;
            let (at, version, mut key) = stored
                .into_iter()
                .find(|(_, _, key)| key.id == id)
                .ok_or(ServiceKeyError::NotFound)?;
            if key.revoked_at.is_some() {
                return Ok(key);
            }
            let now = self.clock.now();
            key.revoked_at = Some(now);
            if self
                .commit(now, vec![(at, Some(version), key.clone())])
                .await?
            {
                return Ok(key);
            }
        }
        Err(ServiceKeyError::Busy)
    }

    /// The key that `token` is, if it is worth anything now. What does not look like one is refused without a look at the store.
    ///
    /// # Errors
    /// `Store` or `Corrupt`.
    pub async fn find(&self, token: &str) -> Result<Option<ServiceKey>, ServiceKeyError> {
        let Some(token) = ServiceToken::parse(token) else {
            return Ok(None);
        };
        let now = self.clock.now();
        let mut snapshot = self.store.begin().await?;
        let Some(entry) = snapshot.get(&namespace(), &hash(&token), now).await? else {
            return Ok(None);
        };
        let key = decode(&entry)?;
        Ok(key.is_live(now).then_some(key))
    }

    /// All entries: key, version and content.
    async fn stored(&self) -> Result<Vec<(String, Version, ServiceKey)>, ServiceKeyError> {
        let now = self.clock.now();
        let mut snapshot = self.store.begin().await?;
        let mut range = Range {
            namespace: namespace(),
            prefix: String::new(),
            after: None,
        };
        let mut stored = Vec::new();
        loop {
            let entries = snapshot.scan(&range, PAGE, PAGE_BYTES, now).await?;
            let Some(last) = entries.last() else {
                return Ok(stored);
            };
            range.after = Some(last.key.clone());
            for entry in entries {
                let key = decode(&entry)?;
                stored.push((entry.key, entry.version, key));
            }
        }
    }

    /// Writes all of `changes` (key, version seen, content) or, if one of them was changed meanwhile, nothing: then false.
    async fn commit(
        &self,
        now: Timestamp,
        changes: Vec<(String, Option<Version>, ServiceKey)>,
    ) -> Result<bool, ServiceKeyError> {
        let mut attempt = AttemptId([0; 16]);
        aws_lc_rs::rand::fill(&mut attempt.0).map_err(CryptoError::from)?;
        let mut batch = Batch {
            attempt,
            now,
            checks: Vec::with_capacity(changes.len()),
            writes: Vec::with_capacity(changes.len()),
        };
        for (key, version, content) in changes {
            let value = serde_json::to_vec(&content).map_err(|_| ServiceKeyError::Corrupt)?;
            batch.checks.push(Check::Key {
                namespace: namespace(),
                key: key.clone(),
                version,
            });
            batch.writes.push(Write::Put {
                namespace: namespace(),
                key,
                record: Record::plain(value),
            });
        }
        match self.store.commit(batch).await? {
            Commit::Committed(_) => Ok(true),
            Commit::Conflict => Ok(false),
            Commit::Unknown => Ok(self.store.find_attempt(attempt).await?.is_some()),
        }
    }
}

impl fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKeys").finish_non_exhaustive()
    }
}

fn namespace() -> Namespace {
    Namespace::reserved("service-keys")
}

/// The key of a token's entry.
fn hash(token: &ServiceToken) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.expose().as_bytes()))
}

fn decode(entry: &Entry) -> Result<ServiceKey, ServiceKeyError> {
    serde_json::from_slice(&entry.record.value).map_err(|_| ServiceKeyError::Corrupt)
}

/// The key that `wanted` asks for, if it may be asked for.
fn checked(wanted: NewServiceKey, now: Timestamp) -> Result<ServiceKey, ServiceKeyError> {
    let length = wanted.name.chars().take(MAX_NAME_CHARS + 1).count();
    let is_blank = wanted.name.trim().is_empty();
    if is_blank || length > MAX_NAME_CHARS || wanted.name.chars().any(char::is_control) {
        return Err(ServiceKeyError::Name);
    }
    if wanted.scopes.is_empty() || wanted.scopes.len() > MAX_SCOPES {
        return Err(ServiceKeyError::Scopes);
    }
    if wanted
        .expires_at
        .is_some_and(|at| at <= now || at - now > MAX_LIFETIME_MS)
    {
        return Err(ServiceKeyError::Expired);
    }
    let mut scopes: Vec<Scope> = Vec::with_capacity(wanted.scopes.len());
    for text in &wanted.scopes {
        let scope = text.parse()?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(ServiceKey {
        id: random_id()?,
        name: wanted.name,
        scopes,
        act_as: wanted.act_as,
        created_at: now,
        expires_at: wanted.expires_at,
        revoked_at: None,
        operator: false,
    })
}

#[cfg(test)]
mod tests;
