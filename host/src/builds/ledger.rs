//! The records in the store: read as of one moment, changed by compare.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::record::{BuildRecord, DeploymentRecord, decode, encode};
use super::{Act, RollbackOptions, audited, chunks, records};
use crate::audit::Retention;
use crate::clock::{Clock, Timestamp};
use crate::sandbox::Digest;
use crate::services::attempt_id;
use crate::store::{
    Batch, Check, Entry, Range, Record, Snapshot, Store, StoreError, Version, Write,
};
use crate::transaction::{commit, commit_unchecked};

/// What the keys of deployment records begin with.
const CHANNEL: &str = "channel/";

/// What the keys of build records begin with.
const BUILD: &str = "build/";

/// How many records are read at once, and how many bytes of them.
const PAGE: usize = 256;
const PAGE_BYTES: usize = 1024 * 1024;

/// What a store knows of builds.
#[derive(Clone)]
pub struct Builds {
    pub(super) store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

/// Why something about builds could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum BuildsError {
    /// The store did not do its part.
    #[error("the store of the builds failed")]
    Store(#[from] StoreError),
    /// A record cannot be read.
    #[error("the entry {entry} of the builds cannot be used: {why}")]
    Record {
        /// Its key.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The bytes of a build are not those that were stored.
    #[error("the stored bytes of build {} cannot be used: {why}", .digest.short())]
    Bytes {
        /// The build.
        digest: Digest,
        /// What is wrong with them.
        why: &'static str,
    },
}

/// All deployment records as of one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    records: BTreeMap<String, DeploymentRecord>,
    versions: Vec<(String, Version)>,
}

impl Seen {
    /// The record of `channel`; the first one, if nothing was deployed to it.
    pub(crate) fn of(&self, channel: &str) -> DeploymentRecord {
        self.records.get(channel).cloned().unwrap_or_default()
    }

    /// All that there are, by channel.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &DeploymentRecord)> {
        self.records.iter()
    }
}

impl Builds {
    /// What `store` knows.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Which builds serve, as of now.
    ///
    /// # Errors
    /// When the store cannot be read, or a record not be understood.
    pub(crate) async fn deployments(&self) -> Result<Seen, BuildsError> {
        let mut snapshot = self.store.begin().await?;
        let mut seen = Seen::default();
        for entry in all(&mut *snapshot, CHANNEL, self.now()).await? {
            let record = decode(&entry.key, &entry.record.value)?;
            let channel = entry.key.trim_start_matches(CHANNEL).to_owned();
            seen.records.insert(channel, record);
            seen.versions.push((entry.key, entry.version));
        }
        Ok(seen)
    }

    /// The deployment record of `channel`, as of now; the first one, if nothing was deployed to it.
    ///
    /// # Errors
    /// When the store cannot be read, or a record not be understood.
    pub async fn deployment(&self, channel: &str) -> Result<DeploymentRecord, BuildsError> {
        Ok(self.deployments().await?.of(channel))
    }

    /// Puts `record` in place for `channel`, with `more`, if no deployment of any channel has changed since `seen`: what a build may
    /// do depends on what the others are. False if one has; then nothing was changed.
    ///
    /// # Errors
    /// When the store cannot do it.
    pub(crate) async fn replace(
        &self,
        seen: &Seen,
        channel: &str,
        record: &DeploymentRecord,
        more: Vec<Write>,
    ) -> Result<bool, BuildsError> {
        let key = deployment_key(channel);
        let mut writes = vec![put(&key, encode(&key, record)?)];
        writes.extend(more);
        let batch = Batch {
            attempt: attempt_id(),
            now: self.now(),
            checks: vec![Check::Range {
                range: range(CHANNEL),
                through: None,
                seen: seen.versions.clone(),
            }],
            writes,
        };
        Ok(commit(&*self.store, batch).await?.is_some())
    }

