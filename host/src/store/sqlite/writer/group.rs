//! Group commit: one transaction for many batches, and what happens when SQLite refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode};

use super::super::schema::{BUSY_TIMEOUT, Opened};
use super::super::{Counters, apply, store_error};
use super::reply::Reply;
use crate::clock::Timestamp;
use crate::store::{AttemptId, Batch, Commit, StoreError, Version, Write};

/// From about how many pages in the log on the writer copies them to the database, after it has answered.
const CHECKPOINT_PAGES: usize = 1000;

/// From how many on it waits for old snapshots to end, so that the log starts over instead of growing.
const RESTART_PAGES: i64 = 16_000;

/// For how long it waits for them: snapshots live as long as a message.
const RESTART_TIMEOUT: Duration = Duration::from_millis(250);

/// A batch on its way.
pub(super) type Pending = (Batch, Reply<Commit>);

/// The writing connection and what is known of it.
pub(super) struct Group {
    connection: Connection,
    /// The last version given out, whether it was committed or not.
    last_version: Version,
    /// The last version that was committed.
    committed: Version,
    /// A COMMIT failed so that it may lie in the log, not visible now, but to be found after a crash.
    unsettled: bool,
    /// About how many pages were written to the log since it was last copied.
    log_pages: usize,
    /// From how many pages in the log on to wait for readers.
    restart_at: i64,
    counters: Arc<Counters>,
}

/// Why a transaction was not committed.
enum Refused {
    /// Nothing of it will ever be seen.
    Undone(Error),
    /// After a crash it may be seen.
    Unknown(Error),
}

impl Group {
    pub(super) fn new(opened: Opened, counters: Arc<Counters>) -> Self {
        Self {
            connection: opened.connection,
            last_version: opened.last_version,
            committed: opened.last_version,
            unsettled: false,
            log_pages: 0,
            restart_at: RESTART_PAGES,
            counters,
        }
    }

    /// Commits `batches` together and answers each. If that fails, each is tried alone, so that none suffers for its neighbour: one
    /// may be too large for what is left of the disk, and the others fit.
    pub(super) fn commit(&mut self, mut batches: Vec<Pending>) {
        match self.try_commit(&mut batches) {
            Ok(outcomes) => {
                for ((_, reply), outcome) in batches.into_iter().zip(outcomes) {
                    self.count(outcome);
                    reply.answer(Ok(outcome));
                }
            }
            Err(Refused::Unknown(_)) => {
                for (_, reply) in batches {
                    reply.answer(Ok(Commit::Unknown));
                }
            }
            Err(Refused::Undone(error)) => match batches.pop() {
                Some((_, reply)) if batches.is_empty() => reply.answer(Err(store_error(error))),
                last => {
                    for one in batches.into_iter().chain(last) {
                        self.commit(vec![one]);
                    }
                }
            },
        }
    }

    /// The version `attempt` was committed as. That it was not is only said once nothing can bring it back.
    pub(super) fn find_attempt(
        &mut self,
        attempt: AttemptId,
    ) -> Result<Option<Version>, StoreError> {
        if self.unsettled {
            self.settle().map_err(store_error)?;
        }
        apply::find_attempt(&self.connection, attempt).map_err(store_error)
    }

    /// Removes what has expired, in a transaction of its own.
    pub(super) fn sweep(&mut self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let swept = self
            .begin()
            .and_then(|()| apply::sweep(&self.connection, now, limit));
        let (entries, rows) = swept.map_err(|error| {
            self.roll_back();
            store_error(error)
        })?;
        if rows == 0 {
            self.roll_back();
            return Ok(0);
        }
        // Swept or not: nobody can tell, so there is no unknown outcome here.
        self.finish().map_err(|refused| match refused {
            Refused::Undone(error) | Refused::Unknown(error) => store_error(error),
        })?;
        self.log_pages += rows;
        Ok(entries)
    }

