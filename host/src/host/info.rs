//! The serving builds, for people.

use serde::Serialize;

use super::{Host, Inner};
use crate::builds::Refused;
use crate::clock::Timestamp;
use crate::sandbox::deployment::Deployment;
use crate::sandbox::{Digest, EffectiveLimits};

/// A serving build, for people.
#[derive(Debug, Clone, Serialize)]
pub struct DeploymentInfo {
    /// The channel.
    pub channel: String,
    /// The WIT package's version.
    pub version: String,
    /// SHA-256 of the build, in hexadecimal.
    pub digest: String,
    /// The build's size in bytes.
    pub size: usize,
    /// Who wrote it, as it says itself.
    pub author: Option<String>,
    /// Where it comes from.
    pub state: DeploymentState,
    /// Since when it serves, in milliseconds since 1970: since it was deployed, or since this host started.
    pub since: Timestamp,
    /// How often the channel's build was changed by a deploy or a rollback.
    pub revision: u64,
    /// The build that a rollback leads to, if it was deployed; none: what the host brings along, or nothing.
    pub previous: Option<String>,
    /// How often it was called on this host since it took it into use; nested calls and repeated ones count.
    pub calls: u64,
    /// How often it was to blame for a message's end, likewise: traps and limits.
    pub faults: u64,
    /// Builds that may not be deployed.
    pub quarantined: Vec<Digest>,
    /// Its commands.
    pub commands: Vec<String>,
    /// What it imports, each function of another channel's commands on its own.
    pub imports: Vec<String>,
    /// What it may import.
    pub grants: Vec<String>,
    /// What a message in it may use up.
    pub limits: EffectiveLimits,
}

/// A build whose bytes are stored, for people.
#[derive(Debug, Clone, Serialize)]
pub struct BuildInfo {
    /// SHA-256 of the build.
    pub digest: Digest,
    /// The WIT package's version.
    pub version: String,
    /// The build's size in bytes.
    pub size: usize,
    /// Who wrote it, as it says itself.
    pub author: Option<String>,
    /// The counter it was signed with.
    pub counter: Option<u64>,
    /// Whether it was signed.
    pub signed: bool,
    /// When it was stored, in milliseconds since 1970.
    pub stored_at: Timestamp,
    /// What it is to its channel.
    pub state: BuildState,
}

/// What a stored build is to its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildState {
    /// It serves.
    Serving,
    /// It served, and a rollback may lead to it.
    Earlier,
    /// Nothing needs it: it is removed with a later deploy.
    Unused,
}

/// Where a serving build comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentState {
    /// From the host: part of its program, named by its configuration, or given by who embeds it.
    Bundled,
    /// From a deploy.
    Deployed,
    /// Another host of the store deployed another one, which this host could not take over; the log says why.
    Behind,
}

impl Host {
    /// The builds of `channel` whose bytes are stored, the latest first.
    ///
    /// # Errors
    /// For a channel that is not served, and when the store cannot be read.
    pub async fn stored_builds(&self, channel: &str) -> Result<Vec<BuildInfo>, Refused> {
        if self.0.router.deployments.load().get(channel).is_none() {
            return Err(Refused::UnknownChannel(channel.to_owned()));
        }
        let record = self.0.builds.deployment(channel).await?;
        let serving = record.serving.as_ref().map(|chosen| chosen.digest);
        let builds = self.0.builds.list(channel).await?.into_iter();
        let mut infos: Vec<_> = builds
            .map(|build| BuildInfo {
                state: match build.digest {
                    digest if serving == Some(digest) => BuildState::Serving,
                    digest if record.needs(&digest) => BuildState::Earlier,
                    _ => BuildState::Unused,
                },
                digest: build.digest,
                version: build.version,
                size: build.size,
                author: build.author,
                counter: build.counter,
                signed: build.signature.is_some(),
                stored_at: build.stored_at,
            })
            .collect();
        infos.sort_by_key(|info| (std::cmp::Reverse(info.stored_at), info.digest));
        Ok(infos)
    }
}

impl Inner {
    pub(super) fn info(&self, deployment: &Deployment) -> DeploymentInfo {
        let channel = deployment.exported();
        let known = self.known().get(&*deployment.channel).cloned();
        let record = known.as_ref().map(|known| &known.record);
        let is_behind = known.as_ref().is_some_and(|known| known.refused.is_some());
        let serving = record.and_then(|record| record.serving.as_ref());
        let imports = deployment.contract.imports.iter().flat_map(|import| {
            let functions = import.functions.iter();
            functions
                .map(|function| format!("{}#{function}", import.interface))
                .collect::<Vec<_>>()
        });
        let (calls, faults) = deployment.counts.read();
        DeploymentInfo {
            channel: deployment.channel.to_string(),
            version: channel.version.to_string(),
            digest: deployment.digest.to_string(),
            size: deployment.size,
            author: deployment.contract.author.as_deref().map(str::to_owned),
            state: match (is_behind, serving) {
                (true, _) => DeploymentState::Behind,
                (false, Some(_)) => DeploymentState::Deployed,
                (false, None) => DeploymentState::Bundled,
            },
            since: record
                .filter(|record| record.revision > 0)
                .map_or(self.started_at, |record| record.since),
            revision: record.map_or(0, |record| record.revision),
            previous: record
                .and_then(|record| record.earlier.last())
                .map(|chosen| chosen.digest.to_string()),
            calls,
            faults,
            quarantined: record.map_or_else(Vec::new, |record| record.quarantined.clone()),
            commands: channel
                .commands
                .iter()
                .map(|command| command.name.to_string())
                .collect(),
            imports: imports.collect(),
            grants: deployment.grants.names(),
            limits: deployment.limits.clone(),
        }
    }
}
