//! The mails as an operator sees them: what there is, how it went, and once more.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::held::Held;
use super::newest::Standing;
use super::posting::letters;
use super::progress::{self, MailState};
use super::queue::Queue;
use super::{Item, Posted, open};
use crate::clock::Timestamp;
use crate::store::{Entry, Range, Snapshot, StoreError};

/// The most mails of a page.
const MAX_PAGE: usize = 200;

/// The most mails that are looked at for a page: one with a rare state goes on with the next.
const MAX_LOOKED_AT: usize = 5_000;

/// How many entries are read at once, and how many bytes.
const READ: usize = 500;
const READ_BYTES: usize = 16 * 1024 * 1024;

/// How often a change is tried against those of a deliverer.
const ATTEMPTS: u32 = 8;

/// Which mails to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailQuery {
    /// In this state only.
    pub state: Option<MailState>,
    /// Newer than the mail with this id.
    pub after: Option<String>,
    /// At most so many; 200 if none or more.
    pub limit: Option<usize>,
}

/// Some mails, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPage {
    /// The mails; there may be none although there are more.
    pub mails: Vec<MailSummary>,
    /// After which id to go on; none: there are no more.
    pub next: Option<String>,
}

/// A mail in a list.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSummary {
    /// Its id, which is also in its Message-ID.
    pub id: String,
    /// The address; none if it cannot be read.
    pub to: Option<String>,
    /// The subject; none if it cannot be read.
    pub subject: Option<String>,
    /// Where it is in its life.
    pub state: MailState,
    /// Which channel sent it.
    pub channel: String,
    /// When it was sent.
    pub at: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
    /// Not delivered later than this.
    pub expires_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next, or looked at again; none if it is done.
    pub next_at: Option<Timestamp>,
    /// Why it was put off or given up.
    pub reason: Option<String>,
}

/// A mail with its words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailView {
    /// What the list shows.
    #[serde(flatten)]
    pub summary: MailSummary,
    /// The text part; none if it is not kept any more.
    pub text: Option<String>,
    /// The HTML part, likewise.
    pub html: Option<String>,
}

impl std::fmt::Debug for MailSummary {
    /// Leaves the address and the subject out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailSummary")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for MailView {
    /// Leaves the words out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.summary.fmt(f)
    }
}

/// Why a mail is not tried again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// There is none of that id, or no longer.
    #[error("there is no such mail")]
    NotFound,
    /// It is on its way, was delivered, or will never be.
    #[error("the mail is {}: only one that is queued, captured or failed can be tried again", .0.as_str())]
    State(MailState),
    /// Its time is over.
    #[error("the mail has expired: what it says is not true any more")]
    Expired,
    /// Its words are gone.
    #[error("the mail's words are not kept any more")]
    Gone,
    /// Others change it all the time.
    #[error("the mail is being changed; try again")]
    Busy,
    /// The store did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The mails of a host's store. Cheap to clone.
#[derive(Clone)]
pub struct Mails {
    queue: Arc<Queue>,
    woken: Arc<Notify>,
}

impl Mails {
    /// The mails in `queue`; `woken` is told when one is to be tried again.
    pub(crate) fn new(queue: Arc<Queue>, woken: Arc<Notify>) -> Self {
        Self { queue, woken }
    }