    /// Copies the log into the database if it has grown. Only what comes next waits for it.
    pub(super) fn checkpoint_if_due(&mut self) {
        if self.log_pages < CHECKPOINT_PAGES {
            return;
        }
        self.log_pages = 0;
        // A failure loses nothing: the log is kept, and the next time is not far.
        if let Ok((_, in_log)) = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)")
            && in_log >= self.restart_at
        {
            let _ = self.connection.busy_timeout(RESTART_TIMEOUT);
            let restarted = self.checkpoint("PRAGMA wal_checkpoint(RESTART)");
            let _ = self.connection.busy_timeout(BUSY_TIMEOUT);
            // Behind a snapshot that stays (a backup), waiting again soon would only hold up commits.
            self.restart_at = match restarted {
                Ok((false, _)) => RESTART_PAGES,
                _ => in_log + RESTART_PAGES,
            };
        }
    }

    /// The outcome of each batch, once they are durable.
    fn try_commit(&mut self, batches: &mut [Pending]) -> Result<Vec<Commit>, Refused> {
        let applied = self.begin().and_then(|()| self.apply(batches));
        let (outcomes, newest) = applied.map_err(|error| {
            self.roll_back();
            Refused::Undone(error)
        })?;
        if newest == self.committed {
            self.roll_back();
            return Ok(outcomes);
        }
        for (_, reply) in batches.iter_mut() {
            reply.put_at_risk();
        }
        let finished = self.finish();
        if let Err(Refused::Undone(_)) = &finished {
            for (_, reply) in batches.iter_mut() {
                reply.put_out_of_risk();
            }
        }
        finished?;
        self.committed = newest;
        self.log_pages += batches.iter().map(|(batch, _)| pages(batch)).sum::<usize>();
        Ok(outcomes)
    }

    /// Checks and writes all batches in the open transaction; each sees what those before it wrote. Also gives the newest version then.
    fn apply(&mut self, batches: &[Pending]) -> rusqlite::Result<(Vec<Commit>, Version)> {
        let mut outcomes = Vec::with_capacity(batches.len());
        let mut newest = self.committed;
        for (batch, _) in batches {
            if !apply::holds(&self.connection, batch)? {
                outcomes.push(Commit::Conflict);
                continue;
            }
            if !batch.writes.is_empty() {
                self.last_version += 1;
                newest = self.last_version;
                apply::write(&self.connection, batch, newest)?;
            }
            outcomes.push(Commit::Committed(newest));
        }
        if newest != self.committed {
            apply::set_last_version(&self.connection, newest)?;
        }
        Ok((outcomes, newest))
    }

    fn begin(&self) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])
            .map(drop)
    }

    /// Makes the open transaction durable, and says what became of it if that fails.
    fn finish(&mut self) -> Result<(), Refused> {
        let Err(error) = self.sync() else {
            return Ok(());
        };
        self.roll_back();
        match error.sqlite_error_code() {
            // The page that makes the others count is the last one written: if there was no room for it, they do not.
            Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Err(Refused::Undone(error))
            }
            // All pages may have been written and only the fsync failed. They are undone for sure once others lie over them.
            _ => {
                self.unsettled = true;
                match self.settle() {
                    Ok(()) => Err(Refused::Undone(error)),
                    Err(_) => Err(Refused::Unknown(error)),
                }
            }
        }
    }

    /// Commits nothing but the number of the last version, over whatever a failed COMMIT left at the end of the log.
    fn settle(&mut self) -> rusqlite::Result<()> {
        let settled = self
            .begin()
            .and_then(|()| apply::set_last_version(&self.connection, self.last_version))
            .and_then(|()| self.sync());
        if settled.is_err() {
            self.roll_back();
        }
        settled
    }

    /// COMMIT, which is durable when it returns. A kill before it loses the group, one behind it loses only the answers.
    fn sync(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.unsettled = false;
        self.counters.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Ends the transaction if one is open; SQLite has ended it itself after some errors.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // Were this to fail, the next BEGIN would, and its callers would be told.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// Whether readers kept the checkpoint `pragma` from being complete, and how many pages are in the log.
    fn checkpoint(&self, pragma: &str) -> rusqlite::Result<(bool, i64)> {
        self.connection
            .query_row(pragma, [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    fn count(&self, outcome: Commit) {
        let counter: &AtomicU64 = match outcome {
            Commit::Committed(_) => &self.counters.commits,
            Commit::Conflict => &self.counters.conflicts,
            Commit::Unknown => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// About how many pages `batch` changes: a row, its index entries, and the value.
fn pages(batch: &Batch) -> usize {
    let of_write = |write: &Write| match write {
        Write::Put { record, .. } => 3 + record.value.len() / 4096,
        Write::Delete { .. } => 3,
    };
    1 + batch.writes.iter().map(of_write).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::oneshot::Receiver;

    use super::super::super::schema;
    use super::super::reply::reply;
    use super::*;
    use crate::store::{Namespace, Record};

    /// A group whose next `failures` COMMITs fail. SQLite takes a refusal by its hook as it takes a failed fsync: an error of the
    /// COMMIT that does not say what became of the transaction.
    fn failing(folder: &tempfile::TempDir, failures: usize) -> Group {
        let path = folder.path().join("vestibule.db");
        let mut opened = schema::open(&path, None).unwrap();
        let left = AtomicUsize::new(failures);
        let refuse = move || {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
        };
        opened.connection.commit_hook(Some(refuse)).unwrap();
        Group::new(opened, Arc::new(Counters::default()))
    }

    type Answer = Receiver<Result<Commit, StoreError>>;

    fn pending(number: u8) -> (Pending, Answer) {
        let write = Write::Put {
            namespace: Namespace::reserved("test"),
            key: number.to_string(),
            record: Record::plain(vec![number]),
        };
        let batch = Batch {
            attempt: AttemptId([number; 16]),
            now: 0,
            checks: Vec::new(),
            writes: vec![write],
        };
        let (reply, answer) = reply();
        ((batch, reply), answer)
    }

    fn commit(group: &mut Group, number: u8) -> Result<Commit, StoreError> {
        let (pending, mut answer) = pending(number);
        group.commit(vec![pending]);
        answer.try_recv().unwrap()
    }

    #[test]
    fn a_failed_commit_that_could_be_overwritten_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let mut group = failing(&folder, 1);
        let refused = commit(&mut group, 1);
        assert!(matches!(refused, Err(StoreError::Unavailable(_))));
        assert_eq!(group.find_attempt(AttemptId([1; 16])).unwrap(), None);
        // Its version is lost, not used again.
        assert_eq!(commit(&mut group, 2).unwrap(), Commit::Committed(2));
    }

    #[test]
    fn one_that_could_not_is_unknown_until_something_lies_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut group = failing(&folder, 3);
        assert_eq!(commit(&mut group, 1).unwrap(), Commit::Unknown);
        // Asked now, nobody can say: a crash could bring it back.
        let asked = group.find_attempt(AttemptId([1; 16]));
        assert!(matches!(asked, Err(StoreError::Unavailable(_))));
        assert_eq!(group.find_attempt(AttemptId([1; 16])).unwrap(), None);
        assert_eq!(commit(&mut group, 2).unwrap(), Commit::Committed(2));
        let found = group.find_attempt(AttemptId([2; 16])).unwrap();
        assert_eq!(found, Some(2));
    }

    #[test]
    fn a_commit_settles_what_was_unknown_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut group = failing(&folder, 2);
        assert_eq!(commit(&mut group, 1).unwrap(), Commit::Unknown);
        assert!(group.unsettled);
        assert_eq!(commit(&mut group, 2).unwrap(), Commit::Committed(2));
        assert!(!group.unsettled);
    }

    #[test]
    fn a_group_that_failed_is_tried_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut group = failing(&folder, 1);
        let (batches, answers): (Vec<_>, Vec<_>) = (1..=3).map(pending).unzip();
        group.commit(batches);
        for mut answer in answers {
            let outcome = answer.try_recv().unwrap().unwrap();
            assert!(matches!(outcome, Commit::Committed(4..)), "{outcome:?}");
        }
    }

    #[test]
    fn the_last_version_survives_a_settled_failure() {
        let folder = tempfile::tempdir().unwrap();
        let mut group = failing(&folder, 1);
        assert!(commit(&mut group, 1).is_err());
        drop(group);
        let mut group = failing(&folder, 0);
        assert_eq!(commit(&mut group, 2).unwrap(), Commit::Committed(2));
    }

    #[test]
    fn a_log_that_a_snapshot_holds_is_waited_for_once_and_starts_over_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vestibule.db");
        let mut group = Group::new(schema::open(&path, None).unwrap(), Arc::default());
        commit(&mut group, 1).unwrap();
        let snapshot = schema::connect(&path).unwrap();
        snapshot.execute_batch("BEGIN; SELECT 1 FROM meta").unwrap();
        commit(&mut group, 2).unwrap();

        group.restart_at = 1;
        group.log_pages = CHECKPOINT_PAGES;
        group.checkpoint_if_due();
        // Not again until as much has been written once more.
        assert!(group.restart_at > RESTART_PAGES);
        commit(&mut group, 3).unwrap();

        snapshot.execute_batch("COMMIT").unwrap();
        group.restart_at = 1;
        group.log_pages = CHECKPOINT_PAGES;
        group.checkpoint_if_due();
        assert_eq!(group.restart_at, RESTART_PAGES);
        let log = folder.path().join("vestibule.db-wal");
        let before = std::fs::metadata(&log).unwrap().len();
        commit(&mut group, 4).unwrap();
        assert_eq!(std::fs::metadata(&log).unwrap().len(), before);
    }
}
