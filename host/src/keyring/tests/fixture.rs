//! One store, several hosts, and a clock that the test moves.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::clock::{Clock, Timestamp};
use crate::keyring::primitives::random_bytes;
use crate::keyring::record::namespace;
use crate::keyring::*;
use crate::store::{AttemptId, Batch, Commit, Range, Store, StoreError, Write};
use crate::testing::{Hook, HookedStore, TestClock};

pub(super) const START: Timestamp = 1_700_000_000_000;
pub(super) const HOUR: u64 = 60 * 60 * 1000;

/// Counts readers, and can do something between a reader's look and its commit.
#[derive(Default)]
pub(super) struct Meanwhile {
    pub(super) reads: AtomicUsize,
    pub(super) before_commit: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

#[async_trait]
impl Hook for Meanwhile {
    async fn begin(&self) -> Result<(), StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        let before = self.before_commit.lock().unwrap().take();
        if let Some(before) = before {
            before.await;
        }
        below.commit(batch).await
    }
}

/// One store, any number of hosts.
pub(super) struct Site {
    pub(super) store: Arc<HookedStore<Meanwhile>>,
    pub(super) clock: Arc<TestClock>,
}

impl Site {
    pub(super) fn new() -> Self {
        Self {
            store: HookedStore::in_memory(Meanwhile::default()),
            clock: Arc::new(TestClock::at(START)),
        }
    }

    pub(super) fn pass(&self, ms: u64) {
        self.clock.advance(ms);
    }

    pub(super) async fn try_host(
        &self,
        root: u8,
        options: Options,
    ) -> Result<KeyRing, KeyRingError> {
        let root = RootKey::from_bytes([root; 32]);
        KeyRing::open(self.store.clone(), &root, self.clock.clone(), options).await
    }

    pub(super) async fn host(&self) -> KeyRing {
        self.try_host(1, Options::default()).await.unwrap()
    }

    pub(super) async fn stored(&self) -> Vec<crate::store::Entry> {
        let range = Range {
            namespace: namespace(),
            prefix: String::new(),
            after: None,
        };
        let mut snapshot = self.store.begin().await.unwrap();
        let now = self.clock.now();
        snapshot.scan(&range, 1000, 1 << 20, now).await.unwrap()
    }

    pub(super) async fn write(&self, writes: Vec<Write>) {
        let batch = Batch {
            attempt: AttemptId(random_bytes().unwrap()),
            now: self.clock.now(),
            checks: Vec::new(),
            writes,
        };
        let commit = self.store.commit(batch).await.unwrap();
        assert!(matches!(commit, Commit::Committed(_)));
    }
}

pub(super) fn states(ring: &KeyRing, purpose: Purpose) -> Vec<KeyState> {
    let list = ring.list().into_iter();
    list.filter(|key| key.purpose == purpose)
        .map(|key| key.state)
        .collect()
}

pub(super) fn published(ring: &KeyRing) -> Vec<String> {
    ring.jwks().keys.into_iter().map(|key| key.kid).collect()
}

pub(super) const NOW: Rotation = Rotation {
    keep_ms: 24 * HOUR,
    lead_ms: 0,
    force: false,
};
