//! People's data: everything that is stored under a subject's id, for all channels at once.
//!
//! An entry says whose it is ([`crate::store::Record::subject`]), whoever wrote it: a component, or the host for queued mails, events and
//! stored replies. So nobody has to ask the channels, and a channel that is deployed later is covered too. Audit records
//! name nobody as their subject: they keep the id of whoever is forgotten, and what was done.

mod export;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::audit::{AuditRecord, HOST, Retention};
use crate::clock::{Clock, Timestamp};
use crate::error::{Code, Failure, Violation};
use crate::services::attempt_id;
use crate::store::{Batch, Check, Entry, Namespace, Snapshot, Store, StoreError, Version, Write};
use crate::transaction::{commit, commit_unchecked};

pub use export::{Encoding, ExportedEntry};

/// The longest id of a subject, in bytes.
pub const MAX_SUBJECT_BYTES: usize = 128;

/// The most entries of one subject that one transaction takes: it holds up all other commits for about a second.
const MAX_ENTRIES: usize = 50_000;

/// The most bytes of values in one export.
const MAX_EXPORT_BYTES: usize = 24 * 1024 * 1024;

/// How many entries are read at once.
const PAGE: usize = 100;

/// How often a subject is forgotten anew because something of theirs changed meanwhile.
const ATTEMPTS: u32 = 16;

/// Everything stored, by whose it is.
#[derive(Clone)]
pub struct Subjects {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    audit: Retention,
    limits: Limits,
}

/// What one answer and one transaction take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    entries: usize,
    bytes: usize,
}

/// Who asks, for the audit record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Administrator {
    /// The id of the service key that was presented.
    pub service_key: Option<String>,
    /// The address it was presented from.
    pub remote_address: Option<String>,
}

/// What is stored about somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubjectExport {
    /// Whose data it is.
    pub subject: String,
    /// When it was read: all of it at this moment.
    pub exported_at: Timestamp,
    /// All entries, by namespace and key.
    pub entries: Vec<ExportedEntry>,
}

/// That somebody was forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// Who.
    pub subject: String,
    /// How many entries went; none if there was nothing any more.
    pub entries: usize,
}

