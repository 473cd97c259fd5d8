//! A mail in somebody's hands, and what may become of it.

use super::newest::{self, Standing};
use super::progress::{MailState, Progress};
use crate::clock::Timestamp;
use crate::store::{Entry, Snapshot, StoreError, Version};

/// What becomes of a mail that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was handed over.
    Sent,
    /// It was kept instead.
    Captured,
    /// It is given up.
    Failed(String),
    /// Its time is over.
    Expired,
    /// There is a newer one.
    Superseded,
    /// It was taken back.
    Withdrawn,
    /// It waits again.
    Again {
        due: Timestamp,
        reason: String,
        /// Whether it was a try.
        counts: bool,
    },
}

/// A mail and the version that says that nobody else has changed it.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) progress: Progress,
    pub(super) version: Version,
    /// Whose data it is.
    pub(super) about: Option<String>,
}

/// What came of an attempt to lease a mail.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is the caller's until the lease is over.
    Leased(Box<Held>),
    /// It is not to be delivered.
    Settled(MailState),
    /// Another host has it, or it is gone.
    Lost,
}

impl Held {
    /// What `entry` says; none if it is damaged.
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        Some(Self {
            id: entry.key.clone(),
            progress: Progress::decode(&entry.record.value).ok()?,
            version: entry.version,
            about: entry.record.subject.clone(),
        })
    }

    /// What is written where it is written which mail is the newest of its name.
    pub(super) async fn newest(
        &self,
        snapshot: &mut dyn Snapshot,
        now: Timestamp,
    ) -> Result<Option<Entry>, StoreError> {
        match &self.progress.newest {
            Some(key) => snapshot.get(&newest::namespace(), key, now).await,
            None => Ok(None),
        }
    }

    /// How it stands to the others of its name.
    pub(super) fn standing(&self, newest: Option<&Entry>) -> Standing {
        newest::standing(&self.id, self.progress.newest.is_some(), newest)
    }

    /// What became of it at `now` without anybody's doing: if anything, it is not to be delivered.
    pub(super) fn over(&self, newest: Option<&Entry>, now: Timestamp) -> Option<Settled> {
        match self.standing(newest) {
            _ if self.progress.expires_at <= now => Some(Settled::Expired),
            Standing::Superseded => Some(Settled::Superseded),
            Standing::Withdrawn => Some(Settled::Withdrawn),
            Standing::Newest => None,
        }
    }
}
