//! A store over any other that fails as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use vestibule::clock::Timestamp;
use vestibule::store::{
    AttemptId, Batch, Commit, Snapshot, Store, StoreError, StoreStatus, Version,
};

/// How the next commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFault {
    /// Nothing is applied; the store says so.
    Unavailable,
    /// Nothing is applied for want of room.
    Full,
    /// Nothing is applied, as if a check had not held.
    Conflict,
    /// It is applied if its checks hold, and the answer is lost.
    UnknownApplied,
    /// It is not applied, and the answer is lost.
    UnknownNotApplied,
}

/// The store. Without faults ahead it is the one below.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Mutex<Faults>,
}

#[derive(Default)]
struct Faults {
    commits: VecDeque<CommitFault>,
    begins: usize,
    finds: usize,
}

impl FaultyStore {
    /// Over `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            faults: Mutex::default(),
        }
    }

    /// The next `count` commits that have no fault yet fail as `fault`.
    pub fn fail_commits(&self, fault: CommitFault, count: usize) {
        self.faults()
            .commits
            .extend(std::iter::repeat_n(fault, count));
    }

    /// The next `count` snapshots are unavailable.
    pub fn fail_begins(&self, count: usize) {
        self.faults().begins += count;
    }

    /// The next `count` questions for an attempt are unavailable.
    pub fn fail_finds(&self, count: usize) {
        self.faults().finds += count;
    }

    /// How many faults are still ahead.
    #[must_use]
    pub fn ahead(&self) -> usize {
        let faults = self.faults();
        faults.commits.len() + faults.begins + faults.finds
    }

    fn faults(&self) -> std::sync::MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn begin(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        if due(&mut self.faults().begins) {
            return Err(unavailable());
        }
        self.inner.begin().await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        let fault = self.faults().commits.pop_front();
        match fault {
            None => self.inner.commit(batch).await,
            Some(CommitFault::Unavailable) => Err(unavailable()),
            Some(CommitFault::Full) => Err(StoreError::Full("told to be full".into())),
            Some(CommitFault::Conflict) => Ok(Commit::Conflict),
            Some(CommitFault::UnknownNotApplied) => Ok(Commit::Unknown),
            Some(CommitFault::UnknownApplied) => {
                self.inner.commit(batch).await.map(|_| Commit::Unknown)
            }
        }
    }

    async fn find_attempt(&self, attempt: AttemptId) -> Result<Option<Version>, StoreError> {
        if due(&mut self.faults().finds) {
            return Err(unavailable());
        }
        self.inner.find_attempt(attempt).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.inner.sweep(now, limit).await
    }

    fn status(&self) -> StoreStatus {
        self.inner.status()
    }
}

/// Whether one of `left` faults is due; it is used up then.
fn due(left: &mut usize) -> bool {
    let is_due = *left > 0;
    *left = left.saturating_sub(1);
    is_due
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("told to be unavailable".into())
}