impl Subjects {
    /// Those in `store`. What is done is kept on record for as long as `audit` says.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, audit: Retention) -> Self {
        Self {
            store,
            clock,
            audit,
            limits: Limits {
                entries: MAX_ENTRIES,
                bytes: MAX_EXPORT_BYTES,
            },
        }
    }

    /// Everything of `subject`'s that is live, as of one moment. What is sealed stays sealed.
    ///
    /// # Errors
    /// `validation-failed` for what is no subject's id, `conflict` when there is more than one answer holds,
    /// `unavailable` when the store cannot be read, or the record of this not be written.
    pub async fn export(
        &self,
        subject: &str,
        by: &Administrator,
    ) -> Result<SubjectExport, Failure> {
        check_id(subject)?;
        let now = self.clock.now();
        let mut snapshot = self.store.begin().await.map_err(unavailable)?;
        let mut entries = Vec::new();
        let mut bytes = 0;
        let mut pages = Pages::of(subject, now);
        while let Some(page) = pages.next(&mut *snapshot).await? {
            bytes += page.iter().map(|(_, entry)| size(entry)).sum::<usize>();
            if bytes > self.limits.bytes || entries.len() + page.len() > self.limits.entries {
                return Err(self.too_much("one answer"));
            }
            entries.extend(
                page.into_iter()
                    .map(|(place, entry)| ExportedEntry::of(&place, entry)),
            );
        }
        drop(snapshot);
        let record = self.record("subject-export", subject, now, entries.len(), by);
        let written = commit_unchecked(&*self.store, attempt_id(), now, self.audited(record)?);
        written.await.map_err(unavailable)?;
        Ok(SubjectExport {
            subject: subject.to_owned(),
            exported_at: now,
            entries,
        })
    }

    /// Removes everything of `subject`'s, in one transaction with the record of it: all of it or, after an error,
    /// nothing. Idempotent.
    ///
    /// # Errors
    /// As for [`Subjects::export`]; `conflict` when one transaction does not take it all, and `unavailable` also when the
    /// subject is so busy that something changed every time.
    pub async fn forget(&self, subject: &str, by: &Administrator) -> Result<Forgotten, Failure> {
        check_id(subject)?;
        for _ in 0..ATTEMPTS {
            if let Some(entries) = self.try_forget(subject, by).await? {
                let subject = subject.to_owned();
                return Ok(Forgotten { subject, entries });
            }
        }
        Err(Failure::unavailable(1_000))
    }

    /// How many entries went; none if something changed meanwhile.
    async fn try_forget(
        &self,
        subject: &str,
        by: &Administrator,
    ) -> Result<Option<usize>, Failure> {
        let now = self.clock.now();
        let found = self.find(subject, now).await?;
        let entries = found.places.len();
        let seen = found.live;
        let record = self.record("subject-forget", subject, now, entries, by);
        let deletions = found
            .places
            .into_iter()
            .map(|(namespace, key)| Write::Delete { namespace, key });
        let batch = Batch {
            attempt: attempt_id(),
            now,
            checks: vec![Check::Subject {
                subject: subject.to_owned(),
                seen,
            }],
            writes: deletions.chain(self.audited(record)?).collect(),
        };
        let committed = commit(&*self.store, batch).await.map_err(unavailable)?;
        Ok(committed.map(|_| entries))
    }

    /// Where everything of `subject`'s lies, also what has expired and is not swept yet.
    async fn find(&self, subject: &str, now: Timestamp) -> Result<Found, Failure> {
        let mut snapshot = self.store.begin().await.map_err(unavailable)?;
        let mut found = Found::default();
        // At the beginning of time nothing had expired.
        let mut pages = Pages::of(subject, 0);
        while let Some(page) = pages.next(&mut *snapshot).await? {
            if found.places.len() + page.len() > self.limits.entries {
                return Err(self.too_much("one transaction"));
            }
            for (namespace, entry) in page {
                if entry.record.is_live(now) {
                    let live = (namespace.clone(), entry.key.clone(), entry.version);
                    found.live.push(live);
                }
                found.places.push((namespace, entry.key));
            }
        }
        Ok(found)
    }

    fn too_much(&self, what: &str) -> Failure {
        let message = format!(
            "there is more of this subject than {what} takes (at most {} entries, an export at most {} MiB), so nothing \
             was done: let their channels remove some first, such as by deleting the account",
            self.limits.entries,
            self.limits.bytes >> 20
        );
        Failure::new(Code::Conflict, message)
    }

    /// What goes on record: the id and the number, nothing of the person.
    fn record(
        &self,
        action: &str,
        subject: &str,
        at: Timestamp,
        entries: usize,
        by: &Administrator,
    ) -> AuditRecord {
        let message = uuid::Uuid::now_v7().to_string();
        AuditRecord {
            at,
            action: action.to_owned(),
            outcome: "success".to_owned(),
            actor: None,
            subject: Some(subject.to_owned()),
            detail: vec![("entries".to_owned(), entries.to_string())],
            channel: HOST.to_owned(),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            via: None,
            request: message.clone(),
            message,
            plane: "administration".to_owned(),
            service_key: by.service_key.clone(),
            remote_address: by.remote_address.clone(),
        }
    }

    fn audited(&self, record: AuditRecord) -> Result<Vec<Write>, Failure> {
        let writes = self.audit.writes(&[record], 0);
        writes.map_err(|cause| Failure::unknown().because(cause))
    }
}

impl fmt::Debug for Subjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subjects").finish_non_exhaustive()
    }
}

/// Where a subject's entries lie.
#[derive(Default)]
struct Found {
    places: Vec<(Namespace, String)>,
    live: Vec<(Namespace, String, Version)>,
}

/// A subject's entries, page by page.
struct Pages<'a> {
    subject: &'a str,
    now: Timestamp,
    after: Option<(Namespace, String)>,
}

impl<'a> Pages<'a> {
    fn of(subject: &'a str, now: Timestamp) -> Self {
        Self {
            subject,
            now,
            after: None,
        }
    }

    /// The next page; none at the end.
    async fn next(
        &mut self,
        snapshot: &mut dyn Snapshot,
    ) -> Result<Option<Vec<(Namespace, Entry)>>, Failure> {
        // Reads do not wait: others are let through between them.
        tokio::task::yield_now().await;
        let page = snapshot
            .scan_subject(self.subject, self.after.take(), PAGE, self.now)
            .await
            .map_err(unavailable)?;
        self.after = page
            .last()
            .map(|(namespace, entry)| (namespace.clone(), entry.key.clone()));
        Ok((!page.is_empty()).then_some(page))
    }
}

fn size(entry: &Entry) -> usize {
    entry.key.len() + entry.record.value.len()
}

fn check_id(subject: &str) -> Result<(), Failure> {
    let fits = (1..=MAX_SUBJECT_BYTES).contains(&subject.len());
    if fits && !subject.chars().any(char::is_control) {
        return Ok(());
    }
    let mut failure = Failure::new(Code::ValidationFailed, "this is no subject's id");
    let rule = format!("must be 1 to {MAX_SUBJECT_BYTES} bytes of text without control characters");
    failure.violations = vec![Violation::new("id", rule)];
    Err(failure)
}

fn unavailable(cause: StoreError) -> Failure {
    Failure::unavailable(1_000).because(cause)
}
