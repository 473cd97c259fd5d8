//! Snapshots: read transactions on connections from a pool.
//!
//! Reads run on the calling thread, though it is an async one. A read is a walk through a handful of pages that are nearly always in
//! memory: some ten microseconds, less than handing it to another thread and waking up again would take. When the disk must be
//! asked, the thread waits as it would at a page fault. What would make a read long is bounded by the caller
//! (`limit`, `max_bytes`, the size of an entry).

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::{Connection, params};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::statement::{Walk, entry, get, scan, text, to_db};
use super::{SqliteOptions, schema, store_error};
use crate::clock::Timestamp;
use crate::store::{Entry, Namespace, Range, Snapshot, StoreError};

/// Reading connections, opened when they are first needed and kept.
pub(super) struct Pool {
    path: PathBuf,
    cache_kib: u32,
    mmap_bytes: u64,
    permits: Arc<Semaphore>,
    in_use: AtomicU64,
    /// The last one returned is taken first: its caches are the warmest, and the others stay small.
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    pub(super) fn new(path: PathBuf, options: &SqliteOptions) -> Self {
        Self {
            path,
            cache_kib: options.reader_cache_kib,
            mmap_bytes: options.mmap_bytes,
            permits: Arc::new(Semaphore::new(
                options.readers.clamp(1, Semaphore::MAX_PERMITS),
            )),
            in_use: AtomicU64::new(0),
            idle: Mutex::default(),
        }
    }

    /// How many snapshots are open.
    pub(super) fn in_use(&self) -> u64 {
        self.in_use.load(Ordering::Relaxed)
    }

    fn take(&self) -> rusqlite::Result<Connection> {
        match self.idle().pop() {
            Some(connection) => Ok(connection),
            None => self.open(),
        }
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let connection = schema::connect(&self.path)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -i64::from(self.cache_kib.max(1)))?;
        if self.mmap_bytes > 0 {
            let bytes = to_db(self.mmap_bytes);
            connection.pragma_update_and_check(None, "mmap_size", bytes, |_| Ok(()))?;
        }
        Ok(connection)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // A list of connections cannot be half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One read transaction.
pub(super) struct SqliteSnapshot {
    pool: Arc<Pool>,
    /// None only while it is being dropped.
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl SqliteSnapshot {
    /// Waits until a reader is free.
    pub(super) async fn begin(pool: &Arc<Pool>) -> Result<Self, StoreError> {
        let permit = Arc::clone(&pool.permits)
            .acquire_owned()
            .await
            .map_err(|closed| StoreError::Unavailable(Box::new(closed)))?;
        let connection = pool.take().map_err(store_error)?;
        pin(&connection).map_err(store_error)?;
        pool.in_use.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            pool: Arc::clone(pool),
            connection: Some(connection),
            _permit: permit,
        })
    }

    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection
            .as_ref()
            .ok_or_else(|| StoreError::Unavailable("the snapshot has ended".into()))
    }
}

/// Starts a transaction that sees what is committed now. `BEGIN` alone would wait with that until the first read.
fn pin(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    connection
        .prepare_cached("SELECT 1 FROM meta")?
        .query_row([], |_| Ok(()))
}

impl Drop for SqliteSnapshot {
    /// Ends the transaction at once: an open one would keep the log from being checkpointed.
    fn drop(&mut self) {
        self.pool.in_use.fetch_sub(1, Ordering::Relaxed);
        let Some(connection) = self.connection.take() else {
            return;
        };
        let ended = connection
            .prepare_cached("COMMIT")
            .and_then(|mut commit| commit.execute([]));
        // A connection that cannot even end its transaction is closed, which does.
        if ended.is_ok() {
            self.pool.idle().push(connection);
        }
    }
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    async fn get(
        &mut self,
        namespace: &Namespace,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Entry>, StoreError> {
        get(self.connection()?, namespace, key, now).map_err(store_error)
    }

    async fn scan(
        &mut self,
        range: &Range,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        page(
            self.connection()?,
            Walk::Entries,
            range,
            limit,
            max_bytes,
            now,
        )
        .map_err(store_error)
    }

    async fn scan_back(
        &mut self,
        range: &Range,
        before: Option<&str>,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        let walk = Walk::EntriesBack(before);
        page(self.connection()?, walk, range, limit, max_bytes, now).map_err(store_error)
    }

    async fn scan_subject(
        &mut self,
        subject: &str,
        after: Option<(Namespace, String)>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(Namespace, Entry)>, StoreError> {
        scan_subject(self.connection()?, subject, after.as_ref(), limit, now).map_err(store_error)
    }
}

/// As many entries of a walk as fit.
fn page(
    connection: &Connection,
    walk: Walk<'_>,
    range: &Range,
    limit: usize,
    max_bytes: usize,
    now: Timestamp,
) -> rusqlite::Result<Vec<Entry>> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    let mut bytes = 0_usize;
    scan(connection, walk, range, now, |row| {
        let next = entry(row, text(row, 6)?.to_owned())?;
        bytes = bytes.saturating_add(next.record.value.len());
        found.push(next);
        Ok(found.len() < limit && bytes < max_bytes)
    })?;
    Ok(found)
}

fn scan_subject(
    connection: &Connection,
    subject: &str,
    after: Option<&(Namespace, String)>,
    limit: usize,
    now: Timestamp,
) -> rusqlite::Result<Vec<(Namespace, Entry)>> {
    let mut statement = connection.prepare_cached(
        "SELECT version, schema, expires_at, subject, sealed, value, key, namespace
         FROM entries INDEXED BY entries_by_subject
         WHERE subject = ?1 AND (namespace, key) > (?2, ?3) AND (expires_at IS NULL OR expires_at > ?4)
         ORDER BY namespace, key LIMIT ?5",
    )?;
    // No namespace is empty, so everything is greater than two empty strings.
    let (namespace, key) = after.map_or(("", ""), |(namespace, key)| (namespace.as_str(), key));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![subject, namespace, key, to_db(now), limit], |row| {
        let namespace = Namespace(text(row, 7)?.into());
        Ok((namespace, entry(row, text(row, 6)?.to_owned())?))
    })?;
    rows.collect()
}
