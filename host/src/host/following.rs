//! What other hosts of the same store deployed: it serves here too, a few seconds later.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::{Host, Inner};
use crate::builds::{BuildsError, Chosen, DeploymentRecord, Refused, Seen, check};
use crate::sandbox::deployment::Deployment;
use crate::sandbox::{Deployments, Digest, Grants};

/// How often it is looked whether another host has deployed something, unless the embedder says otherwise.
pub(super) const LOOK: Duration = Duration::from_secs(5);

impl Host {
    /// Takes over what other hosts of the same store have deployed or taken back. A host does so by itself every five seconds.
    ///
    /// A build that this host cannot load is not taken over, and neither is one that does not fit what else serves here: what
    /// served goes on serving, and the log says why.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn follow_deployments(&self) -> Result<(), BuildsError> {
        let _changing = self.0.changing.lock().await;
        let seen = self.0.builds.deployments().await?;
        self.adopt(&seen).await;
        Ok(())
    }

    /// What was deployed to `channel` until now, and the builds that serve by it. A host that could not follow takes the record as it
    /// is: then the next deploy is one that it can.
    pub(super) async fn standing(
        &self,
        channel: &str,
    ) -> Result<(DeploymentRecord, Arc<Deployments>), BuildsError> {
        let _changing = self.0.changing.lock().await;
        let seen = self.0.builds.deployments().await?;
        self.adopt(&seen).await;
        let known = self.0.known().get(channel).cloned();
        let record = known
            .filter(|known| known.refused.is_none())
            .map_or_else(|| seen.of(channel), |known| known.record);
        Ok((record, self.0.router.deployments.load_full()))
    }

    /// The same for what was `seen`. Whoever calls it holds `changing`.
    pub(super) async fn adopt(&self, seen: &Seen) {
        let newer = self.newer(seen);
        if newer.is_empty() {
            return;
        }
        let serving = self.0.router.deployments.load_full();
        let mut next = (*serving).clone();
        let mut changed = Vec::new();
        for (channel, record) in newer {
            match self.obtain(&channel, record.serving.as_ref()).await {
                Ok(deployment) => {
                    next = next.with(deployment);
                    changed.push((channel, record));
                }
                Err(cause) => {
                    // What the store did not give now it may give the next time.
                    let again = matches!(cause, Refused::Store(BuildsError::Store(_)));
                    self.not_followed(&channel, &record, &cause, again);
                }
            }
        }
        let problems = check::callers(&next.graph());
        if !problems.is_empty() {
            let cause = Refused::Problems(problems);
            for (channel, record) in &changed {
                self.not_followed(channel, record, &cause, false);
            }
            return;
        }
        for (channel, record) in &changed {
            let build = next.get(channel).map(|build| build.digest.short());
            let revision = record.revision;
            tracing::info!(
                channel,
                build,
                revision,
                "another host changed the build that serves"
            );
        }
        self.0.switch(next, changed);
    }

    /// What was changed since this host last looked, by channel.
    fn newer(&self, seen: &Seen) -> Vec<(String, DeploymentRecord)> {
        let known = self.0.known();
        let is_newer = |channel: &str, record: &DeploymentRecord| {
            known.get(channel).is_some_and(|known| {
                known.record.revision < record.revision && known.refused != Some(record.revision)
            })
        };
        seen.iter()
            .filter(|(channel, record)| is_newer(channel, record))
            .map(|(channel, record)| (channel.clone(), record.clone()))
            .collect()
    }

    fn not_followed(&self, channel: &str, record: &DeploymentRecord, cause: &Refused, again: bool) {
        tracing::error!(
            channel,
            revision = record.revision,
            %cause,
            "another host changed the build that serves, and this one cannot follow: the build before goes on"
        );
        if let Some(known) = self.0.known().get_mut(channel).filter(|_| !again) {
            known.refused = Some(record.revision);
        }
    }

    /// The build that `chosen` names, ready to serve; for none the one that the host brings along.
    pub(super) async fn obtain(
        &self,
        channel: &str,
        chosen: Option<&Chosen>,
    ) -> Result<Arc<Deployment>, Refused> {
        let unknown = || Refused::UnknownChannel(channel.to_owned());
        let (bytes, given) = match chosen {
            None => {
                let bytes = self.0.brought.get(channel).ok_or_else(unknown)?.clone();
                let (digest, given) = (Digest::of(&bytes), Grants::default());
                if let Some(warm) = self.0.warm(channel, &digest, &given) {
                    return Ok(warm);
                }
                (bytes, given)
            }
            Some(chosen) => {
                if let Ok(given) = Grants::parse(&chosen.grants)
                    && let Some(warm) = self.0.warm(channel, &chosen.digest, &given)
                {
                    return Ok(warm);
                }
                let (bytes, given) = self.0.fetch(channel, chosen).await?;
                (bytes.into(), given)
            }
        };
        self.compile(channel, bytes, given).await
    }

    /// Loads a build off the threads that serve.
    pub(super) async fn compile(
        &self,
        channel: &str,
        bytes: Arc<[u8]>,
        given: Grants,
    ) -> Result<Arc<Deployment>, Refused> {
        let (host, channel) = (self.clone(), channel.to_owned());
        let load = move || host.0.load(&channel, &bytes, &given);
        let loaded = off_the_serving_threads(load).await?;
        let deployment = loaded.map_err(check::of_loading)?;
        Ok(Arc::new(deployment))
    }
}

/// What `work` gives, done where it keeps no message waiting.
pub(super) async fn off_the_serving_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        // What a panic says may be a build's own words: it is neither logged nor sent.
        tracing::error!("reading or compiling a build panicked; this is a fault of the host");
        Refused::Fault
    })
}

/// Looks for deployments of other hosts, until the host is gone.
pub(super) async fn follow(host: Weak<Inner>, every: Duration, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.changed() => return,
        }
        let Some(host) = host.upgrade() else {
            return;
        };
        if let Err(error) = Host(host).follow_deployments().await {
            tracing::warn!(%error, "the deployments could not be read again");
        }
    }
}