    /// The mails that `query` asks for, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn list(&self, query: &MailQuery) -> Result<MailPage, StoreError> {
        let (found, next) = self.look(query).await?;
        let mut mails = Vec::with_capacity(found.len());
        for (held, state) in found {
            mails.push(self.summary(&held, state).await);
        }
        Ok(MailPage { mails, next })
    }

    /// The mail with this id, with its words if they are kept.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find(&self, id: &str) -> Result<Option<MailView>, StoreError> {
        let now = self.queue.now();
        let mut snapshot = self.queue.snapshot().await?;
        let Some((held, state)) = self.held(&mut *snapshot, id).await? else {
            return Ok(None);
        };
        let letter = snapshot.get(&letters(), id, now).await?;
        drop(snapshot);
        let posted = match &letter {
            Some(letter) => self.open(letter).await,
            None => None,
        };
        let words = posted.and_then(|posted| match posted.item {
            Item::Mail(mail) => Some((mail.text, mail.html)),
            Item::Event(_) => None,
        });
        let (text, html) = words.unzip();
        Ok(Some(MailView {
            summary: self.summary(&held, state).await,
            text,
            html,
        }))
    }

    /// Tries the mail with this id again, at once and as if for the first time, under the same Message-ID.
    ///
    /// # Errors
    /// [`RetryError`]; nothing was changed then.
    pub async fn retry(&self, id: &str) -> Result<MailSummary, RetryError> {
        for _ in 0..ATTEMPTS {
            let now = self.queue.now();
            let mut snapshot = self.queue.snapshot().await?;
            let found = self.held(&mut *snapshot, id).await?;
            let (held, state) = found.ok_or(RetryError::NotFound)?;
            let newest = held.newest(&mut *snapshot, now).await?;
            let letter = snapshot.get(&letters(), id, now).await?;
            drop(snapshot);
            let standing = match held.standing(newest.as_ref()) {
                Standing::Newest => state,
                Standing::Superseded => MailState::Superseded,
                Standing::Withdrawn => MailState::Withdrawn,
            };
            match standing {
                _ if held.progress.expires_at <= now => return Err(RetryError::Expired),
                MailState::Queued | MailState::Captured | MailState::Failed => {}
                state => return Err(RetryError::State(state)),
            }
            if letter.is_none() {
                return Err(RetryError::Gone);
            }
            if self.queue.requeue(held.clone()).await? {
                self.woken.notify_one();
                return Ok(self.summary(&held, MailState::Queued).await);
            }
        }
        Err(RetryError::Busy)
    }

    /// What waits or was kept with its words, oldest first: at most `limit`. Those that cannot be read are left out.
    pub(crate) async fn readable(&self, limit: usize) -> Result<Vec<Posted>, StoreError> {
        let range = Range {
            namespace: letters(),
            prefix: String::new(),
            after: None,
        };
        let now = self.queue.now();
        let mut snapshot = self.queue.snapshot().await?;
        let mut found = Vec::new();
        for letter in snapshot.scan(&range, limit, READ_BYTES, now).await? {
            let state = self.held(&mut *snapshot, &letter.key).await?;
            let state = state.map(|(_, state)| state);
            if !matches!(
                state,
                Some(MailState::Superseded | MailState::Withdrawn | MailState::Expired)
            ) {
                found.push(letter);
            }
        }
        drop(snapshot);
        let mut posted = Vec::with_capacity(found.len());
        for letter in &found {
            posted.extend(self.open(letter).await);
        }
        Ok(posted)
    }

    /// What `query` asks for, and after which id to go on.
    async fn look(
        &self,
        query: &MailQuery,
    ) -> Result<(Vec<(Held, MailState)>, Option<String>), StoreError> {
        let limit = query.limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
        let now = self.queue.now();
        let mut range = Range {
            namespace: progress::namespace(),
            prefix: String::new(),
            after: query.after.clone(),
        };
        let mut snapshot = self.queue.snapshot().await?;
        let (mut found, mut looked_at) = (Vec::new(), 0);
        loop {
            let entries = snapshot.scan(&range, READ, READ_BYTES, now).await?;
            if entries.is_empty() {
                return Ok((found, None));
            }
            for entry in entries {
                looked_at += 1;
                let key = entry.key.clone();
                let shown = self.shown(&mut *snapshot, &entry).await?;
                found.extend(
                    shown.filter(|(_, state)| query.state.is_none_or(|wanted| wanted == *state)),
                );
                if found.len() == limit || looked_at == MAX_LOOKED_AT {
                    return Ok((found, Some(key)));
                }
                range.after = Some(key);
            }
        }
    }

    async fn held(
        &self,
        snapshot: &mut dyn Snapshot,
        id: &str,
    ) -> Result<Option<(Held, MailState)>, StoreError> {
        let now = self.queue.now();
        match snapshot.get(&progress::namespace(), id, now).await? {
            Some(entry) => self.shown(snapshot, &entry).await,
            None => Ok(None),
        }
    }

    /// A mail and its state, also if nobody has noticed that yet: one that waits may have been overtaken. None if it is damaged.
    async fn shown(
        &self,
        snapshot: &mut dyn Snapshot,
        entry: &Entry,
    ) -> Result<Option<(Held, MailState)>, StoreError> {
        let Some(held) = Held::of(entry) else {
            return Ok(None);
        };
        let now = self.queue.now();
        let mut state = held.progress.state;
        if state == MailState::Queued {
            let newest = held.newest(snapshot, now).await?;
            state = match held.standing(newest.as_ref()) {
                _ if held.progress.expires_at <= now => MailState::Expired,
                Standing::Newest => MailState::Queued,
                Standing::Superseded => MailState::Superseded,
                Standing::Withdrawn => MailState::Withdrawn,
            };
        }
        Ok(Some((held, state)))
    }

    async fn summary(&self, held: &Held, state: MailState) -> MailSummary {
        let progress = &held.progress;
        let face = progress.face(&self.queue.keyring, &held.id).await.ok();
        let (to, subject) = face.map(|face| (face.to, face.subject)).unzip();
        MailSummary {
            id: held.id.clone(),
            to,
            subject,
            state,
            channel: progress.channel.clone(),
            at: progress.at,
            changed_at: progress.changed_at,
            expires_at: progress.expires_at,
            tries: progress.tries,
            next_at: progress.due,
            reason: progress.reason.clone(),
        }
    }

    async fn open(&self, letter: &Entry) -> Option<Posted> {
        let namespace = letters();
        let opened = open(&self.queue.keyring, &namespace, &letter.key, &letter.record);
        opened.await.ok()
    }
}

impl std::fmt::Debug for Mails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mails").finish_non_exhaustive()
    }
}
