//! The backends that every suite runs on, and a store to which a test can make things happen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::sync::Notify;
use vestibule::clock::Timestamp;
use vestibule::store::memory::MemoryStore;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule::store::{
    AttemptId, Batch, Check, Commit, Entry, Namespace, Range, Snapshot, Store, StoreError,
    StoreStatus, Version, Write,
};

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// In memory.
    Memory,
    /// SQLite, in a folder of the test's own.
    Sqlite,
}

impl Backend {
    /// An empty store, and the folder it lies in if it lies anywhere.
    ///
    /// # Panics
    /// If there is no room for a temporary folder.
    #[must_use]
    pub fn open(self) -> (Arc<dyn Store>, Option<TempDir>) {
        match self {
            Self::Memory => (Arc::new(MemoryStore::new()), None),
            Self::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let path = folder.path().join("vestibule.db");
                let store =
                    SqliteStore::open(path, SqliteOptions::default()).expect("an empty database");
                (Arc::new(store), Some(folder))
            }
        }
    }
}

/// What becomes of a commit.
#[derive(Debug)]
pub enum Twist {
    /// Nothing special.
    Plain,
    /// It is refused as if something that was read had changed.
    Conflict,
    /// It is applied, and the answer is lost.
    LostAnswer,
    /// It never arrives, and nobody knows.
    LostRequest,
    /// The store is down.
    Down,
    /// Somebody else writes first.
    After(Vec<Write>),
    /// Somebody else writes at once afterwards.
    Before(Vec<Write>),
    /// It waits at the gate.
    Held(Arc<Gate>),
}

/// Holds one commit up until the test lets it go on.
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

    /// Stands at the gate until it is opened.
    pub async fn pass(&self) {
        self.reached.notify_one();
        self.open.notified().await;
    }

    /// Lets that one through.
    pub fn open(&self) {
        self.open.notify_one();
    }
}

/// A store whose commits of components' data go as a script says. The host's own commits are left alone.
pub struct ScriptedStore {
    inner: Arc<dyn Store>,
    script: Mutex<VecDeque<Twist>>,
    read_gate: Arc<Mutex<Option<Arc<Gate>>>>,
    seen: Mutex<Vec<Batch>>,
}

impl ScriptedStore {
    /// A store in memory without a script.
    #[must_use]
    pub fn new() -> Arc<Self> {
        let inner = Arc::new(MemoryStore::new());
        Arc::new(Self {
            inner,
            script: Mutex::default(),
            read_gate: Arc::default(),
            seen: Mutex::default(),
        })
    }

    /// What becomes of the next commits, one after the other; then nothing special.
    pub fn script(&self, twists: impl IntoIterator<Item = Twist>) {
        lock(&self.script).extend(twists);
    }

    /// Holds the next `get` of a component at the gate.
    pub fn hold_next_get(&self, gate: Arc<Gate>) {
        *lock(&self.read_gate) = Some(gate);
    }

    /// The commits of components' data that were tried so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Batch> {
        lock(&self.seen).clone()
    }

    async fn rival(&self, now: Timestamp, writes: Vec<Write>) -> Result<(), StoreError> {
        let attempt = AttemptId(rand::random());
        self.inner
            .commit(Batch {
                attempt,
                now,
                checks: Vec::new(),
                writes,
            })
            .await
            .map(|_| ())
    }
}

#[async_trait]
impl Store for ScriptedStore {
    async fn begin(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        Ok(Box::new(HeldSnapshot {
            inner: self.inner.begin().await?,
            gate: self.read_gate.clone(),
        }))
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        if !concerns_components(&batch) {
            return self.inner.commit(batch).await;
        }
        lock(&self.seen).push(batch.clone());
        let twist = lock(&self.script).pop_front().unwrap_or(Twist::Plain);
        match twist {
            Twist::Plain => self.inner.commit(batch).await,
            Twist::Conflict => Ok(Commit::Conflict),
            Twist::LostAnswer => self.inner.commit(batch).await.map(|_| Commit::Unknown),
            Twist::LostRequest => Ok(Commit::Unknown),
            Twist::Down => Err(StoreError::Unavailable("down, as the script says".into())),
            Twist::After(rivals) => {
                self.rival(batch.now, rivals).await?;
                self.inner.commit(batch).await
            }
            Twist::Before(rivals) => {
                let now = batch.now;
                let committed = self.inner.commit(batch).await?;
                self.rival(now, rivals).await?;
                Ok(committed)
            }
            Twist::Held(gate) => {
                gate.pass().await;
                self.inner.commit(batch).await
            }
        }
    }

    async fn find_attempt(&self, attempt: AttemptId) -> Result<Option<Version>, StoreError> {
        self.inner.find_attempt(attempt).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.inner.sweep(now, limit).await
    }

    fn status(&self) -> StoreStatus {
        self.inner.status()
    }
}

/// A snapshot of a [`ScriptedStore`].
struct HeldSnapshot {
    inner: Box<dyn Snapshot>,
    gate: Arc<Mutex<Option<Arc<Gate>>>>,
}

#[async_trait]
impl Snapshot for HeldSnapshot {
    async fn get(
        &mut self,
        namespace: &Namespace,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Entry>, StoreError> {
        if namespace.as_str().starts_with("c/") {
            let gate = lock(&self.gate).take();
            if let Some(gate) = gate {
                gate.pass().await;
            }
        }
        self.inner.get(namespace, key, now).await
    }

    async fn scan(
        &mut self,
        range: &Range,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.scan(range, limit, max_bytes, now).await
    }

    async fn scan_back(
        &mut self,
        range: &Range,
        before: Option<&str>,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner
            .scan_back(range, before, limit, max_bytes, now)
            .await
    }

    async fn scan_subject(
        &mut self,
        subject: &str,
        after: Option<(Namespace, String)>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<(Namespace, Entry)>, StoreError> {
        self.inner.scan_subject(subject, after, limit, now).await
    }
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
        .any(|namespace| namespace.as_str().starts_with("c/"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
