//! Counters that outlive the process: `burst` in each `period_ms`, from the first.
//!
//! What is counted holds at once, and is written a moment later ([`WRITE_AFTER`]), many keys with one fsync. A sign-in that succeeds takes
//! one and gives it back: mostly neither is written at all, where each would be a commit of its own, and a flood of refused ones is no flood of
//! commits. The price: a process that is killed forgets what it counted in its last moments, and hosts that share a store see each
//! other's counts as late. Nobody can kill a host by trying passwords.
//!
//! A count is what the store says and what is not written yet. Only what is not written yet is in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;

use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::services::attempt_id;
use crate::store::{Batch, Check, Entry, Namespace, Record, Store, StoreError, Version, Write};
use crate::transaction::commit;

/// How long what is counted waits for others that are written with it.
const WRITE_AFTER: Duration = Duration::from_millis(200);

/// How often one flush tries again what another host has changed meanwhile.
const MAX_TRIES: u32 = 64;

/// How many keys may wait to be written. Only a store that takes no writes lets so many gather; whoever takes then waits for it.
const MAX_PENDING: usize = 10_000;

/// The counters of an installation, by keyed hash.
pub(super) struct Counters {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// One writes at a time.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    pending: HashMap<String, Pending>,
    /// Raised whenever something that was pending may have become stored: what was read before may miss it.
    written: u64,
    /// Whether a task is on its way to write.
    is_scheduled: bool,
}

/// What the store does not say of a key yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pending {
    change: Change,
    /// The change that is being written, and the version of the entry that it replaces.
    writing: Option<(Change, Option<Version>)>,
    /// When all of it is forgotten, and the last moment that this could be for what is counted now.
    until: Timestamp,
    latest: Timestamp,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Change {
    /// What was counted before is forgiven.
    forgives: bool,
    /// And then so many were taken.
    taken: u32,
}

/// What the store says of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Stored {
    version: Option<Version>,
    count: u32,
    until: Option<Timestamp>,
}

impl Counters {
    pub(super) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            state: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// Takes one for `key`. Some: there was none, and there will be one in so many milliseconds.
    pub(super) async fn take(
        self: &Arc<Self>,
        settings: &config::Bucket,
        key: &str,
    ) -> Result<Option<u64>, StoreError> {
        if self.state().pending.len() >= MAX_PENDING {
            self.flush().await?;
        }
        loop {
            let now = self.clock.now();
            let latest = now.saturating_add(settings.period_ms);
            let (written, stored) = self.read(key, now).await?;
            let stored = stored.within(latest);
            let mut state = self.state();
            if state.written != written {
                continue;
            }
            let mut pending = state.pending.get(key).copied().unwrap_or_default();
            let until = pending.until(&stored, now, latest);
            if pending.until != until && pending.writing.is_none() {
                // A new period: what is pending is of an earlier one.
                pending.change.taken = 0;
            }
            if pending.count(&stored) >= settings.burst {
                return Ok(Some(until.saturating_sub(now).max(1)));
            }
            pending.change.taken += 1;
            pending.until = until;
            pending.latest = latest;
            state.pending.insert(key.to_owned(), pending);
            self.schedule(&mut state);
            return Ok(None);
        }
    }

    /// Forgets what was taken for `key`.
    pub(super) async fn reset(self: &Arc<Self>, key: &str) -> Result<(), StoreError> {
        loop {
            let now = self.clock.now();
            let (written, stored) = self.read(key, now).await?;
            let mut state = self.state();
            if state.written != written {
                continue;
            }
            let writing = state.pending.get(key).and_then(|pending| pending.writing);
            if writing.is_none() && stored.version.is_none() {
                state.pending.remove(key);
                return Ok(());
            }
            let pending = Pending {
                change: Change {
                    forgives: true,
                    taken: 0,
                },
                writing,
                ..Pending::default()
            };
            state.pending.insert(key.to_owned(), pending);
            self.schedule(&mut state);
            return Ok(());
        }
    }

    /// Writes everything that is not written yet. What could not be written is still pending.
    pub(super) async fn flush(&self) -> Result<(), StoreError> {
        let _one = self.writing.lock().await;
        for _ in 0..MAX_TRIES {
            self.write().await?;
            if self.state().pending.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable(
            "counters are raised by too many at once".into(),
        ))
    }

