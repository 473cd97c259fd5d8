//! What the host lends to sandboxes: one of each, for all messages.

use std::sync::Arc;

use aws_lc_rs::hmac;
use rand::TryRng;
use tokio::sync::{OwnedSemaphorePermit, RwLock, RwLockReadGuard, Semaphore};

use crate::buckets::Buckets;
use crate::clock::Clock;
use crate::hashing::HashPool;
use crate::keyring::KeyRing;
use crate::sandbox::Engine;
use crate::sandbox::fault::Ending;
use crate::store::{AttemptId, Store};
use crate::telemetry::Metrics;

/// When it is worth asking for a hash again, in milliseconds, if all places are taken.
const HASH_RETRY_MS: u64 = 500;

/// The host's parts that capabilities stand on.
pub(crate) struct Services {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keyring: Arc<KeyRing>,
    pub(crate) hashing: HashPool,
    pub(crate) buckets: Buckets,
    pub(crate) engine: Engine,
    pub(crate) metrics: Arc<Metrics>,
    /// Messages that may wait for a hash: half of those in flight, so that sign-ins cannot hold every sandbox.
    pub(crate) hash_slots: Arc<Semaphore>,
    /// Held for reading by every commit, and for writing by a message that runs alone.
    pub(crate) commits: RwLock<()>,
}

impl Services {
    /// Leave to commit; none is needed by the message that runs alone.
    pub(crate) async fn commit_turn(&self, alone: bool) -> Option<RwLockReadGuard<'_, ()>> {
        match alone {
            true => None,
            false => Some(self.commits.read().await),
        }
    }

    /// A place among the messages that wait for a hash.
    pub(crate) fn hash_slot(&self) -> Result<OwnedSemaphorePermit, Ending> {
        let taken = self.hash_slots.clone().try_acquire_owned();
        taken.map_err(|cause| Ending::Unavailable {
            retry_after_ms: HASH_RETRY_MS,
            cause: Some(Box::new(cause)),
        })
    }
}

/// A fresh name for a try to commit.
pub(crate) fn attempt_id() -> AttemptId {
    AttemptId(*uuid::Uuid::now_v7().as_bytes())
}

/// 32 bytes from the operating system.
pub(crate) fn fresh_seed() -> Result<[u8; 32], rand::rngs::SysError> {
    let mut seed = [0; 32];
    rand::rngs::SysRng.try_fill_bytes(&mut seed)?;
    Ok(seed)
}

/// HMAC-SHA-256 of `parts`, each preceded by its length, under `key`.
pub(crate) fn keyed_digest(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.sign().as_ref());
    digest
}
