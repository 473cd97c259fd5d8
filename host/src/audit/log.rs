//! Reading the audit records.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AuditRecord, moment, namespace};
use crate::clock::{Clock, Timestamp};
use crate::store::{Entry, Range, Snapshot, Store, StoreError};

/// The most records of one page.
pub const MAX_PAGE: usize = 1_000;

/// How many records one page looks at: a filter that nothing passes must not read a year at once.
const MAX_EXAMINED: usize = 5_000;

/// How many records are read at once, and how many bytes of them.
const CHUNK: usize = 500;
const CHUNK_BYTES: usize = 1024 * 1024;

/// Which records, and from where on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Go on after the record with this id, in the order asked for. None: from the beginning, or from the end.
    pub after: Option<String>,
    /// At most so many records: 1 to [`MAX_PAGE`].
    pub limit: usize,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Older than this.
    pub until: Option<Timestamp>,
    /// Of this action.
    pub action: Option<String>,
    /// That concern this subject, or that it did.
    pub subject: Option<String>,
    /// The newest first instead of the oldest.
    pub newest_first: bool,
}

/// A record with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place in the record: later ones are greater.
    pub id: String,
    /// What it says.
    #[serde(flatten)]
    pub record: AuditRecord,
}

/// Some records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// Those that were asked for, in that order. There may be fewer than asked for, or none, and more to come.
    pub records: Vec<AuditEntry>,
    /// Where to go on: the id of the last record that was looked at; none if there was none.
    pub after: Option<String>,
    /// Whether there may be more.
    pub more: bool,
}

/// The audit records of a store.
pub struct AuditLog {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

impl AuditLog {
    /// Those in `store`, by `clock`.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The records that `query` asks for.
    ///
    /// Records lie by the moment their message came, and are there once it is done: one that took long may appear before
    /// others that are there already.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn read(&self, query: &AuditQuery) -> Result<AuditPage, StoreError> {
        let mut snapshot = self.store.begin().await?;
        let mut walk = Walk::new(query);
        let mut page = AuditPage::default();
        let limit = query.limit.clamp(1, MAX_PAGE);
        let mut examined = 0;
        while examined < MAX_EXAMINED {
            let chunk = walk.next(&mut *snapshot, self.clock.now()).await?;
            if chunk.is_empty() {
                return Ok(page);
            }
            for entry in chunk {
                examined += 1;
                page.after = Some(entry.key.clone());
                let Some(found) = read(entry) else {
                    continue;
                };
                if !query.wants(&found.record) {
                    continue;
                }
                page.records.push(found);
                if page.records.len() == limit {
                    page.more = true;
                    return Ok(page);
                }
            }
            // A year of records is no reason to keep others waiting.
            tokio::task::yield_now().await;
        }
        page.more = true;
        Ok(page)
    }
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuditLog").finish_non_exhaustive()
    }
}

impl AuditQuery {
    fn wants(&self, record: &AuditRecord) -> bool {
        let of_action = self
            .action
            .as_ref()
            .is_none_or(|action| *action == record.action);
        let of_subject = self.subject.is_none()
            || self.subject == record.subject
            || self.subject == record.actor;
        of_action && of_subject
    }
}

/// The way through the records, either way.
struct Walk {
    range: Range,
    /// Only keys less than this.
    before: Option<String>,
    backwards: bool,
}

impl Walk {
    fn new(query: &AuditQuery) -> Self {
        // A moment's digits alone are less than every key of that moment.
        let (mut after, mut before) = (query.since.map(moment), query.until.map(moment));
        if query.newest_first {
            let given = query.after.clone();
            before = [before, given].into_iter().flatten().min();
        } else {
            after = after.max(query.after.clone());
        }
        Self {
            range: Range {
                namespace: namespace(),
                prefix: String::new(),
                after,
            },
            before,
            backwards: query.newest_first,
        }
    }

