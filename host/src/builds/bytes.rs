//! The bytes of builds, in chunks: no commit of one holds up the messages that serve meanwhile for long.
//!
//! The record of a build is written before its bytes, and says how many there are. So what an upload that broke off has left is
//! known, and [`Builds::collect`] removes it. That the bytes are whole is known by their digest, every time they are read.

use super::ledger::{build_key, deployment_key, put};
use super::record::{BuildRecord, DeploymentRecord, decode, encode};
use super::{Builds, BuildsError, chunks, records};
use crate::contract::MAX_COMPONENT_BYTES;
use crate::sandbox::Digest;
use crate::services::attempt_id;
use crate::store::{Batch, Check, Record, Version, Write};
use crate::transaction::{commit, commit_unchecked};

/// The size of a chunk, in bytes.
const CHUNK: usize = 192 * 1024;

/// How many chunks one commit takes.
const TOGETHER: usize = 4;

/// For how long bytes are kept that nothing needs (yet), in milliseconds: an upload is long done by then.
const GRACE_MS: u64 = 60 * 60 * 1000;

impl Builds {
    /// Stores `bytes`, of which `build` says what they are. What was stored of them before is kept if it is whole.
    ///
    /// # Errors
    /// When the store cannot take them; what it took is removed by and by.
    pub(crate) async fn store(&self, build: &BuildRecord, bytes: &[u8]) -> Result<(), BuildsError> {
        let mut build = build.clone();
        build.stored_at = self.now();
        let (channel, digest) = (&build.channel, &build.digest);
        let key = build_key(channel, digest);
        self.write(vec![put(&key, encode(&key, &build)?)]).await?;
        if self.bytes(channel, digest).await.is_ok() {
            return Ok(());
        }
        let mut group = Vec::with_capacity(TOGETHER);
        let count = count(bytes.len());
        for (number, chunk) in bytes.chunks(CHUNK).enumerate() {
            group.push(Write::Put {
                namespace: chunks(),
                key: chunk_key(channel, digest, number),
                record: Record::plain(chunk.to_vec()),
            });
            if group.len() == TOGETHER || number + 1 == count {
                self.write(std::mem::take(&mut group)).await?;
                // The memory store never waits.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// The bytes of a stored build. They are exactly those that were deployed.
    ///
    /// # Errors
    /// [`BuildsError::Bytes`] if they are not there, not whole or not what their digest says.
    pub async fn bytes(&self, channel: &str, digest: &Digest) -> Result<Vec<u8>, BuildsError> {
        let unusable = |why| BuildsError::Bytes {
            digest: *digest,
            why,
        };
        let now = self.now();
        let mut snapshot = self.store.begin().await?;
        let key = build_key(channel, digest);
        let entry = snapshot.get(&records(), &key, now).await?;
        let entry = entry.ok_or_else(|| unusable("nothing is known of them"))?;
        let build: BuildRecord = decode(&key, &entry.record.value)?;
        if build.size > MAX_COMPONENT_BYTES {
            return Err(unusable("they are too many"));
        }
        let mut bytes = Vec::with_capacity(build.size);
        for number in 0..count(build.size) {
            let key = chunk_key(channel, digest, number);
            let chunk = snapshot.get(&chunks(), &key, now).await?;
            let chunk = chunk.ok_or_else(|| unusable("a part of them is missing"))?;
            if bytes.len() + chunk.record.value.len() > build.size {
                return Err(unusable("there are more of them than were stored"));
            }
            bytes.extend_from_slice(&chunk.record.value);
        }
        drop(snapshot);
        match Digest::of(&bytes) == *digest {
            true => Ok(bytes),
            false => Err(unusable("they are not those that were stored")),
        }
    }

    /// Removes the builds of `channel` that nothing needs any more. Returns how many went.
    ///
    /// # Errors
    /// When the store cannot do it; the next time removes the rest.
    pub(crate) async fn collect(&self, channel: &str) -> Result<usize, BuildsError> {
        let now = self.now();
        let mut removed = 0;
        for (build, version) in self.listed(channel).await? {
            if build.stored_at.saturating_add(GRACE_MS) < now
                && self.remove_if_unneeded(channel, &build, version).await?
            {
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Removes `build`, unless it is needed, or somebody stores it again or deploys at this moment.
    async fn remove_if_unneeded(
        &self,
        channel: &str,
        build: &BuildRecord,
        version: Version,
    ) -> Result<bool, BuildsError> {
        let now = self.now();
        let (key, deployed_key) = (build_key(channel, &build.digest), deployment_key(channel));
        let mut snapshot = self.store.begin().await?;
        let deployed = snapshot.get(&records(), &deployed_key, now).await?;
        drop(snapshot);
        if let Some(entry) = &deployed {
            let record: DeploymentRecord = decode(&deployed_key, &entry.record.value)?;
            if record.needs(&build.digest) {
                return Ok(false);
            }
        }
        let unchanged = |key: &str, version| Check::Key {
            namespace: records(),
            key: key.to_owned(),
            version,
        };
        let numbers = 0..count(build.size.min(MAX_COMPONENT_BYTES));
        let mut writes: Vec<Write> = numbers
            .map(|number| Write::Delete {
                namespace: chunks(),
                key: chunk_key(channel, &build.digest, number),
            })
            .collect();
        writes.push(Write::Delete {
            namespace: records(),
            key: key.clone(),
        });
        let batch = Batch {
            attempt: attempt_id(),
            now,
            checks: vec![
                unchanged(&key, Some(version)),
                unchanged(&deployed_key, deployed.map(|entry| entry.version)),
            ],
            writes,
        };
        Ok(commit(&*self.store, batch).await?.is_some())
    }

    async fn write(&self, writes: Vec<Write>) -> Result<(), BuildsError> {
        Ok(commit_unchecked(&*self.store, attempt_id(), self.now(), writes).await?)
    }
}

/// In how many chunks so many bytes are kept.
fn count(size: usize) -> usize {
    size.div_ceil(CHUNK)
}

fn chunk_key(channel: &str, digest: &Digest, number: usize) -> String {
    format!("{channel}/{digest}/{number:04}")
}
