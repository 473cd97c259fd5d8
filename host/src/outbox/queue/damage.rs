//! What is not as this host writes it: it must neither get lost nor stand in the way of the others.

use super::super::held::{Held, Settled, Taken};
use super::super::posting::{Place, letters, names, places};
use super::super::progress::{self, Progress};
use super::super::{Item, open};
use super::Queue;
use crate::keyring::CryptoError;
use crate::store::{Check, Entry, StoreError, Version, Write};

impl Queue {
    /// Takes `place` out of the queue if it is still there, its mail being elsewhere, or forgotten. Unless the mail is
    /// changed meanwhile; `known` is the version of what is known of it.
    pub(super) async fn clear(
        &self,
        place: &Place,
        known: Option<Version>,
    ) -> Result<Taken, StoreError> {
        let mut snapshot = self.store.begin().await?;
        let found = snapshot.get(&places(), &place.key(), self.now()).await?;
        drop(snapshot);
        if found.is_some() {
            let unchanged = Check::Key {
                namespace: progress::namespace(),
                key: place.id.clone(),
                version: known,
            };
            let gone = Write::Delete {
                namespace: places(),
                key: place.key(),
            };
            self.commit(vec![unchanged], vec![gone]).await?;
        }
        Ok(Taken::Lost)
    }

    /// Makes a dead letter of the mail at `place`: what is `known` of it cannot be read. If its words can, an operator can
    /// have it tried again.
    pub(super) async fn bury(&self, place: &Place, known: Entry) -> Result<Taken, StoreError> {
        let told = self.told_by_words(&place.id).await?;
        let mut progress =
            told.unwrap_or_else(|| Progress::lost(place.due, known.record.expires_at));
        progress.due = Some(place.due);
        let held = Held {
            id: known.key,
            progress,
            version: known.version,
            about: known.record.subject,
        };
        tracing::error!(
            mail = held.id,
            "what is known of a mail is damaged: it is given up and kept"
        );
        let reason = "what was known of it is damaged".to_owned();
        let settled = self.settle(held, &Settled::Failed(reason)).await?;
        Ok(settled.map_or(Taken::Lost, Taken::Settled))
    }

    /// What the words of the mail `id` tell of it, if they can be read.
    async fn told_by_words(&self, id: &str) -> Result<Option<Progress>, StoreError> {
        let mut snapshot = self.store.begin().await?;
        let letter = snapshot.get(&letters(), id, self.now()).await?;
        drop(snapshot);
        let Some(letter) = letter else {
            return Ok(None);
        };
        let Ok(posted) = open(&self.keyring, &letters(), id, &letter.record).await else {
            return Ok(None);
        };
        let Item::Mail(mail) = &posted.item else {
            return Ok(None);
        };
        let broken = |cause: CryptoError| StoreError::Corrupt(Box::new(cause));
        let names = names(&self.keyring, &posted, mail).map_err(broken)?;
        let newest = names.into_iter().next();
        let told = Progress::begin(&self.keyring, &posted, mail, newest).map_err(broken)?;
        Ok(Some(told))
    }

    /// Removes those of `entries` that are no places: nobody is ever due there, and in front of others they would hide them.
    pub(super) async fn remove_strays(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        let (mut checks, mut writes) = (Vec::new(), Vec::new());
        for entry in entries {
            if Place::parse(&entry.key).is_some() {
                continue;
            }
            checks.push(Check::Key {
                namespace: places(),
                key: entry.key.clone(),
                version: Some(entry.version),
            });
            writes.push(Write::Delete {
                namespace: places(),
                key: entry.key,
            });
        }
        tracing::error!(
            strays = writes.len(),
            "the queue of mails holds what is no place in it, which is removed: mails that stay queued can be tried again by hand"
        );
        self.commit(checks, writes).await.map(drop)
    }
}