    /// The next records; none at the end.
    async fn next(
        &mut self,
        snapshot: &mut dyn Snapshot,
        now: Timestamp,
    ) -> Result<Vec<Entry>, StoreError> {
        if self.backwards {
            let before = self.before.as_deref();
            let chunk = snapshot
                .scan_back(&self.range, before, CHUNK, CHUNK_BYTES, now)
                .await?;
            if let Some(last) = chunk.last() {
                self.before = Some(last.key.clone());
            }
            return Ok(chunk);
        }
        let mut chunk = snapshot.scan(&self.range, CHUNK, CHUNK_BYTES, now).await?;
        if let Some(last) = chunk.last() {
            self.range.after = Some(last.key.clone());
        }
        if let Some(before) = &self.before {
            chunk.retain(|entry| entry.key < *before);
        }
        Ok(chunk)
    }
}

/// None for a record that is no record: it is said in the log, and hides no other.
fn read(entry: Entry) -> Option<AuditEntry> {
    match serde_json::from_slice(&entry.record.value) {
        Ok(record) => Some(AuditEntry {
            id: entry.key,
            record,
        }),
        Err(_) => {
            tracing::error!(id = entry.key, "an audit record cannot be read");
            None
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::audit::Retention;
    use crate::services::attempt_id;
    use crate::store::memory::MemoryStore;
    use crate::transaction::commit_unchecked;

    struct TestClock(AtomicU64);

    impl Clock for TestClock {
        fn now(&self) -> Timestamp {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// A record of `action` that says nothing else.
    pub(in crate::audit) fn record(action: &str) -> AuditRecord {
        AuditRecord {
            at: 0,
            action: action.to_owned(),
            outcome: "success".to_owned(),
            actor: None,
            subject: None,
            detail: Vec::new(),
            channel: "token".to_owned(),
            build: "b".to_owned(),
            via: None,
            message: "m".to_owned(),
            request: "r".to_owned(),
            plane: "service".to_owned(),
            service_key: None,
            remote_address: None,
        }
    }

    /// `count` records, one a millisecond from 1000 on: every third concerns Ann, every fifth was done by her, every
    /// second is a sign-in and the others are sign-ups.
    async fn log(store: Arc<dyn Store>, count: u64) -> AuditLog {
        let at = |n: u64| AuditRecord {
            at: 1000 + n,
            message: format!("m-{n}"),
            subject: n.is_multiple_of(3).then(|| "ann".to_owned()),
            actor: n.is_multiple_of(5).then(|| "ann".to_owned()),
            ..record(if n.is_multiple_of(2) {
                "sign-in"
            } else {
                "sign-up"
            })
        };
        let writes = (0..count).flat_map(|n| Retention::days(1).writes(&[at(n)], 0).unwrap());
        let written = commit_unchecked(&*store, attempt_id(), 0, writes.collect()).await;
        written.unwrap();
        AuditLog::new(store, Arc::new(TestClock(AtomicU64::new(0))))
    }

    /// The moments of all records that `query` finds, page by page.
    async fn all(log: &AuditLog, mut query: AuditQuery) -> Vec<Timestamp> {
        let mut found = Vec::new();
        loop {
            let page = log.read(&query).await.unwrap();
            assert!(page.records.len() <= query.limit.clamp(1, MAX_PAGE));
            found.extend(page.records.iter().map(|entry| entry.record.at));
            if !page.more {
                return found;
            }
            query.after = page.after;
        }
    }

    fn query(limit: usize) -> AuditQuery {
        AuditQuery {
            limit,
            ..AuditQuery::default()
        }
    }

    async fn gives_everything_once_either_way(store: Arc<dyn Store>) {
        let log = log(store, 50).await;
        let oldest_first: Vec<_> = (1000..1050).collect();
        let newest_first: Vec<_> = (1000..1050).rev().collect();
        for limit in [1, 7, 50, 51, 5_000] {
            assert_eq!(all(&log, query(limit)).await, oldest_first, "{limit}");
            let back = AuditQuery {
                newest_first: true,
                ..query(limit)
            };
            assert_eq!(all(&log, back).await, newest_first, "{limit}");
        }
    }

    #[tokio::test]
    async fn pages_give_everything_once_in_memory() {
        gives_everything_once_either_way(Arc::new(MemoryStore::new())).await;
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn pages_give_everything_once_on_sqlite() {
        use crate::store::sqlite::{SqliteOptions, SqliteStore};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vestibule.db");
        let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
        gives_everything_once_either_way(Arc::new(store)).await;
    }

    #[tokio::test]
    async fn filters_let_through_what_they_name() {
        let log = log(Arc::new(MemoryStore::new()), 50).await;
        let numbers = |keep: fn(&u64) -> bool| (0..50).filter(keep).map(|n| 1000 + n);
        let ann = AuditQuery {
            subject: Some("ann".to_owned()),
            ..query(4)
        };
        let whole: Vec<_> = numbers(|n| n % 3 == 0 || n % 5 == 0).collect();
        assert_eq!(all(&log, ann.clone()).await, whole);
        let back = AuditQuery {
            newest_first: true,
            action: Some("sign-up".to_owned()),
            ..ann
        };
        let odd: Vec<_> = numbers(|n| n % 2 == 1 && (n % 3 == 0 || n % 5 == 0)).collect();
        let odd: Vec<_> = odd.into_iter().rev().collect();
        assert_eq!(all(&log, back).await, odd);
        for (action, subject) in [(Some("sign"), None), (None, Some("an")), (None, Some(""))] {
            let none = AuditQuery {
                action: action.map(str::to_owned),
                subject: subject.map(str::to_owned),
                ..query(4)
            };
            assert_eq!(all(&log, none).await, [0_u64; 0]);
        }
    }

    #[tokio::test]
    async fn a_span_has_its_beginning_and_not_its_end() {
        let log = log(Arc::new(MemoryStore::new()), 50).await;
        for (since, until, expected) in [
            (Some(1010), Some(1013), 1010..1013),
            (None, Some(1003), 1000..1003),
            (Some(1047), None, 1047..1050),
            (Some(0), Some(u64::MAX), 1000..1050),
            (Some(1013), Some(1010), 0..0),
            (Some(u64::MAX), None, 0..0),
        ] {
            for newest_first in [false, true] {
                let span = AuditQuery {
                    since,
                    until,
                    newest_first,
                    ..query(2)
                };
                let mut found = all(&log, span).await;
                if newest_first {
                    found.reverse();
                }
                let expected: Vec<_> = expected.clone().collect();
                assert_eq!(found, expected, "{since:?} {until:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_filter_that_nothing_passes_ends_a_page_early_and_goes_on() {
        let count = 2 * MAX_EXAMINED as u64 + 10;
        let log = log(Arc::new(MemoryStore::new()), count).await;
        let mut nobody = AuditQuery {
            subject: Some("nobody".to_owned()),
            ..query(10)
        };
        let first = log.read(&nobody).await.unwrap();
        assert!(first.records.is_empty() && first.more);
        nobody.after = first.after;
        nobody.subject = None;
        let next = log.read(&nobody).await.unwrap();
        assert_eq!(next.records[0].record.at, 1000 + MAX_EXAMINED as u64);
    }

    #[tokio::test]
    async fn a_record_that_appears_late_is_found_by_its_moment() {
        let store = Arc::new(MemoryStore::new());
        let log = log(store.clone(), 3).await;
        let page = log.read(&query(10)).await.unwrap();
        let late = AuditRecord {
            at: 1001,
            message: "late".to_owned(),
            ..record("sign-in")
        };
        let writes = Retention::days(1).writes(&[late], 0).unwrap();
        commit_unchecked(&*store, attempt_id(), 0, writes)
            .await
            .unwrap();
        let after = AuditQuery {
            after: page.after,
            ..query(10)
        };
        assert!(log.read(&after).await.unwrap().records.is_empty());
        let since = AuditQuery {
            since: Some(1001),
            ..query(10)
        };
        assert_eq!(all(&log, since).await, [1001, 1001, 1002]);
    }
}
