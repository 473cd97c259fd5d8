//! The unit of work: what one message read and wants to write.
//!
//! A [`Transaction`] is an overlay over a store's snapshot. Reads fall through the open [`Frame`]s to the snapshot and
//! are remembered, so that they repeat and can be checked at commit; writes and effects gather in the topmost frame.
//! A nested call opens a frame: if the callee answers ok, its frame merges into the caller's, if it answers an error,
//! the frame is dropped — its reads still count. [`Transaction::keep`] commits the topmost frame by itself.

mod overlay;
mod reads;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::store::{
    AttemptId, Batch, Check, Commit, Namespace, Range, Record, Snapshot, Store, StoreError, Write,
};

use overlay::Frame;
use reads::Reads;

/// The largest page of a scan, in bytes of values.
pub(crate) const MAX_SCAN_BYTES: usize = 1024 * 1024;

/// The most entries of a scan's page.
pub(crate) const MAX_SCAN_ENTRIES: usize = 1_000;

/// Where an entry lies.
pub(crate) type Address = (Namespace, String);

/// What a message read and wants to write. One per attempt.
pub(crate) struct Transaction {
    store: Arc<dyn Store>,
    snapshot: Option<Box<dyn Snapshot>>,
    now: Timestamp,
    reads: Reads,
    frames: Vec<Frame>,
    snapshots_taken: u32,
    kept: bool,
}

/// How a commit by [`Transaction::keep`] or [`Transaction::commit`] ended, once `Unknown` has been looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Durable, or there was nothing to write and the reads hold.
    Committed,
    /// Something that was read has changed; nothing was written.
    Conflict,
}

impl Transaction {
    /// An empty transaction at `now`; the store is first touched by the first read.
    pub(crate) fn new(store: Arc<dyn Store>, now: Timestamp) -> Self {
        Self {
            store,
            snapshot: None,
            now,
            reads: Reads::default(),
            frames: vec![Frame::default()],
            snapshots_taken: 0,
            kept: false,
        }
    }

    /// The record under `key`: this message's own write, else the store's.
    pub(crate) async fn get(
        &mut self,
        namespace: &Namespace,
        key: &str,
    ) -> Result<Option<Record>, StoreError> {
        if let Some(written) = self.written(namespace, key) {
            return Ok(written.filter(|record| record.is_live(self.now)).cloned());
        }
        if let Some(seen) = self.reads.key(namespace, key) {
            return Ok(seen.cloned());
        }
        let now = self.now;
        let entry = self.snapshot().await?.get(namespace, key, now).await?;
        let record = entry.as_ref().map(|entry| entry.record.clone());
        self.reads.saw_key(namespace, key, entry);
        Ok(record)
    }

    /// Up to `limit` entries of `range` with this message's own writes laid over; an empty page means that there is nothing further.
    pub(crate) async fn scan(
        &mut self,
        range: &Range,
        limit: usize,
    ) -> Result<Vec<(String, Record)>, StoreError> {
        let limit = limit.clamp(1, MAX_SCAN_ENTRIES);
        let mut range = range.clone();
        loop {
            let own = overlay::writes_in(&self.frames, &range);
            let wanted = limit + own.values().filter(|record| record.is_none()).count();
            let now = self.now;
            let stored = self
                .snapshot()
                .await?
                .scan(&range, wanted, MAX_SCAN_BYTES, now)
                .await?;
            let bytes: usize = stored.iter().map(|entry| entry.record.value.len()).sum();
            let exhausted = stored.len() < wanted && bytes < MAX_SCAN_BYTES;
            let through = if exhausted {
                None
            } else {
                stored.last().map(|entry| entry.key.clone())
            };
            self.reads.saw_range(&range, through.clone(), &stored);
            let page = overlay::merge(stored, own, through.as_deref(), limit, MAX_SCAN_BYTES, now);
            match through {
                Some(through) if page.is_empty() => range.after = Some(through),
                _ => return Ok(page),
            }
        }
    }

    /// Puts `record` under `key`, in the topmost frame.
    pub(crate) fn put(&mut self, namespace: &Namespace, key: String, record: Record) {
        self.top().write((namespace.clone(), key), Some(record));
    }

    /// Removes `key`, in the topmost frame.
    pub(crate) fn delete(&mut self, namespace: &Namespace, key: String) {
        self.top().write((namespace.clone(), key), None);
    }

    /// Bytes that are waiting to be written, over all frames.
    pub(crate) fn pending_bytes(&self) -> usize {
        self.frames.iter().map(Frame::bytes).sum()
    }

    /// Whether anything is waiting to be written.
    pub(crate) fn has_writes(&self) -> bool {
        self.frames.iter().any(|frame| !frame.is_empty())
    }

    /// Whether this message has changed anything, or is about to.
    pub(crate) fn has_effects(&self) -> bool {
        self.kept || self.has_writes()
    }

    /// Whether its end asks the store anything: not if it wrote nothing and all it read was of one moment.
    pub(crate) fn ends_in_the_store(&self) -> bool {
        self.has_writes() || self.snapshots_taken > 1
    }

