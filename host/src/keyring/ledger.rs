//! The ring in the store: read as a whole, changed as a whole.
//!
//! The head entry holds the root key's check value. Whoever changes the ring writes it again, checked against the version read:
//! so changes happen one after the other, and its version tells whether there was one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::primitives::random_bytes;
use super::record::{KEY_PREFIX, KeyRecord, TOMBSTONE_MS, Wrapping, namespace};
use super::{CryptoError, KeyRingError, KeyState, RootKey, RootKeyError};
use crate::clock::Timestamp;
use crate::store::{
    AttemptId, Batch, Check, Commit, Entry, Range, Record, Snapshot, Store, StoreError, Version,
    Write,
};

const HEAD: &str = "head";

/// How many records are read at once; rings are far smaller.
const PAGE: usize = 256;

/// How many bytes of records are read at once.
const PAGE_BYTES: usize = 1024 * 1024;

/// The store's side of the ring.
pub(super) struct Ledger {
    store: Arc<dyn Store>,
    pub(super) wrapping: Wrapping,
    /// What only this root key gives, and what tells nothing about it.
    check: [u8; 32],
}

/// The ring as it was at some moment.
#[derive(Clone)]
pub(super) struct Page {
    /// The version of the head; none if there is no ring yet.
    pub(super) head: Option<Version>,
    pub(super) records: Vec<KeyRecord>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    root_check: [u8; 32],
}

impl Ledger {
    /// The ring of `store` under `root`.
    pub(super) fn new(store: Arc<dyn Store>, root: &RootKey) -> Result<Self, CryptoError> {
        Ok(Self {
            store,
            wrapping: Wrapping::new(root)?,
            check: *root.derive(b"check")?,
        })
    }

    /// The version of the ring, if there is one.
    pub(super) async fn version(&self, now: Timestamp) -> Result<Option<Version>, KeyRingError> {
        let mut snapshot = self.store.begin().await?;
        let head = snapshot.get(&namespace(), HEAD, now).await?;
        Ok(head.map(|entry| entry.version))
    }

    /// The ring as it is now.
    ///
    /// # Errors
    /// [`RootKeyError::Wrong`] if it was made with another root key.
    pub(super) async fn read(&self, now: Timestamp) -> Result<Page, KeyRingError> {
        let mut snapshot = self.store.begin().await?;
        let Some(entry) = snapshot.get(&namespace(), HEAD, now).await? else {
            return Ok(Page {
                head: None,
                records: Vec::new(),
            });
        };
        self.check_root(&entry)?;
        let records = records_in(&mut *snapshot, now).await?;
        Ok(Page {
            head: Some(entry.version),
            records,
        })
    }

    /// Makes `records` of what was `page`, in one commit. False if the ring is no longer what `page` says; then nothing was changed.
    pub(super) async fn write(
        &self,
        page: &Page,
        records: &[KeyRecord],
        now: Timestamp,
    ) -> Result<bool, KeyRingError> {
        let changed = records
            .iter()
            .filter(|record| !page.records.contains(record));
        let mut writes = vec![put(HEAD.to_owned(), Record::plain(self.head()?))];
        for record in changed {
            let expires_at = (record.state == KeyState::Retired).then(|| now + TOMBSTONE_MS);
            let value = Record {
                expires_at,
                ..Record::plain(record.encode()?)
            };
            writes.push(put(record.key(), value));
        }
        let attempt = AttemptId(random_bytes()?);
        let batch = Batch {
            attempt,
            now,
            checks: vec![Check::Key {
                namespace: namespace(),
                key: HEAD.to_owned(),
                version: page.head,
            }],
            writes,
        };
        match self.store.commit(batch).await? {
            Commit::Committed(_) => Ok(true),
            Commit::Conflict => Ok(false),
            Commit::Unknown => Ok(self.store.find_attempt(attempt).await?.is_some()),
        }
    }

    fn head(&self) -> Result<Vec<u8>, KeyRingError> {
        let head = Head {
            format: 1,
            root_check: self.check,
        };
        serde_json::to_vec(&head).map_err(|_| corrupt_head())
    }

    fn check_root(&self, entry: &Entry) -> Result<(), KeyRingError> {
        let head: Head = serde_json::from_slice(&entry.record.value).map_err(|_| corrupt_head())?;
        if head.format != 1 {
            return Err(KeyRingError::Corrupt {
                entry: HEAD.to_owned(),
                why: "a later version of this program wrote it",
            });
        }
        aws_lc_rs::constant_time::verify_slices_are_equal(&head.root_check, &self.check)
            .map_err(|_| RootKeyError::Wrong.into())
    }
}

/// Whether `store` holds a key ring, whatever its root key.
pub(super) async fn exists(store: &dyn Store, now: Timestamp) -> Result<bool, StoreError> {
    let mut snapshot = store.begin().await?;
    Ok(snapshot.get(&namespace(), HEAD, now).await?.is_some())
}

async fn records_in(
    snapshot: &mut dyn Snapshot,
    now: Timestamp,
) -> Result<Vec<KeyRecord>, KeyRingError> {
    let mut range = Range {
        namespace: namespace(),
        prefix: KEY_PREFIX.to_owned(),
        after: None,
    };
    let mut records = Vec::new();
    loop {
        let entries = snapshot.scan(&range, PAGE, PAGE_BYTES, now).await?;
        let Some(last) = entries.last() else {
            return Ok(records);
        };
        range.after = Some(last.key.clone());
        for entry in &entries {
            records.push(KeyRecord::decode(&entry.key, &entry.record.value)?);
        }
    }
}

fn put(key: String, record: Record) -> Write {
    Write::Put {
        namespace: namespace(),
        key,
        record,
    }
}

fn corrupt_head() -> KeyRingError {
    KeyRingError::Corrupt {
        entry: HEAD.to_owned(),
        why: "it is not the head of a key ring",
    }
}
