//! A build in place of the one that serves.
//!
//! Read and checked, stored, compiled, tried; then one commit decides, and one switch makes it so. Whatever goes wrong before the
//! commit leaves what served.

use std::sync::Arc;

use super::Host;
use super::examining::Examined;
use super::following::off_the_serving_threads;
use crate::builds::check;
use crate::builds::probe::probe;
use crate::builds::{Act, Chosen, DeployOptions, Deployed, DeploymentRecord, Refused, audited};
use crate::config::is_name;
use crate::sandbox::Digest;
use crate::sandbox::deployment::Deployment;
use crate::services::attempt_id;
use crate::store::Write;
use crate::transaction::commit_unchecked;

/// How often a change of one channel is tried against changes of others.
pub(super) const ATTEMPTS: u32 = 8;

impl Host {
    /// Serves `channel` by the build `bytes` from now on, also after a restart and on the other hosts of the store. Messages in
    /// flight finish on the build they started with; it is kept for [`Host::rollback`].
    ///
    /// Once begun it goes on to its end, also if this future is dropped. Every deploy and every refusal is on record.
    ///
    /// # Errors
    /// When the build may not serve, or could not be stored; what serves stays as it is.
    pub async fn deploy(
        &self,
        channel: &str,
        bytes: Vec<u8>,
        options: DeployOptions,
    ) -> Result<Deployed, Refused> {
        let (host, channel) = (self.clone(), channel.to_owned());
        let task = tokio::spawn(async move {
            let digest = Digest::of(&bytes);
            let done = host.try_deploy(&channel, digest, bytes, &options).await;
            match &done {
                Ok(deployed) => tracing::info!(
                    channel,
                    build = digest.short(),
                    changed = deployed.changed,
                    "a build was deployed"
                ),
                Err(refused) => {
                    let act = Act {
                        action: "component-deploy",
                        outcome: "denied",
                        channel: named(&channel),
                        digest: Some(digest),
                        before: None,
                        detail: vec![("reason", refused.reason())],
                        by: &options.by,
                    };
                    host.record_refusal(act, refused).await;
                }
            }
            done
        });
        task.await.unwrap_or(Err(Refused::Fault))
    }

    async fn try_deploy(
        &self,
        channel: &str,
        digest: Digest,
        bytes: Vec<u8>,
        options: &DeployOptions,
    ) -> Result<Deployed, Refused> {
        if self.0.router.deployments.load().get(channel).is_none() {
            return Err(Refused::UnknownChannel(channel.to_owned()));
        }
        self.check_size(bytes.len())?;
        let (record, deployments) = self.standing(channel).await?;
        if let Some(unchanged) = self.unchanged(channel, &record, &digest, options) {
            return Ok(unchanged);
        }
        let bytes: Arc<[u8]> = bytes.into();
        let examined = {
            let (host, channel) = (self.clone(), channel.to_owned());
            let (bytes, record, options) = (bytes.clone(), record.clone(), options.clone());
            let examine =
                move || host.examine(&channel, digest, &bytes, (&record, &deployments), &options);
            let examined = off_the_serving_threads(examine).await?;
            examined.map_err(Refused::Problems)?
        };
        self.0.builds.store(&examined.build, &bytes).await?;
        // What is compiled is what will be found after a restart.
        let bytes = self.0.builds.bytes(channel, &digest).await?;
        let given = examined.given.clone();
        let deployment = self.compile(channel, bytes.into(), given).await?;
        let router = &self.0.router;
        probe(&router.services, &router.permits, &deployment).await?;
        let deployed = self.decide(&record, deployment, examined, options).await?;
        if let Err(error) = self.0.builds.collect(channel).await {
            tracing::warn!(%error, channel, "builds that nothing needs could not be removed");
        }
        Ok(deployed)
    }

