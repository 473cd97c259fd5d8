//! What the host lends to sandboxes: one of each, for all messages.

use std::sync::Arc;

use aws_lc_rs::hmac;
use rand::TryRng;
use tokio::sync::{Notify, RwLock, RwLockReadGuard};

use crate::audit;
use crate::buckets::Buckets;
use crate::clock::Clock;
use crate::hashing::HashPool;
use crate::keyring::KeyRing;
use crate::sandbox::Engine;
use crate::sandbox::turns::Turns;
use crate::store::{AttemptId, Store};
use crate::telemetry::Metrics;

/// The host's parts that capabilities stand on.
pub(crate) struct Services {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keyring: Arc<KeyRing>,
    pub(crate) hashing: HashPool,
    pub(crate) buckets: Buckets,
    pub(crate) engine: Engine,
    pub(crate) turns: Turns,
    pub(crate) metrics: Arc<Metrics>,
    /// Told after every commit that may have enqueued a mail.
    pub(crate) mailed: Arc<Notify>,
    /// For how long what is audited is kept.
    pub(crate) audit: audit::Retention,
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
}

/// A fresh name for a try to commit.
pub(crate) fn attempt_id() -> AttemptId {
    AttemptId(*uuid::Uuid::now_v7().as_bytes())
}

/// `N` bytes from the operating system's generator.
pub(crate) fn fresh_bytes<const N: usize>() -> Result<[u8; N], rand::rngs::SysError> {
    let mut bytes = [0; N];
    rand::rngs::SysRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes)
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
