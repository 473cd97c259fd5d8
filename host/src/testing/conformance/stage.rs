//! The builds of a run: read, checked and compiled before anything is played.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::CheckError;
use crate::config::{self, Config};
use crate::contract::{Channel, Contract};
use crate::host::bundle;
use crate::sandbox::deployment::{Deployment, Settings};
use crate::sandbox::{CodeCache, DeployError, Deployments, Digest, Engine, Grants};

/// What builds are loaded with.
#[derive(Clone)]
pub(super) struct Workshop {
    pub(super) engine: Engine,
    pub(super) code: CodeCache,
    pub(super) config: Config,
}

/// The two builds of a channel, among the bundled ones of all others.
pub(super) struct Stage {
    pub(super) workshop: Workshop,
    pub(super) channel: String,
    contract: Channel,
    others: Deployments,
    serving: Vec<u8>,
    candidate: Vec<u8>,
    plain: Pair,
}

/// What serves when it is the turn of one build, or of the other.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) serving: Arc<Deployments>,
    pub(super) candidate: Arc<Deployments>,
}

impl Stage {
    /// Loads everything. Blocks for as long as compiling takes.
    pub(super) fn set(
        workshop: Workshop,
        channel: &str,
        candidate: Vec<u8>,
        serving: Option<Vec<u8>>,
    ) -> Result<Self, CheckError> {
        let bundled = || bundle().find(|(of, _)| *of == channel);
        let serving = serving.or_else(|| bundled().map(|(_, bytes)| bytes.to_vec()));
        // The first build of a channel takes over from nobody, and has no data but its own.
        let serving = serving.unwrap_or_else(|| candidate.clone());
        let mut others = Deployments::default();
        for (other, bytes) in bundle().filter(|(other, _)| *other != channel) {
            let loaded = load(&workshop, other, bytes, BTreeMap::new());
            let loaded = loaded.map_err(|cause| CheckError::Bundled(other.to_owned(), cause))?;
            others = others.with(Arc::new(loaded));
        }
        let none = BTreeMap::new;
        let plain = Pair {
            serving: beside(&others, &workshop, channel, &serving, none())
                .map_err(CheckError::Serving)?,
            candidate: beside(&others, &workshop, channel, &candidate, none())
                .map_err(CheckError::Candidate)?,
        };
        let serves = plain.serving.get(channel);
        let contract = serves.map(|deployment| deployment.exported().clone());
        let contract = contract.ok_or(CheckError::Aborted)?;
        Ok(Self {
            workshop,
            channel: channel.to_owned(),
            contract,
            others,
            serving,
            candidate,
            plain,
        })
    }

    /// SHA-256 of the candidate and of the serving build.
    pub(super) fn digests(&self) -> (Digest, Digest) {
        (Digest::of(&self.candidate), Digest::of(&self.serving))
    }

    /// What the serving build's contract says.
    pub(super) fn contract(&self) -> &Channel {
        &self.contract
    }

    /// The candidate under this configuration of its own, among the others.
    pub(super) fn candidate(
        &self,
        config: &BTreeMap<String, toml::Value>,
    ) -> Result<Arc<Deployments>, DeployError> {
        match config.is_empty() {
            true => Ok(self.plain.candidate.clone()),
            false => self.beside(&self.candidate, config),
        }
    }

    /// The same for the serving build.
    pub(super) fn serving(
        &self,
        config: &BTreeMap<String, toml::Value>,
    ) -> Result<Arc<Deployments>, DeployError> {
        match config.is_empty() {
            true => Ok(self.plain.serving.clone()),
            false => self.beside(&self.serving, config),
        }
    }

    fn beside(
        &self,
        bytes: &[u8],
        config: &BTreeMap<String, toml::Value>,
    ) -> Result<Arc<Deployments>, DeployError> {
        let (workshop, channel) = (&self.workshop, &self.channel);
        beside(&self.others, workshop, channel, bytes, config.clone())
    }
}

fn beside(
    others: &Deployments,
    workshop: &Workshop,
    channel: &str,
    bytes: &[u8],
    config: BTreeMap<String, toml::Value>,
) -> Result<Arc<Deployments>, DeployError> {
    let all = others.with(Arc::new(load(workshop, channel, bytes, config)?));
    if let Some(error) = all.graph().errors().into_iter().next() {
        return Err(error.into());
    }
    Ok(Arc::new(all))
}

/// A build is granted what it asks for: what it may have in an installation is not the question here.
fn load(
    workshop: &Workshop,
    channel: &str,
    bytes: &[u8],
    config: BTreeMap<String, toml::Value>,
) -> Result<Deployment, DeployError> {
    let all = &workshop.config;
    let own = all.components.get(channel).cloned().unwrap_or_default();
    let component = config::Component {
        grants: None,
        file: None,
        config,
        ..own
    };
    let settings = Settings {
        limits: &all.limits,
        shared: &all.shared,
        links: &all.links,
        component: &component,
        default_grants: Grants::needed_by(&Contract::read(bytes)?.imports),
        given: Grants::default(),
    };
    let (engine, code) = (&workshop.engine, Some(&workshop.code));
    Deployment::load(engine, code, channel, bytes, &settings)
}
