//! The mails that wait, as entries of the store, and every change of one.
//!
//! A lease is a place in the queue: whoever leases a mail moves it to the moment at which the lease is over. If the host
//! ends before it is done, the mail is due again then.

mod damage;
mod words;

use std::sync::Arc;

use super::held::{Held, Settled, Taken};
use super::newest;
use super::posting::{Place, letters, places};
use super::progress::{self, MailState};
use crate::clock::{Clock, Timestamp};
use crate::config;
use crate::keyring::KeyRing;
use crate::services::attempt_id;
use crate::store::{
    Batch, Check, Entry, Range, Record, Snapshot, Store, StoreError, Version, Write,
};
use crate::transaction::commit;

pub(super) use words::Words;

/// How many mails are counted.
const MOST_COUNTED: usize = 1_000;

/// A place has no bytes: this is never reached.
const PAGE_BYTES: usize = 1024 * 1024;

/// For how long it is kept what became of a mail, in milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Keep {
    /// Of one that was sent, or will never be; without its words.
    pub(crate) sent_ms: u64,
    /// Of one that was captured, with its words.
    pub(crate) captured_ms: u64,
    /// Of one that was given up, with its words.
    pub(crate) failed_ms: u64,
}

impl Keep {
    /// As configured.
    pub(crate) fn of(config: &config::Mail) -> Self {
        Self {
            sent_ms: config.keep_sent_ms,
            captured_ms: config.keep_captured_ms,
            failed_ms: config.keep_failed_ms,
        }
    }
}

/// The mails of a store.
pub(crate) struct Queue {
    store: Arc<dyn Store>,
    pub(super) keyring: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    keep: Keep,
}

