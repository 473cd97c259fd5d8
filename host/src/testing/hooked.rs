//! A store over any other, at which something else can happen.

use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::store::memory::MemoryStore;
use crate::store::{
    AttemptId, Batch, Commit, Entry, Namespace, Range, Snapshot, Store, StoreError, StoreStatus,
    Version,
};

/// What happens at a [`HookedStore`]. What is not implemented is left to the store below.
#[async_trait]
pub trait Hook: Send + Sync + 'static {
    /// Before a snapshot is taken; an error is the answer instead.
    ///
    /// # Errors
    /// What the store is to answer.
    async fn begin(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Before a snapshot reads one key; an error is the answer instead.
    ///
    /// # Errors
    /// What the snapshot is to answer.
    async fn get(&self, _namespace: &Namespace, _key: &str) -> Result<(), StoreError> {
        Ok(())
    }

    /// In the place of a commit. `below` is the store that would have done it.
    ///
    /// # Errors
    /// What the store is to answer.
    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        below.commit(batch).await
    }

    /// Before it is asked what became of an attempt; an error is the answer instead.
    ///
    /// # Errors
    /// What the store is to answer.
    async fn find_attempt(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A store over another one, with a hook that the test keeps in its hands.
pub struct HookedStore<H> {
    /// What happens.
    pub hook: Arc<H>,
    inner: Arc<dyn Store>,
}

impl<H: Hook> HookedStore<H> {
    /// Over `inner`.
    #[must_use]
    pub fn over(inner: Arc<dyn Store>, hook: H) -> Arc<Self> {
        let hook = Arc::new(hook);
        Arc::new(Self { hook, inner })
    }

    /// Over an empty store in memory.
    #[must_use]
    pub fn in_memory(hook: H) -> Arc<Self> {
        Self::over(Arc::new(MemoryStore::new()), hook)
    }

    /// The store below, where nothing of the hook happens.
    #[must_use]
    pub fn below(&self) -> &dyn Store {
        &*self.inner
    }
}

#[async_trait]
impl<H: Hook> Store for HookedStore<H> {
    async fn begin(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.hook.begin().await?;
        Ok(Box::new(HookedSnapshot {
            inner: self.inner.begin().await?,
            hook: self.hook.clone(),
        }))
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        self.hook.commit(batch, &*self.inner).await
    }

    async fn find_attempt(&self, attempt: AttemptId) -> Result<Option<Version>, StoreError> {
        self.hook.find_attempt().await?;
        self.inner.find_attempt(attempt).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.inner.sweep(now, limit).await
    }

    fn status(&self) -> StoreStatus {
        self.inner.status()
    }
}

struct HookedSnapshot<H> {
    inner: Box<dyn Snapshot>,
    hook: Arc<H>,
}

#[async_trait]
impl<H: Hook> Snapshot for HookedSnapshot<H> {
    async fn get(
        &mut self,
        namespace: &Namespace,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Entry>, StoreError> {
        self.hook.get(namespace, key).await?;
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
