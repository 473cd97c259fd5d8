//! The embedded default: one SQLite file in WAL mode.
//!
//! * **Writing.** One thread owns the writing connection. It takes all batches that wait and commits them in one SQLite
//!   transaction, so that one fsync (`synchronous=FULL`) makes many commits durable. Each batch is answered on its own.
//! * **Reading.** A snapshot is a read transaction on a connection of its own, taken from a pool; WAL lets it read on
//!   while the writer commits.
//! * **One process.** The data folder is locked by its owner; a second process never writes to the file.

mod apply;
mod backup;
mod error;
mod reader;
mod schema;
mod statement;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

pub use self::backup::BackupError;
pub use self::error::OpenError;
pub(crate) use self::error::store_error;
use self::reader::{Pool, SqliteSnapshot};
pub(crate) use self::schema::{APPLICATION_ID, FORMAT};
use self::writer::{Writer, WriterOptions};
use super::{AttemptId, Batch, Commit, Snapshot, Store, StoreError, StoreStatus, Version};
use crate::clock::Timestamp;

/// How a [`SqliteStore`] is run. The defaults suit a small server.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// How many snapshots may be open at once, each on a connection of its own; more of them wait. At least 1. Connections are
    /// opened when they are first needed.
    pub readers: usize,
    /// The page cache of one reader, in KiB.
    pub reader_cache_kib: u32,
    /// How much of the file is read through the operating system's mapping instead of by system calls, in bytes; 0 for none. With a
    /// mapping, a disk that fails to read ends the process instead of one message.
    pub mmap_bytes: u64,
    /// How many batches wait for the writer before [`Store::commit`] itself waits; also how many it commits at once at most. At
    /// least 1.
    pub queue: usize,
    /// The most that the database may hold, in bytes, beyond which commits answer [`StoreError::Full`]; no limit but the disk, if
    /// none.
    pub max_bytes: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            // One for each message in flight by default, and some for the host's own: nobody waits for one who has one.
            readers: 80,
            reader_cache_kib: 256,
            mmap_bytes: 0,
            queue: 256,
            max_bytes: None,
        }
    }
}

/// The store in a file.
///
/// Dropping it waits until everything handed to the writer is committed and answered. Snapshots may outlive it.
pub struct SqliteStore {
    path: PathBuf,
    pool: Arc<Pool>,
    writer: Writer,
    counters: Arc<Counters>,
}

/// What the writer counts for [`StoreStatus`].
#[derive(Debug, Default)]
struct Counters {
    commits: AtomicU64,
    conflicts: AtomicU64,
    syncs: AtomicU64,
}

impl SqliteStore {
    /// Opens the database in the file `path`; makes it, readable by its owner only, if there is none.
    ///
    /// # Errors
    /// [`OpenError`]: the file cannot be opened, is something else, is damaged, or was written by a newer Vestibule.
    pub fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, OpenError> {
        let path = path.as_ref().to_owned();
        let opened = schema::open(&path, options.max_bytes)?;
        let counters = Arc::new(Counters::default());
        let writer = Writer::start(
            opened,
            WriterOptions {
                queue: options.queue.max(1),
            },
            Arc::clone(&counters),
        )
        .map_err(|cause| OpenError::Unopenable {
            path: path.clone(),
            source: Box::new(cause),
        })?;
        let pool = Arc::new(Pool::new(path.clone(), &options));
        Ok(Self {
            path,
            pool,
            writer,
            counters,
        })
    }

    /// The database's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(SqliteSnapshot::begin(&self.pool).await?))
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        self.writer.commit(batch).await
    }

    async fn find_attempt(&self, attempt: AttemptId) -> Result<Option<Version>, StoreError> {
        self.writer.find_attempt(attempt).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.writer.sweep(now, limit).await
    }

    fn status(&self) -> StoreStatus {
        StoreStatus {
            backend: "sqlite",
            commits: self.counters.commits.load(Ordering::Relaxed),
            conflicts: self.counters.conflicts.load(Ordering::Relaxed),
            syncs: self.counters.syncs.load(Ordering::Relaxed),
            readers: self.pool.in_use(),
        }
    }
}
