//! Where everything is kept: the [`Store`] trait and its contract.
//!
//! A store holds entries under (namespace, key). It gives consistent [`Snapshot`]s to read from and takes [`Batch`]es:
//! read checks and writes that are applied together or not at all. Concurrency is optimistic; whoever reads says at
//! commit what was read, and the store answers [`Commit::Conflict`] if that no longer holds.
//!
//! What every backend promises (and `tests` show, one suite over all of them):
//!
//! * **Snapshots.** All reads of a snapshot see the same commits, all of them whole.
//! * **Serialisable.** A batch whose checks hold is applied as if nothing else happened between its reads and its writes; ranges
//!   included, so there are no phantoms.
//! * **Durable.** `Committed` is answered when the batch would survive the loss of power.
//! * **Versions** are commit numbers: they only grow and are never reused, also not after a delete.
//! * **Expiry.** An entry whose `expires_at` is not after the reader's moment is absent, for reads and for checks. Sweeping it later changes no answer.
//! * **Attempts.** A batch carries an attempt id; for at least an hour after its commit it can be asked for by that id, so that a
//!   commit whose answer was lost is not made twice.

pub mod memory;
mod range;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod sweeper;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::Timestamp;

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 512;

/// The largest value that a component may store, in bytes. The host's own entries may be larger, up to [`MAX_ENTRY_BYTES`].
pub const MAX_VALUE_BYTES: usize = 256 * 1024;

/// The largest value of all, in bytes: a component build must fit.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024 * 1024;

/// The latest moment a record can expire at; a later one is kept as this one (some 292 million years from now).
pub const MAX_TIMESTAMP: Timestamp = i64::MAX as u64;

/// For how long an attempt can be asked for after its commit, in milliseconds.
pub const ATTEMPT_LIFETIME_MS: u64 = 60 * 60 * 1000;

/// Whose entries: a component's (tenant and channel), or the host's own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace(Arc<str>);

impl Namespace {
    /// The namespace of `channel` for `tenant`.
    #[must_use]
    pub fn channel(tenant: &str, channel: &str) -> Self {
        Self(format!("c/{tenant}/{channel}").into())
    }

    /// A namespace of the host's own (`key-ring`, `outbox`), which no component can name.
    #[must_use]
    pub fn reserved(name: &str) -> Self {
        Self(format!("h/{name}").into())
    }

    /// The stored form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whose entries these are.
    #[must_use]
    pub fn owner(&self) -> Owner<'_> {
        let channel = self
            .0
            .strip_prefix("c/")
            .and_then(|rest| rest.split_once('/'));
        match channel {
            Some((_, channel)) => Owner::Channel(channel),
            None => Owner::Host(self.0.strip_prefix("h/").unwrap_or(&self.0)),
        }
    }
}

