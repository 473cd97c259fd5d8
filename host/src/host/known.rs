//! What this host knows of deployments, and the one switch from build to build.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::Inner;
use crate::builds::DeploymentRecord;
use crate::sandbox::deployment::Deployment;
use crate::sandbox::{Deployments, Digest, Grants};

/// How many builds of a channel are kept compiled after they served, so that going back takes no time.
const MAX_WARM: usize = 4;

/// What this host knows of one channel's deployment.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The record by which it serves.
    pub(super) record: DeploymentRecord,
    /// The revision of a later record that this host could not follow.
    pub(super) refused: Option<u64>,
}

impl Known {
    pub(super) fn of(record: DeploymentRecord) -> Self {
        let refused = None;
        Self { record, refused }
    }
}

type AllKnown = std::collections::HashMap<String, Known>;

impl Inner {
    pub(super) fn known(&self) -> MutexGuard<'_, AllKnown> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one switch: whoever looks sees the old builds or the new ones. Whoever calls it holds `changing`.
    pub(super) fn switch(
        &self,
        next: Deployments,
        changed: impl IntoIterator<Item = (String, DeploymentRecord)>,
    ) {
        let before = self.router.deployments.load_full();
        let mut known = self.known();
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        self.router.deployments.store(Arc::new(next));
        for (channel, record) in changed {
            if let Some(left) = before.get(&channel) {
                let kept = warm.entry(channel.clone()).or_default();
                kept.retain(|build| !is(build, &left.digest, &left.given));
                kept.push(left.clone());
                let too_many = kept.len().saturating_sub(MAX_WARM);
                kept.drain(..too_many);
            }
            known.insert(channel, Known::of(record));
        }
    }

    /// The build `digest` of `channel` with these grants, if it serves or did lately.
    pub(super) fn warm(
        &self,
        channel: &str,
        digest: &Digest,
        given: &Grants,
    ) -> Option<Arc<Deployment>> {
        let serving = self.router.deployments.load().get(channel).cloned();
        let warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = warm.get(channel).into_iter().flatten().cloned();
        let mut builds = serving.into_iter().chain(kept);
        builds.find(|build| is(build, digest, given))
    }
}

fn is(build: &Deployment, digest: &Digest, given: &Grants) -> bool {
    build.digest == *digest && build.given == *given
}
