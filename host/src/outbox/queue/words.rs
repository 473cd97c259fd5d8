//! The words of a mail that somebody holds, read as the last thing before they leave.

use super::super::held::{Held, Settled};
use super::super::mail::Letter;
use super::super::posting::letters;
use super::super::progress;
use super::super::{Item, Unreadable, open};
use super::Queue;
use crate::store::{Record, StoreError};

/// What there is to hand over of a mail that was leased.
#[derive(Debug)]
pub(in crate::outbox) enum Words {
    /// This.
    Letter(Box<Letter>),
    /// Something that cannot be read.
    Unreadable(Unreadable),
    /// Nothing any more: this became of it since.
    Over(Settled),
    /// Nothing by this host: somebody else has the mail by now, or it is gone, or what is left of the lease is too short.
    NotHeld,
}

impl Queue {
    /// The words of the mail that is `held`, for a hand-over of up to `needed_ms`.
    ///
    /// The mail was leased a moment ago, or long ago if this host stood still: meanwhile it may have been overtaken,
    /// taken back, forgotten, or leased by another host. What happens from now on until the server has it cannot be
    /// excluded by anybody.
    pub(in crate::outbox) async fn words(
        &self,
        held: &Held,
        needed_ms: u64,
    ) -> Result<Words, StoreError> {
        let now = self.now();
        let mut snapshot = self.store.begin().await?;
        let known = snapshot.get(&progress::namespace(), &held.id, now).await?;
        let unchanged = known.is_some_and(|known| known.version == held.version);
        let until = held.progress.due.unwrap_or(now);
        if !unchanged || now.saturating_add(needed_ms) > until {
            return Ok(Words::NotHeld);
        }
        let newest = held.newest(&mut *snapshot, now).await?;
        if let Some(over) = held.over(newest.as_ref(), now) {
            return Ok(Words::Over(over));
        }
        let letter = snapshot.get(&letters(), &held.id, now).await?;
        drop(snapshot);
        let read = match letter {
            Some(letter) => self.read(&held.id, &letter.record).await,
            None => Err(Unreadable::Damaged),
        };
        Ok(match read {
            Ok(letter) => Words::Letter(Box::new(letter)),
            Err(why) => Words::Unreadable(why),
        })
    }

    async fn read(&self, id: &str, record: &Record) -> Result<Letter, Unreadable> {
        let posted = open(&self.keyring, &letters(), id, record).await?;
        match posted.item {
            Item::Mail(mail) => Ok(Letter {
                id: posted.id,
                at: posted.at,
                mail,
            }),
            Item::Event(_) => Err(Unreadable::Damaged),
        }
    }
}
