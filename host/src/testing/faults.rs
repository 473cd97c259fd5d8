//! A store that refuses, forgets, waits, is full or is down, as a test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::hooked::{Hook, HookedStore};
use crate::clock::Timestamp;
use crate::services::attempt_id;
use crate::store::{Batch, Check, Commit, Namespace, Owner, Store, StoreError, Write};

/// What becomes of a commit.
#[derive(Debug, Clone)]
pub enum StoreFault {
    /// Nothing special: what stands after it in a script is for the commit after this one.
    Plain,
    /// It is refused as if something that was read had changed: the message runs again.
    Conflict,
    /// Nothing is applied; the store says that it is down.
    Unavailable,
    /// Nothing is applied for want of room.
    Full,
    /// It is applied if its checks hold, and the answer is lost.
    LostAnswer,
    /// It is not applied, and nobody knows.
    LostRequest,
    /// Somebody else writes this first.
    After(Vec<Write>),
    /// Somebody else writes this at once afterwards.
    Before(Vec<Write>),
    /// It is slow: it waits at the gate until the test lets it go on.
    Held(Arc<Gate>),
}

/// Holds one commit or read up until the test lets it go on.
#[derive(Debug, Default)]
pub struct Gate {
    reached: Notify,
    open: Notify,
}

impl Gate {
    /// Waits until somebody stands at the gate.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets that one through.
    pub fn open(&self) {
        self.open.notify_one();
    }

    /// Stands at the gate until it is opened.
    pub async fn pass(&self) {
        self.reached.notify_one();
        self.open.notified().await;
    }
}

/// A store with faults ahead. Without any it is the one below.
pub type FaultyStore = HookedStore<Faults>;

/// What goes wrong next with commits of components' data. The host's own commits (keys, deliveries, audit records by
/// themselves) are left alone.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Ahead>);

#[derive(Debug, Default)]
struct Ahead {
    commits: VecDeque<StoreFault>,
    begins: usize,
    finds: usize,
    get: Option<Arc<Gate>>,
    seen: Vec<Batch>,
}

impl Faults {
    /// What becomes of the next commits that have no fault yet, one after the other; then nothing special.
    pub fn script(&self, faults: impl IntoIterator<Item = StoreFault>) {
        self.ahead().commits.extend(faults);
    }

    /// The next `count` snapshots are unavailable.
    pub fn fail_begins(&self, count: usize) {
        self.ahead().begins += count;
    }

    /// The next `count` questions for an attempt are unavailable.
    pub fn fail_finds(&self, count: usize) {
        self.ahead().finds += count;
    }

    /// Holds the next `get` of a component at the gate.
    pub fn hold_next_get(&self, gate: Arc<Gate>) {
        self.ahead().get = Some(gate);
    }

    /// How many faults are still ahead.
    #[must_use]
    pub fn left(&self) -> usize {
        let ahead = self.ahead();
        ahead.commits.len() + ahead.begins + ahead.finds + usize::from(ahead.get.is_some())
    }

    /// The commits of components' data that were tried so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Batch> {
        self.ahead().seen.clone()
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Hook for Faults {
    async fn begin(&self) -> Result<(), StoreError> {
        due(&mut self.ahead().begins)
    }

    async fn get(&self, namespace: &Namespace, _key: &str) -> Result<(), StoreError> {
        if let Owner::Channel(_) = namespace.owner() {
            let gate = self.ahead().get.take();
            if let Some(gate) = gate {
                gate.pass().await;
            }
        }
        Ok(())
    }

    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        if !concerns_components(&batch) {
            return below.commit(batch).await;
        }
        let fault = {
            let mut ahead = self.ahead();
            ahead.seen.push(batch.clone());
            ahead.commits.pop_front()
        };
        match fault.unwrap_or(StoreFault::Plain) {
            StoreFault::Plain => below.commit(batch).await,
            StoreFault::Conflict => Ok(Commit::Conflict),
            StoreFault::Unavailable => Err(unavailable()),
            StoreFault::Full => Err(StoreError::Full("as the test says".into())),
            StoreFault::LostAnswer => below.commit(batch).await.map(|_| Commit::Unknown),
            StoreFault::LostRequest => Ok(Commit::Unknown),
            StoreFault::After(rivals) => {
                write(below, batch.now, rivals).await?;
                below.commit(batch).await
            }
            StoreFault::Before(rivals) => {
                let now = batch.now;
                let committed = below.commit(batch).await?;
                write(below, now, rivals).await?;
                Ok(committed)
            }
            StoreFault::Held(gate) => {
                gate.pass().await;
                below.commit(batch).await
            }
        }
    }

    async fn find_attempt(&self) -> Result<(), StoreError> {
        due(&mut self.ahead().finds)
    }
}

/// Refuses if one of `left` faults is due; it is used up then.
fn due(left: &mut usize) -> Result<(), StoreError> {
    match left.checked_sub(1) {
        None => Ok(()),
        Some(rest) => {
            *left = rest;
            Err(unavailable())
        }
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("as the test says".into())
}

async fn write(store: &dyn Store, now: Timestamp, writes: Vec<Write>) -> Result<(), StoreError> {
    let batch = Batch {
        attempt: attempt_id(),
        now,
        checks: Vec::new(),
        writes,
    };
    store.commit(batch).await.map(drop)
}

fn concerns_components(batch: &Batch) -> bool {
    let written = batch.writes.iter().map(|write| match write {
        Write::Put { namespace, .. } | Write::Delete { namespace, .. } => namespace,
    });
    let checked = batch.checks.iter().filter_map(|check| match check {
        Check::Key { namespace, .. } => Some(namespace),
        Check::Range { range, .. } => Some(&range.namespace),
        // It concerns all namespaces; what is written says whether components are among them.
        Check::Subject { .. } => None,
    });
    written
        .chain(checked)
        .any(|namespace| matches!(namespace.owner(), Owner::Channel(_)))
}
