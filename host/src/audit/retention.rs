//! How long audit records are kept.
//!
//! A record is given its end when it is written, and the store's sweeper removes it then. If the time was made shorter
//! since, [`Retention::run`] removes what is older than it now is; if it was made longer, what was written before still
//! ends when it was to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::{AuditRecord, moment, namespace};
use crate::clock::{Clock, Timestamp};
use crate::services::attempt_id;
use crate::store::{Range, Record, Store, StoreError, Write};
use crate::transaction::commit_unchecked;

/// How many records one transaction removes: other commits wait no longer than for a few milliseconds.
const BATCH: usize = 256;

/// How many bytes of records are read at once.
const BATCH_BYTES: usize = 1024 * 1024;

/// How often it is looked for records that are too old: nearly always there are none.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// For how long records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    keep_ms: u64,
}

impl Retention {
    /// For `days` days.
    #[must_use]
    pub fn days(days: u32) -> Self {
        let keep_ms = u64::from(days) * 24 * 60 * 60 * 1_000;
        Self { keep_ms }
    }

    /// The writes that keep `records`, made in this generation of their message.
    pub(crate) fn writes(
        self,
        records: &[AuditRecord],
        generation: u32,
    ) -> Result<Vec<Write>, serde_json::Error> {
        let namespace = namespace();
        let write = |(n, record): (usize, &AuditRecord)| {
            Ok(Write::Put {
                namespace: namespace.clone(),
                key: format!(
                    "{}/{}/{generation}-{n:02}",
                    moment(record.at),
                    record.message
                ),
                // It names nobody as its subject: who is forgotten stays on record, by their id.
                record: Record {
                    expires_at: Some(record.at.saturating_add(self.keep_ms)),
                    ..Record::plain(serde_json::to_vec(record)?)
                },
            })
        };
        records.iter().enumerate().map(write).collect()
    }

    /// Removes all records that are older than this, in small transactions. Returns how many there were.
    pub(crate) async fn trim(self, store: &dyn Store, now: Timestamp) -> Result<usize, StoreError> {
        let oldest = moment(now.saturating_sub(self.keep_ms));
        let mut removed = 0;
        loop {
            let writes = deletions_before(store, &oldest, now).await?;
            let count = writes.len();
            if count == 0 {
                return Ok(removed);
            }
            commit_unchecked(store, attempt_id(), now, writes).await?;
            removed += count;
            // The memory store never waits.
            tokio::task::yield_now().await;
        }
    }

    /// Trims every `every`, at once for the first time, until `shutdown` turns true or its sender is gone.
    pub(crate) async fn run(
        self,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        every: Duration,
        mut shutdown: watch::Receiver<bool>,
    ) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let tick_and_trim = async {
            loop {
                ticks.tick().await;
                match self.trim(&*store, clock.now()).await {
                    Ok(0) => {}
                    Ok(records) => {
                        tracing::info!(records, "removed audit records that are too old")
                    }
                    Err(error) => tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not remove old audit records"
                    ),
                }
            }
        };
        // Every transaction is whole, so it may be dropped between any two.
        tokio::select! {
            () = tick_and_trim => {}
            _ = shutdown.wait_for(|&stop| stop) => {}
        }
    }
}

/// Deletions of the first records before `oldest`.
async fn deletions_before(
    store: &dyn Store,
    oldest: &str,
    now: Timestamp,
) -> Result<Vec<Write>, StoreError> {
    let range = Range {
        namespace: namespace(),
        prefix: String::new(),
        after: None,
    };
    let mut snapshot = store.begin().await?;
    let first = snapshot.scan(&range, BATCH, BATCH_BYTES, now).await?;
    let older = first.into_iter().take_while(|entry| *entry.key < *oldest);
    Ok(older
        .map(|entry| Write::Delete {
            namespace: range.namespace.clone(),
            key: entry.key,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::super::log::tests::record;
    use super::*;
    use crate::store::memory::MemoryStore;

    const DAY: u64 = 24 * 60 * 60 * 1_000;

    async fn put(store: &dyn Store, retention: Retention, at: &[Timestamp]) {
        for (n, at) in at.iter().enumerate() {
            let record = AuditRecord {
                at: *at,
                message: format!("m-{n}"),
                ..record("sign-in")
            };
            let writes = retention.writes(&[record], 0).unwrap();
            commit_unchecked(store, attempt_id(), *at, writes)
                .await
                .unwrap();
        }
    }

    /// How many are there at `now`.
    async fn count(store: &dyn Store, now: Timestamp) -> usize {
        let range = Range {
            namespace: namespace(),
            prefix: String::new(),
            after: None,
        };
        let mut snapshot = store.begin().await.unwrap();
        let found = snapshot.scan(&range, usize::MAX, usize::MAX, now).await;
        found.unwrap().len()
    }

    #[tokio::test]
    async fn a_record_ends_when_it_was_to() {
        let store = MemoryStore::new();
        put(&store, Retention::days(2), &[0, DAY]).await;
        assert_eq!(count(&store, 2 * DAY - 1).await, 2);
        assert_eq!(count(&store, 2 * DAY).await, 1);
        assert_eq!(count(&store, 3 * DAY).await, 0);
        assert_eq!(store.sweep(3 * DAY, 10).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_shorter_time_holds_for_what_was_written_before() {
        let store = MemoryStore::new();
        let many: Vec<_> = (0..2 * BATCH as u64 + 1).map(|n| DAY + n).collect();
        put(&store, Retention::days(100), &many).await;
        put(&store, Retention::days(100), &[9 * DAY]).await;
        let now = 11 * DAY;
        assert_eq!(Retention::days(11).trim(&store, now).await.unwrap(), 0);
        // To the millisecond: what is as old as that goes, what is younger stays.
        let exactly = Retention::days(10).trim(&store, now + 1).await.unwrap();
        assert_eq!(exactly, 1);
        let shorter = Retention::days(3);
        assert_eq!(shorter.trim(&store, now).await.unwrap(), many.len() - 1);
        assert_eq!(count(&store, now).await, 1);
        assert_eq!(shorter.trim(&store, now).await.unwrap(), 0);
        // A longer one brings nothing back and gives nothing a longer life.
        assert_eq!(Retention::days(1_000).trim(&store, now).await.unwrap(), 0);
        assert_eq!(count(&store, 109 * DAY).await, 0);
    }

    #[tokio::test]
    async fn it_runs_at_once_and_until_it_is_told_to_stop() {
        struct At(Timestamp);
        impl Clock for At {
            fn now(&self) -> Timestamp {
                self.0
            }
        }
        let store = Arc::new(MemoryStore::new());
        put(&*store, Retention::days(100), &[0]).await;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(Retention::days(1).run(
            store.clone(),
            Arc::new(At(2 * DAY)),
            INTERVAL,
            stopped,
        ));
        while count(&*store, 2 * DAY).await > 0 {
            tokio::task::yield_now().await;
        }
        stop.send(true).unwrap();
        task.await.unwrap();
    }
}