    /// Ends the snapshot: whoever is about to wait must not keep others from reading. What is read later is read from a
    /// newer one, and is checked together with what was read before.
    pub(crate) fn rest(&mut self) {
        self.snapshot = None;
    }

    /// Whether the topmost frame has something to keep.
    pub(crate) fn has_own_writes(&self) -> bool {
        self.frames.last().is_some_and(|frame| !frame.is_empty())
    }

    /// Opens a frame for a nested call.
    pub(crate) fn enter(&mut self) {
        self.frames.push(Frame::default());
    }

    /// Closes the topmost frame: into its caller's if the call was `ok`, else its writes are gone.
    pub(crate) fn leave(&mut self, ok: bool) {
        if self.frames.len() < 2 {
            return;
        }
        if let Some(frame) = self.frames.pop()
            && ok
        {
            self.top().merge(frame);
        }
    }

    /// Commits the topmost frame by itself, at once, together with `more`, provided that everything read so far still holds.
    ///
    /// Afterwards what was kept counts as read, at the version it was written as, and later reads see a newer snapshot.
    pub(crate) async fn keep(
        &mut self,
        attempt: AttemptId,
        more: Vec<Write>,
    ) -> Result<Outcome, StoreError> {
        self.rest();
        let writes = self.top().clone().into_writes();
        let batch = Batch {
            attempt,
            now: self.now,
            checks: self.reads.checks(),
            writes: writes.iter().cloned().chain(more).collect(),
        };
        match commit(&*self.store, batch).await? {
            None => Ok(Outcome::Conflict),
            Some(version) => {
                // A caller's older write of a kept key must neither hide nor overwrite what is now durable.
                let kept = std::mem::take(self.top());
                self.frames.iter_mut().for_each(|frame| frame.forget(&kept));
                self.reads.wrote(writes, version, self.now);
                self.kept = true;
                Ok(Outcome::Committed)
            }
        }
    }

    /// Commits everything together with `more` (the stored reply, audit records), provided that all reads still hold.
    pub(crate) async fn commit(
        mut self,
        attempt: AttemptId,
        more: Vec<Write>,
    ) -> Result<Outcome, StoreError> {
        while self.frames.len() > 1 {
            self.leave(true);
        }
        let mut writes = std::mem::take(self.top()).into_writes();
        writes.extend(more);
        self.finish(attempt, writes).await
    }

    /// Gives up every write and says whether what was read still holds: only then may the answer be believed.
    pub(crate) async fn discard(self, attempt: AttemptId) -> Result<Outcome, StoreError> {
        self.finish(attempt, Vec::new()).await
    }

    async fn finish(
        mut self,
        attempt: AttemptId,
        writes: Vec<Write>,
    ) -> Result<Outcome, StoreError> {
        self.snapshot = None;
        // One snapshot is one moment of the store: what was read from it alone held then, all of it.
        if writes.is_empty() && self.snapshots_taken < 2 {
            return Ok(Outcome::Committed);
        }
        let batch = Batch {
            attempt,
            now: self.now,
            checks: self.reads.checks(),
            writes,
        };
        Ok(commit(&*self.store, batch)
            .await?
            .map_or(Outcome::Conflict, |_| Outcome::Committed))
    }

    async fn snapshot(&mut self) -> Result<&mut Box<dyn Snapshot>, StoreError> {
        if self.snapshot.is_none() {
            self.snapshots_taken += 1;
            self.snapshot = Some(self.store.begin().await?);
        }
        self.snapshot
            .as_mut()
            .ok_or_else(|| StoreError::Unavailable("no snapshot".into()))
    }

    /// This message's own newest write of `key`: some record, or none for a deletion.
    fn written(&self, namespace: &Namespace, key: &str) -> Option<Option<&Record>> {
        self.frames
            .iter()
            .rev()
            .find_map(|frame| frame.written(namespace, key))
    }

    fn top(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }
}

/// Commits `batch`, looking an `Unknown` up by its attempt id. None: a check did not hold, or the attempt never arrived.
pub(crate) async fn commit(store: &dyn Store, batch: Batch) -> Result<Option<u64>, StoreError> {
    let attempt = batch.attempt;
    Ok(match store.commit(batch).await? {
        Commit::Committed(version) => Some(version),
        Commit::Conflict => None,
        Commit::Unknown => store.find_attempt(attempt).await?,
    })
}

/// Writes that depend on nothing that was read: they can only fail with the store itself.
pub(crate) async fn commit_unchecked(
    store: &dyn Store,
    attempt: AttemptId,
    now: Timestamp,
    writes: Vec<Write>,
) -> Result<(), StoreError> {
    let checks: Vec<Check> = Vec::new();
    match commit(
        store,
        Batch {
            attempt,
            now,
            checks,
            writes,
        },
    )
    .await?
    {
        Some(_) => Ok(()),
        None => Err(StoreError::Unavailable("the write did not arrive".into())),
    }
}