    /// What to answer if this very build serves already: who asks again after a lost answer finds it done.
    fn unchanged(
        &self,
        channel: &str,
        record: &DeploymentRecord,
        digest: &Digest,
        options: &DeployOptions,
    ) -> Option<Deployed> {
        let serving = self.0.router.deployments.load().get(channel).cloned()?;
        let chosen = record.serving.as_ref()?;
        if chosen.digest != *digest || serving.digest != *digest || !options.grants.is_empty() {
            return None;
        }
        Some(Deployed {
            channel: channel.to_owned(),
            digest: *digest,
            version: serving.exported().version.to_string(),
            previous: *digest,
            revision: record.revision,
            changed: false,
            warnings: Vec::new(),
        })
    }

    /// The commit that decides, and the switch.
    async fn decide(
        &self,
        base: &DeploymentRecord,
        deployment: Arc<Deployment>,
        examined: Examined,
        options: &DeployOptions,
    ) -> Result<Deployed, Refused> {
        let channel = &*deployment.channel;
        let conflict = || Refused::Conflict(channel.to_owned());
        let _changing = self.0.changing.lock().await;
        for _ in 0..ATTEMPTS {
            let seen = self.0.builds.deployments().await?;
            if seen.of(channel).revision != base.revision {
                return Err(conflict());
            }
            self.adopt(&seen).await;
            let serving = self.0.router.deployments.load_full();
            let next = serving.with(deployment.clone());
            let problems = check::callers(&next.graph());
            if !problems.is_empty() {
                return Err(Refused::Problems(problems));
            }
            let chosen = Chosen {
                digest: deployment.digest,
                grants: examined.given.names(),
            };
            let now = self.0.router.services.clock.now();
            let record = base.deploy(chosen, examined.highest.clone(), now);
            let before = serving.get(channel).map(|build| build.digest);
            let act = Act {
                action: "component-deploy",
                outcome: "success",
                channel,
                digest: Some(deployment.digest),
                before,
                detail: detail(&examined),
                by: &options.by,
            };
            let audit = self.audited(act)?;
            if self
                .0
                .builds
                .replace(&seen, channel, &record, audit)
                .await?
            {
                let revision = record.revision;
                self.0.switch(next, [(channel.to_owned(), record)]);
                return Ok(Deployed {
                    channel: channel.to_owned(),
                    digest: deployment.digest,
                    version: examined.build.version,
                    previous: before.unwrap_or(deployment.digest),
                    revision,
                    changed: true,
                    warnings: examined.warnings,
                });
            }
        }
        Err(conflict())
    }

    /// The writes that put something on record.
    pub(super) fn audited(&self, act: Act<'_>) -> Result<Vec<Write>, Refused> {
        let services = &self.0.router.services;
        let writes = audited(act, services.audit, services.clock.now());
        Ok(writes.map_err(crate::builds::BuildsError::from)?)
    }

    /// Puts a refusal on record. That it cannot be is no reason to refuse otherwise: nothing was done.
    pub(super) async fn record_refusal(&self, act: Act<'_>, refused: &Refused) {
        let services = &self.0.router.services;
        tracing::warn!(
            channel = act.channel,
            action = act.action,
            reason = refused.reason(),
            "refused"
        );
        let written = match self.audited(act) {
            Ok(writes) => {
                let now = services.clock.now();
                let written = commit_unchecked(&*services.store, attempt_id(), now, writes).await;
                written.map_err(|cause| Refused::Store(cause.into()))
            }
            Err(cause) => Err(cause),
        };
        if let Err(error) = written {
            tracing::error!(%error, "the refusal of a deploy could not be put on record");
        }
    }
}

fn detail(examined: &Examined) -> Vec<(&'static str, String)> {
    let mut detail = vec![("version", examined.build.version.clone())];
    if !examined.given.is_empty() {
        detail.push(("grants", examined.given.names().join(" ")));
    }
    detail
}

/// The channel's name for the record, if it can be one.
pub(super) fn named(channel: &str) -> &str {
    match is_name(channel) {
        true => channel,
        false => "-",
    }
}