    /// Goes back by one build in the record of `channel`, puts that on record for as long as `retention` says, and does nothing
    /// else: for a host that does not start. Nothing is checked, since nothing can be loaded. The record as it is then; none if
    /// there is nothing to go back to.
    ///
    /// # Errors
    /// When the store cannot do it; [`StoreError::Unavailable`] also if a host changes a record meanwhile.
    pub async fn roll_back(
        &self,
        channel: &str,
        options: &RollbackOptions,
        retention: Retention,
    ) -> Result<Option<DeploymentRecord>, BuildsError> {
        let now = self.now();
        let seen = self.deployments().await?;
        let record = seen.of(channel);
        let Some(next) = record.roll_back(options.quarantine, now) else {
            return Ok(None);
        };
        let digest =
            |record: &DeploymentRecord| record.serving.as_ref().map(|chosen| chosen.digest);
        let act = Act {
            action: "component-rollback",
            outcome: "success",
            channel,
            digest: digest(&next),
            before: digest(&record),
            detail: vec![("offline", "true".to_owned())],
            by: &options.by,
        };
        let more = audited(act, retention, now)?;
        match self.replace(&seen, channel, &next, more).await? {
            true => Ok(Some(next)),
            false => Err(StoreError::Unavailable("a host changed it meanwhile".into()).into()),
        }
    }

    /// Puts everything that is known of builds into `other`, which is empty: for looking at it without changing it.
    ///
    /// # Errors
    /// When one of the stores fails.
    pub async fn copy_to(&self, other: &dyn Store) -> Result<(), BuildsError> {
        for namespace in [records(), chunks()] {
            let mut range = Range {
                namespace: namespace.clone(),
                prefix: String::new(),
                after: None,
            };
            loop {
                let now = self.now();
                let mut snapshot = self.store.begin().await?;
                let entries = snapshot.scan(&range, PAGE, PAGE_BYTES, now).await?;
                drop(snapshot);
                let Some(last) = entries.last() else {
                    break;
                };
                range.after = Some(last.key.clone());
                let writes = entries.into_iter().map(|entry| Write::Put {
                    namespace: namespace.clone(),
                    key: entry.key,
                    record: entry.record,
                });
                commit_unchecked(other, attempt_id(), now, writes.collect()).await?;
            }
        }
        Ok(())
    }

    /// What is known of the builds of `channel` whose bytes are stored.
    ///
    /// # Errors
    /// When the store cannot be read, or a record not be understood.
    pub async fn list(&self, channel: &str) -> Result<Vec<BuildRecord>, BuildsError> {
        let listed = self.listed(channel).await?;
        Ok(listed.into_iter().map(|(build, _)| build).collect())
    }

    /// The same with the version of each record.
    pub(super) async fn listed(
        &self,
        channel: &str,
    ) -> Result<Vec<(BuildRecord, Version)>, BuildsError> {
        let mut snapshot = self.store.begin().await?;
        let prefix = format!("{BUILD}{channel}/");
        let found = all(&mut *snapshot, &prefix, self.now()).await?;
        let builds = found.iter().map(|entry| {
            let build = decode(&entry.key, &entry.record.value)?;
            Ok((build, entry.version))
        });
        builds.collect()
    }

    /// What is known of one build; none if it is not stored.
    ///
    /// # Errors
    /// When the store cannot be read, or the record not be understood.
    pub async fn find(
        &self,
        channel: &str,
        digest: &Digest,
    ) -> Result<Option<BuildRecord>, BuildsError> {
        let key = build_key(channel, digest);
        let mut snapshot = self.store.begin().await?;
        let entry = snapshot.get(&records(), &key, self.now()).await?;
        entry
            .map(|entry| decode(&key, &entry.record.value))
            .transpose()
    }
}

impl fmt::Debug for Builds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builds").finish_non_exhaustive()
    }
}

pub(super) fn build_key(channel: &str, digest: &Digest) -> String {
    format!("{BUILD}{channel}/{digest}")
}

pub(super) fn deployment_key(channel: &str) -> String {
    format!("{CHANNEL}{channel}")
}

pub(super) fn put(key: &str, value: Vec<u8>) -> Write {
    Write::Put {
        namespace: records(),
        key: key.to_owned(),
        record: Record::plain(value),
    }
}

fn range(prefix: &str) -> Range {
    Range {
        namespace: records(),
        prefix: prefix.to_owned(),
        after: None,
    }
}

async fn all(
    snapshot: &mut dyn Snapshot,
    prefix: &str,
    now: Timestamp,
) -> Result<Vec<Entry>, StoreError> {
    let mut range = range(prefix);
    let mut found = Vec::new();
    loop {
        let entries = snapshot.scan(&range, PAGE, PAGE_BYTES, now).await?;
        let Some(last) = entries.last() else {
            return Ok(found);
        };
        range.after = Some(last.key.clone());
        found.extend(entries);
    }
}