/// Who keeps the entries of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner<'a> {
    /// The component that serves this channel.
    Channel(&'a str),
    /// The host itself, under this name.
    Host(&'a str),
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number of the commit that wrote an entry.
pub type Version = u64;

/// A stored value and what is known of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The bytes, sealed by the host if `sealed` says so.
    pub value: Vec<u8>,
    /// The schema number the writing build declared; 0 for the host's own entries.
    pub schema: u32,
    /// Whose data it is.
    pub subject: Option<String>,
    /// The id of the seal key, if the value is sealed.
    pub sealed: Option<String>,
    /// From then on it is absent.
    pub expires_at: Option<Timestamp>,
}

impl Record {
    /// A plain record of the host's own, without expiry.
    #[must_use]
    pub fn plain(value: Vec<u8>) -> Self {
        Self {
            value,
            schema: 0,
            subject: None,
            sealed: None,
            expires_at: None,
        }
    }

    /// Whether it is still there at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

impl fmt::Debug for Record {
    /// Leaves the value out: it may be somebody's secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("bytes", &self.value.len())
            .field("schema", &self.schema)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// An entry as a snapshot gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key within the namespace.
    pub key: String,
    /// Which commit wrote it.
    pub version: Version,
    /// What was written.
    pub record: Record,
}

/// A range of keys to scan: those that start with `prefix` and are greater than `after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Whose entries.
    pub namespace: Namespace,
    /// What the keys start with; may be empty.
    pub prefix: String,
    /// Exclusive lower bound, if any.
    pub after: Option<String>,
}

/// A consistent view of the store. Dropping it ends it.
///
/// It is best dropped before a commit is waited for: an open one keeps a reader busy and old states from being cleared away. Who
/// holds one must not wait for another, because there may be no more readers left.
#[async_trait]
pub trait Snapshot: Send {
    /// The entry under `key`, live at `now`.
    async fn get(
        &mut self,
        namespace: &Namespace,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Entry>, StoreError>;

    /// The first entries of `range` that are live at `now`, ascending by key bytes: at most `limit`, and no more once their values
    /// reach `max_bytes` (but at least one, if there is one). Fewer than `limit` entries *and* less than `max_bytes` means that
    /// the range is exhausted.
    async fn scan(
        &mut self,
        range: &Range,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError>;

    /// The last entries of `range` whose keys are less than `before`, live at `now`, descending by key bytes; how many
    /// is bounded as for [`Snapshot::scan`].
    async fn scan_back(
        &mut self,
        range: &Range,
        before: Option<&str>,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Entries of any namespace whose record names `subject`, live at `now`, ascending by (namespace, key), strictly
    /// after `after`, at most `limit`.
    async fn scan_subject(
        &mut self,
        subject: &str,
        after: Option<(Namespace, String)>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(Namespace, Entry)>, StoreError>;
}

/// What a reader saw and relies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// `key` held `version`, or was absent.
    Key {
        /// Whose.
        namespace: Namespace,
        /// Which.
        key: String,
        /// The version seen; none for absent.
        version: Option<Version>,
    },
    /// The part of `range` up to and including `through` (to its end, if none) held exactly these live entries.
    Range {
        /// What was scanned.
        range: Range,
        /// The last key covered; none if the scan reached the end of the range.
        through: Option<String>,
        /// Keys and versions, ascending.
        seen: Vec<(String, Version)>,
    },
    /// The live entries whose records name `subject`, in all namespaces, were exactly these.
    Subject {
        /// Whose data.
        subject: String,
        /// Places and versions, ascending by (namespace, key).
        seen: Vec<(Namespace, String, Version)>,
    },
}

/// One change of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Put `record` under `key`, whatever was there.
    Put {
        /// Whose.
        namespace: Namespace,
        /// Which.
        key: String,
        /// What.
        record: Record,
    },
    /// Remove `key`, if it is there.
    Delete {
        /// Whose.
        namespace: Namespace,
        /// Which.
        key: String,
    },
}

/// The name of one try to commit: random, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptId(pub [u8; 16]);

/// Checks and writes that belong together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Names this try.
    pub attempt: AttemptId,
    /// The moment at which expiry is judged for the checks.
    pub now: Timestamp,
    /// What must still hold.
    pub checks: Vec<Check>,
    /// What to do then, in this order.
    pub writes: Vec<Write>,
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// Applied and durable, as this version.
    Committed(Version),
    /// A check did not hold; nothing was applied.
    Conflict,
    /// The answer was lost. Ask [`Store::find_attempt`] before doing anything else.
    Unknown,
}

/// A transactional store of entries. See the module's documentation for what a backend promises.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// A consistent view of everything committed before this call.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the backend cannot be reached or has no room for another reader.
    async fn begin(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// Applies `batch` if its checks hold.
    ///
    /// Dropping the returned future does not undo the commit: it is applied or not, whole. A batch without writes takes no version
    /// and leaves no attempt: it is answered with the last version that its checks were held against.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when nothing was applied and it may be tried again; [`StoreError::Full`]; [`StoreError::Corrupt`].
    async fn commit(&self, batch: Batch) -> Result<Commit, StoreError>;

    /// The version that `attempt` was committed as, or none if it was not (and then never will be).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], as for [`Store::begin`].
    async fn find_attempt(&self, attempt: AttemptId) -> Result<Option<Version>, StoreError>;

    /// Removes at most `limit` entries that expired before `now`, and attempts committed more than an hour before it. Returns how many
    /// entries went. Nobody can tell but by the space.
    ///
    /// # Errors
    /// As for [`Store::commit`].
    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError>;

    /// What this backend is and how it does, for metrics and `doctor`.
    fn status(&self) -> StoreStatus;
}

/// A backend's state in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreStatus {
    /// `memory`, `sqlite`.
    pub backend: &'static str,
    /// Commits applied since the start.
    pub commits: u64,
    /// Commits refused because a check did not hold.
    pub conflicts: u64,
    /// Durable writes (one may carry many commits).
    pub syncs: u64,
    /// Readers open now.
    pub readers: u64,
}

/// Why a store could not do what it was asked. No variant carries a key or a value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing was changed; it may work later.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no room left. Nothing was changed.
    #[error("the store's disk is full")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read.
    #[error("the store is corrupt")]
    Corrupt(#[source] Box<dyn std::error::Error + Send + Sync>),
}