impl Queue {
    /// The mails of `store`.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        keyring: Arc<KeyRing>,
        clock: Arc<dyn Clock>,
        keep: Keep,
    ) -> Self {
        Self {
            store,
            keyring,
            clock,
            keep,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.store.begin().await
    }

    /// Up to `limit` mails that are due at `now`, and when the next one is.
    pub(super) async fn due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Place>, Option<Timestamp>), StoreError> {
        loop {
            let entries = self.first_places(now, limit).await?;
            let parsed = entries.iter().map(|entry| Place::parse(&entry.key));
            let Some(mut found) = parsed.collect::<Option<Vec<_>>>() else {
                self.remove_strays(entries).await?;
                continue;
            };
            let due = found.iter().take_while(|place| place.due <= now).count();
            let later = found.split_off(due);
            return Ok((found, later.first().map(|place| place.due)));
        }
    }

    /// How many mails wait or are being handed over: at most 1 000.
    pub(super) async fn waiting(&self) -> Result<usize, StoreError> {
        Ok(self.first_places(self.now(), MOST_COUNTED).await?.len())
    }

    async fn first_places(&self, now: Timestamp, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let range = Range {
            namespace: places(),
            prefix: String::new(),
            after: None,
        };
        let mut snapshot = self.store.begin().await?;
        snapshot.scan(&range, limit, PAGE_BYTES, now).await
    }

    /// Leases the mail at `place` for `lease_ms`, unless it is not to be delivered, was tried `max_tries` times, or is no longer there.
    pub(super) async fn take(
        &self,
        place: &Place,
        max_tries: u32,
        lease_ms: u64,
    ) -> Result<Taken, StoreError> {
        let now = self.now();
        let mut snapshot = self.store.begin().await?;
        let Some(known) = snapshot.get(&progress::namespace(), &place.id, now).await? else {
            drop(snapshot);
            return self.clear(place, None).await;
        };
        let Some(held) = Held::of(&known) else {
            drop(snapshot);
            return self.bury(place, known).await;
        };
        if held.progress.due != Some(place.due) {
            drop(snapshot);
            return self.clear(place, Some(held.version)).await;
        }
        let newest = held.newest(&mut *snapshot, now).await?;
        drop(snapshot);
        let settled = match held.over(newest.as_ref(), now) {
            Some(over) => over,
            // Whoever leased it so often ended without a word each time.
            None if held.progress.tries >= max_tries => {
                Settled::Failed("tried too often".to_owned())
            }
            None => {
                let until = now.saturating_add(lease_ms);
                let leased = self.lease(held, newest, until).await?;
                return Ok(leased.map_or(Taken::Lost, |held| Taken::Leased(Box::new(held))));
            }
        };
        let settled = self.settle(held, &settled).await?;
        Ok(settled.map_or(Taken::Lost, Taken::Settled))
    }

    /// Leases `held` until then, provided that it is still the newest of its name.
    async fn lease(
        &self,
        mut held: Held,
        newest: Option<Entry>,
        until: Timestamp,
    ) -> Result<Option<Held>, StoreError> {
        let from = held.progress.due.replace(until);
        held.progress.state = MailState::Sending;
        held.progress.tries = held.progress.tries.saturating_add(1);
        held.progress.changed_at = self.now();
        let still = held.progress.newest.clone().map(|key| Check::Key {
            namespace: newest::namespace(),
            key,
            version: newest.map(|entry| entry.version),
        });
        let kept = held.progress.kept_until();
        let version = self.write(&held, from, kept, still, Vec::new()).await?;
        Ok(version.map(|version| Held { version, ..held }))
    }

    /// Writes what became of a mail. None: somebody else has changed it since it was taken.
    pub(super) async fn settle(
        &self,
        mut held: Held,
        settled: &Settled,
    ) -> Result<Option<MailState>, StoreError> {
        let now = self.now();
        let from = held.progress.due.take();
        held.progress.changed_at = now;
        let (state, kept, keeps_words) = match settled {
            Settled::Again {
                due,
                reason,
                counts,
            } => {
                held.progress.due = Some(*due);
                held.progress.reason = Some(reason.clone());
                held.progress.tries -= u32::from(!counts).min(held.progress.tries);
                (MailState::Queued, None, true)
            }
            Settled::Failed(reason) => {
                held.progress.reason = Some(reason.clone());
                (MailState::Failed, Some(self.keep.failed_ms), true)
            }
            Settled::Captured => (MailState::Captured, Some(self.keep.captured_ms), true),
            Settled::Sent => (MailState::Sent, Some(self.keep.sent_ms), false),
            Settled::Expired => (MailState::Expired, Some(self.keep.sent_ms), false),
            Settled::Superseded => (MailState::Superseded, Some(self.keep.sent_ms), false),
            Settled::Withdrawn => (MailState::Withdrawn, Some(self.keep.sent_ms), false),
        };
        held.progress.state = state;
        let until = match kept {
            None => held.progress.kept_until(),
            Some(kept) => now.saturating_add(kept),
        };
        let letter = match (kept, keeps_words) {
            (None, _) => Vec::new(),
            (Some(_), true) => self.keep_letter(&held.id, until).await?,
            (Some(_), false) => vec![Write::Delete {
                namespace: letters(),
                key: held.id.clone(),
            }],
        };
        let version = self.write(&held, from, until, None, letter).await?;
        Ok(version.map(|_| state))
    }

    /// Puts a mail that was done back into the queue, due at once, as if it had never been tried. False: it was changed meanwhile.
    pub(super) async fn requeue(&self, mut held: Held) -> Result<bool, StoreError> {
        let now = self.now();
        let from = held.progress.due.replace(now);
        held.progress.state = MailState::Queued;
        held.progress.tries = 0;
        held.progress.changed_at = now;
        let until = held.progress.kept_until();
        let letter = self.keep_letter(&held.id, until).await?;
        if letter.is_empty() {
            return Ok(false);
        }
        let version = self.write(&held, from, until, None, letter).await?;
        Ok(version.is_some())
    }

    /// The write that keeps a letter until then; none if it is gone.
    async fn keep_letter(&self, id: &str, until: Timestamp) -> Result<Vec<Write>, StoreError> {
        let mut snapshot = self.store.begin().await?;
        let letter = snapshot.get(&letters(), id, self.now()).await?;
        Ok(letter
            .into_iter()
            .map(|entry| Write::Put {
                namespace: letters(),
                key: entry.key,
                record: Record {
                    expires_at: Some(until),
                    ..entry.record
                },
            })
            .collect())
    }

    /// Writes `held` and its place in the queue, which was `from`, if nobody else has changed it.
    async fn write(
        &self,
        held: &Held,
        from: Option<Timestamp>,
        until: Timestamp,
        more: Option<Check>,
        letter: Vec<Write>,
    ) -> Result<Option<Version>, StoreError> {
        let record = |value| Record {
            subject: held.about.clone(),
            expires_at: Some(until),
            ..Record::plain(value)
        };
        let place = |due| Place {
            due,
            id: held.id.clone(),
        };
        let encoded = held.progress.encode();
        let encoded = encoded.map_err(|cause| StoreError::Corrupt(Box::new(cause)))?;
        let mut writes = letter;
        writes.push(Write::Put {
            namespace: progress::namespace(),
            key: held.id.clone(),
            record: record(encoded),
        });
        writes.extend(from.map(|due| Write::Delete {
            namespace: places(),
            key: place(due).key(),
        }));
        writes.extend(held.progress.due.map(|due| Write::Put {
            namespace: places(),
            key: place(due).key(),
            record: record(Vec::new()),
        }));
        let unchanged = Check::Key {
            namespace: progress::namespace(),
            key: held.id.clone(),
            version: Some(held.version),
        };
        let checks = std::iter::once(unchanged).chain(more).collect();
        self.commit(checks, writes).await
    }

    async fn commit(
        &self,
        checks: Vec<Check>,
        writes: Vec<Write>,
    ) -> Result<Option<Version>, StoreError> {
        let batch = Batch {
            attempt: attempt_id(),
            now: self.now(),
            checks,
            writes,
        };
        commit(&*self.store, batch).await
    }
}