    /// Writes what is pending now. Some of it still is, if others changed it too.
    async fn write(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let keys: Vec<String> = self.state().pending.keys().cloned().collect();
        let mut read = Vec::with_capacity(keys.len());
        for key in keys {
            let (_, stored) = self.read(&key, now).await?;
            read.push((key, stored));
        }
        let batches: Vec<(String, Batch)> = {
            let mut state = self.state();
            let begin = |(key, stored): (String, Stored)| {
                let batch = state.pending.get_mut(&key)?.begin(&key, &stored, now);
                Some((key, batch))
            };
            read.into_iter().filter_map(begin).collect()
        };
        // Handed over together, they are made durable together.
        let commits = batches.into_iter().map(|(key, batch)| async move {
            let written = match batch {
                batch if batch.writes.is_empty() => Ok(true),
                batch => commit(&*self.store, batch).await.map(|at| at.is_some()),
            };
            (key, written)
        });
        let mut result = Ok(());
        for (key, written) in join_all(commits).await {
            let mut state = self.state();
            state.written += 1;
            if let Some(pending) = state.pending.get_mut(&key) {
                pending.end(matches!(written, Ok(true)));
                if pending.is_done() {
                    state.pending.remove(&key);
                }
            }
            result = result.and(written.map(|_| ()));
        }
        result
    }

    /// What the store says of `key`, and of which moment.
    async fn read(&self, key: &str, now: Timestamp) -> Result<(u64, Stored), StoreError> {
        let written = self.state().written;
        let mut snapshot = self.store.begin().await?;
        let entry = snapshot.get(&namespace(), key, now).await?;
        Ok((written, entry.as_ref().map(Stored::of).unwrap_or_default()))
    }

    /// Sees to it that what is pending is written soon.
    fn schedule(self: &Arc<Self>, state: &mut State) {
        if std::mem::replace(&mut state.is_scheduled, true) {
            return;
        }
        let counters = Arc::downgrade(self);
        #[expect(
            clippy::disallowed_methods,
            reason = "what is counted meanwhile is written with it"
        )]
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(WRITE_AFTER).await;
                let Some(counters) = counters.upgrade() else {
                    return;
                };
                if let Err(cause) = counters.flush().await {
                    tracing::warn!(%cause, "counters cannot be written; they are kept in memory");
                }
                let mut state = counters.state();
                if state.pending.is_empty() {
                    state.is_scheduled = false;
                    return;
                }
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    /// When what is taken now is forgotten: with what was taken before, unless that was forgiven.
    fn until(&self, stored: &Stored, now: Timestamp, latest: Timestamp) -> Timestamp {
        let is_live = |until: &Timestamp| (now + 1..=latest).contains(until);
        let own = Some(self.until).filter(is_live);
        let stored = stored.until.filter(|_| !self.change.forgives);
        own.or(stored).unwrap_or(latest)
    }

    /// How many were taken, all in all.
    fn count(&self, stored: &Stored) -> u32 {
        let count = match self.writing {
            // As long as the store has the entry that is being replaced.
            Some((change, over)) if over == stored.version => change.after(stored.count),
            _ => stored.count,
        };
        self.change.after(count)
    }

    /// Takes the change out to be written over what is stored.
    fn begin(&mut self, key: &str, stored: &Stored, now: Timestamp) -> Batch {
        let change = std::mem::take(&mut self.change);
        self.writing = Some((change, stored.version));
        let (namespace, key) = (namespace(), key.to_owned());
        let check = Check::Key {
            namespace: namespace.clone(),
            key: key.clone(),
            version: stored.version,
        };
        let until = self.until;
        let writes = match change.after(stored.within(self.latest).count) {
            0 if stored.version.is_none() => Vec::new(),
            0 => vec![Write::Delete { namespace, key }],
            // It is over before it is written.
            _ if until <= now => Vec::new(),
            count => vec![Write::Put {
                namespace,
                key,
                record: Record {
                    expires_at: Some(until),
                    ..Record::plain(count.to_be_bytes().to_vec())
                },
            }],
        };
        Batch {
            attempt: attempt_id(),
            now,
            checks: vec![check],
            writes,
        }
    }

    /// What was being written is written, or is to be written again.
    fn end(&mut self, is_written: bool) {
        let Some((change, _)) = self.writing.take() else {
            return;
        };
        if !is_written && !self.change.forgives {
            self.change = Change {
                forgives: change.forgives,
                taken: change.taken.saturating_add(self.change.taken),
            };
        }
    }

    fn is_done(&self) -> bool {
        self.change == Change::default() && self.writing.is_none()
    }
}

impl Change {
    /// The count after it, if it was `count` before.
    fn after(self, count: u32) -> u32 {
        let before = if self.forgives { 0 } else { count };
        before.saturating_add(self.taken)
    }
}

impl Stored {
    fn of(entry: &Entry) -> Self {
        let value = entry.record.value.as_slice();
        Self {
            version: Some(entry.version),
            count: value.try_into().map_or(0, u32::from_be_bytes),
            until: entry.record.expires_at,
        }
    }

    /// Nothing but its version, if it would hold for longer than what is counted now: it is of a clock that was ahead.
    fn within(self, latest: Timestamp) -> Self {
        match self.until {
            Some(until) if until <= latest => self,
            _ => Self {
                version: self.version,
                ..Self::default()
            },
        }
    }
}

fn namespace() -> Namespace {
    Namespace::reserved("buckets")
}

#[cfg(test)]
mod tests;
