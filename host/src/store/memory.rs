//! A store in memory: the same promises as any other but for the loss of power. For tests and for embedders that keep nothing.
//!
//! Every entry is a chain of revisions; a snapshot is the number of the last change it sees. Revisions that no open snapshot
//! can see any more are dropped as soon as the last one that could is.

mod state;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LockResult, Mutex, PoisonError, RwLock};

use async_trait::async_trait;

use self::state::{Sequence, State};
use super::{
    AttemptId, Batch, Commit, Entry, Namespace, Range, Snapshot, Store, StoreError, StoreStatus,
    Version,
};
use crate::clock::Timestamp;

/// The store in memory.
#[derive(Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: RwLock<State>,
    /// How many snapshots are open at each sequence. Taken after `state`, never before.
    open: Mutex<BTreeMap<Sequence, u64>>,
    commits: AtomicU64,
    conflicts: AtomicU64,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn begin(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        // Reading stays locked until the snapshot is registered, so that nothing it needs is dropped in between.
        let state = sound(self.shared.state.read())?;
        let at = state.sequence();
        *sound(self.shared.open.lock())?.entry(at).or_default() += 1;
        drop(state);
        Ok(Box::new(MemorySnapshot {
            shared: Arc::clone(&self.shared),
            at,
        }))
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        let mut state = sound(self.shared.state.write())?;
        let outcome = state.commit(batch);
        let counter = match outcome {
            Commit::Conflict => &self.shared.conflicts,
            Commit::Committed(_) | Commit::Unknown => &self.shared.commits,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let oldest = self.shared.oldest_open()?;
        state.forget_before(oldest);
        Ok(outcome)
    }

    async fn find_attempt(&self, attempt: AttemptId) -> Result<Option<Version>, StoreError> {
        Ok(sound(self.shared.state.read())?.find_attempt(attempt))
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut state = sound(self.shared.state.write())?;
        let swept = state.sweep(now, limit);
        let oldest = self.shared.oldest_open()?;
        state.forget_before(oldest);
        Ok(swept)
    }

    fn status(&self) -> StoreStatus {
        let open = self
            .shared
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        StoreStatus {
            backend: "memory",
            commits: self.shared.commits.load(Ordering::Relaxed),
            conflicts: self.shared.conflicts.load(Ordering::Relaxed),
            // Nothing here is durable.
            syncs: 0,
            readers: open.values().sum(),
        }
    }
}

impl Shared {
    /// The sequence that the oldest open snapshot sees, if any is open.
    fn oldest_open(&self) -> Result<Option<Sequence>, StoreError> {
        Ok(sound(self.open.lock())?.keys().next().copied())
    }

    /// Ends a snapshot at `at`; the caller holds no lock.
    fn close(&self, at: Sequence) -> Result<(), StoreError> {
        let mut open = sound(self.open.lock())?;
        let was_oldest = open.keys().next() == Some(&at);
        if let Some(count) = open.get_mut(&at) {
            *count -= 1;
            if *count == 0 {
                open.remove(&at);
            }
        }
        let gone = was_oldest && !open.contains_key(&at);
        drop(open);
        if gone && sound(self.state.read())?.has_garbage() {
            let mut state = sound(self.state.write())?;
            let oldest = self.oldest_open()?;
            state.forget_before(oldest);
        }
        Ok(())
    }
}

struct MemorySnapshot {
    shared: Arc<Shared>,
    at: Sequence,
}

#[async_trait]
impl Snapshot for MemorySnapshot {
    async fn get(
        &mut self,
        namespace: &Namespace,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Entry>, StoreError> {
        Ok(sound(self.shared.state.read())?.get(self.at, namespace, key, now))
    }

    async fn scan(
        &mut self,
        range: &Range,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        Ok(sound(self.shared.state.read())?.scan(self.at, range, limit, max_bytes, now))
    }

    async fn scan_back(
        &mut self,
        range: &Range,
        before: Option<&str>,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        let state = sound(self.shared.state.read())?;
        Ok(state.scan_back(self.at, range, before, limit, max_bytes, now))
    }

    async fn scan_subject(
        &mut self,
        subject: &str,
        after: Option<(Namespace, String)>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(Namespace, Entry)>, StoreError> {
        Ok(sound(self.shared.state.read())?.scan_subject(self.at, subject, after, limit, now))
    }
}

impl Drop for MemorySnapshot {
    fn drop(&mut self) {
        // A poisoned lock is reported to whoever asks next.
        let _ = self.shared.close(self.at);
    }
}

/// What a lock guards, unless somebody panicked while changing it: half a batch must not be served.
fn sound<T>(locked: LockResult<T>) -> Result<T, StoreError> {
    locked.map_err(|_| StoreError::Unavailable("an earlier change ended in a panic".into()))
}
