//! Removes what has expired, a little at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::{Store, StoreError};
use crate::clock::Clock;

/// How many entries one transaction removes: other commits wait no longer than for a few milliseconds.
const BATCH: usize = 256;

/// How long expired entries are kept, in milliseconds: a message judges expiry by the moment it began at, and another host's clock may be behind.
/// What it still sees as live must not vanish under it.
const MARGIN_MS: u64 = 10 * 60 * 1000;

/// How often to sweep if nobody says otherwise.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);

/// Sweeps a store.
pub struct Sweeper {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl Sweeper {
    /// A sweeper of `store` by `clock`.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Removes all entries that expired ten minutes ago or earlier, in small transactions. Returns how many there were.
    ///
    /// # Errors
    /// As for [`Store::sweep`]; what was removed until then stays removed.
    pub async fn sweep_once(&self) -> Result<usize, StoreError> {
        let until = self.clock.now().saturating_sub(MARGIN_MS);
        let mut removed = 0;
        loop {
            let swept = self.store.sweep(until, BATCH).await?;
            removed += swept;
            if swept < BATCH {
                return Ok(removed);
            }
            // The memory store never waits.
            tokio::task::yield_now().await;
        }
    }

    /// Sweeps every `every` until `shutdown` turns true or its sender is gone. A sweep that fails is logged and tried again the next time.
    pub async fn run(self, every: Duration, mut shutdown: watch::Receiver<bool>) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let tick_and_sweep = async {
            loop {
                ticks.tick().await;
                match self.sweep_once().await {
                    Ok(0) => {}
                    Ok(entries) => tracing::debug!(entries, "swept expired entries"),
                    Err(error) => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not sweep expired entries"
                    ),
                }
            }
        };
        // Every transaction is whole, so the sweep may be dropped between any two.
        tokio::select! {
            () = tick_and_sweep => {}
            _ = shutdown.wait_for(|&stop| stop) => {}
        }
    }
}

impl std::fmt::Debug for Sweeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sweeper").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::memory::MemoryStore;
    use super::super::{AttemptId, Batch, Namespace, Record, Write};
    use super::*;

    struct TestClock(AtomicU64);

    impl Clock for TestClock {
        fn now(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// A store with `count` entries that expire at 1000, and one that does not.
    async fn store_with(count: usize) -> Arc<MemoryStore> {
        let store = Arc::new(MemoryStore::new());
        let put = |key: String, expires_at| Write::Put {
            namespace: Namespace::reserved("test"),
            key,
            record: Record {
                expires_at,
                ..Record::plain(Vec::new())
            },
        };
        let mut writes: Vec<Write> = (0..count)
            .map(|number| put(number.to_string(), Some(1000)))
            .collect();
        writes.push(put("forever".to_owned(), None));
        let batch = Batch {
            attempt: AttemptId([1; 16]),
            now: 0,
            checks: Vec::new(),
            writes,
        };
        store.commit(batch).await.unwrap();
        store
    }

    #[tokio::test]
    async fn it_sweeps_all_that_expired_and_only_after_the_margin() {
        let store = store_with(BATCH + 1).await;
        let clock = Arc::new(TestClock(AtomicU64::new(1000)));
        let sweeper = Sweeper::new(store.clone(), clock.clone());
        assert_eq!(sweeper.sweep_once().await.unwrap(), 0);
        clock.0.store(1000 + MARGIN_MS, Ordering::Relaxed);
        assert_eq!(sweeper.sweep_once().await.unwrap(), BATCH + 1);
        assert_eq!(sweeper.sweep_once().await.unwrap(), 0);
    }

    #[tokio::test]
    async fn it_runs_until_it_is_told_to_stop() {
        let store = store_with(3).await;
        let clock = Arc::new(TestClock(AtomicU64::new(u64::MAX)));
        let (stop, stopped) = watch::channel(false);
        let task =
            tokio::spawn(Sweeper::new(store.clone(), clock).run(Duration::from_millis(1), stopped));
        loop {
            let mut snapshot = store.begin().await.unwrap();
            let namespace = Namespace::reserved("test");
            if snapshot.get(&namespace, "2", 0).await.unwrap().is_none() {
                break;
            }
            tokio::task::yield_now().await;
        }
        stop.send(true).unwrap();
        task.await.unwrap();
    }
}
