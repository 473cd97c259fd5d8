//! Back to the build that served before: the same switch.

use super::Host;
use super::deploying::{ATTEMPTS, named};
use crate::builds::check::{self, Problem};
use crate::builds::{Act, Deployed, Refused, RollbackOptions};
use crate::sandbox::Digest;
use crate::sandbox::deployment::Deployment;

impl Host {
    /// Goes back to the build that served `channel` before, here and on the other hosts of the store, also after a restart. At the
    /// bottom of all is the build that the host brings along.
    ///
    /// # Errors
    /// [`Refused::NoEarlier`]; or when that build cannot be loaded any more, does not fit the other builds or does not read what
    /// is stored. What serves stays as it is.
    pub async fn rollback(
        &self,
        channel: &str,
        options: RollbackOptions,
    ) -> Result<Deployed, Refused> {
        let (host, channel) = (self.clone(), channel.to_owned());
        let task = tokio::spawn(async move {
            let done = host.try_rollback(&channel, &options).await;
            match &done {
                Ok(deployed) => {
                    let build = deployed.digest.short();
                    tracing::info!(channel, build, "the build before serves again");
                }
                Err(refused) => {
                    let act = Act {
                        action: "component-rollback",
                        outcome: "denied",
                        channel: named(&channel),
                        digest: None,
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

    async fn try_rollback(
        &self,
        channel: &str,
        options: &RollbackOptions,
    ) -> Result<Deployed, Refused> {
        let none = || Refused::NoEarlier(channel.to_owned());
        let _changing = self.0.changing.lock().await;
        for _ in 0..ATTEMPTS {
            let seen = self.0.builds.deployments().await?;
            self.adopt(&seen).await;
            let serving = self.0.router.deployments.load_full();
            let left = serving.get(channel);
            let left = left.ok_or_else(|| Refused::UnknownChannel(channel.to_owned()))?;
            // What the record says serves, which is another build if this host could not follow.
            let chosen = seen.of(channel).serving;
            let before = chosen.map_or(left.digest, |chosen| chosen.digest);
            if options.from.is_some_and(|from| from != before) {
                return Err(Refused::Conflict(channel.to_owned()));
            }
            let now = self.0.router.services.clock.now();
            let record = seen.of(channel).roll_back(options.quarantine, now);
            let record = record.ok_or_else(none)?;
            let target = self.obtain(channel, record.serving.as_ref()).await?;
            let next = serving.with(target.clone());
            let mut problems = check::callers(&next.graph());
            problems.extend(check::credentials(&self.0.router.auth, target.exported()));
            problems.extend(unread(left, &target, options));
            if !problems.is_empty() {
                return Err(Refused::Problems(problems));
            }
            let audit = self.audited(success(channel, target.digest, before, options))?;
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
                    digest: target.digest,
                    version: target.exported().version.to_string(),
                    previous: before,
                    revision,
                    changed: true,
                    warnings: Vec::new(),
                });
            }
        }
        Err(Refused::Conflict(channel.to_owned()))
    }
}

fn success<'a>(
    channel: &'a str,
    digest: Digest,
    before: Digest,
    options: &'a RollbackOptions,
) -> Act<'a> {
    let quarantined = options
        .quarantine
        .then(|| ("quarantined", before.to_string()));
    Act {
        action: "component-rollback",
        outcome: "success",
        channel,
        digest: Some(digest),
        before: Some(before),
        detail: quarantined.into_iter().collect(),
        by: &options.by,
    }
}

/// Whether the build before reads what the one that served wrote.
fn unread(left: &Deployment, target: &Deployment, options: &RollbackOptions) -> Option<Problem> {
    let mut problems = Vec::new();
    if !options.allow_unread_schema {
        check::check_schema(&target.contract, &left.contract, &mut problems);
    }
    problems.pop().map(|problem| Problem {
        remedy: "deploy a build that reads it; or add `--allow-unread-schema`, if it is known to do no harm"
            .to_owned(),
        ..problem
    })
}
