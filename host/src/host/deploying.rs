//! Which builds serve: those of the start, and those that are put in their place while the host runs.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::{Inner, StartError};
use crate::builds::file::{self, Refused};
use crate::config;
use crate::contract::Contract;
use crate::router::takes_a_credential;
use crate::sandbox::deployment::{Deployment, Settings};
use crate::sandbox::{DeployError, Deployments, Digest, Grants};

impl Inner {
    /// Loads the bundled builds, those of the configuration and those of the embedder, the later instead of the earlier.
    pub(super) fn deploy_all(
        mut self,
        components: Vec<Vec<u8>>,
        bundled: bool,
    ) -> Result<Self, StartError> {
        let mut builds: HashMap<String, Vec<u8>> = HashMap::new();
        for (channel, bytes) in bundle().filter(|_| bundled) {
            let contract =
                Contract::read(bytes).map_err(|cause| component_error(channel, cause.into()))?;
            self.default_grants
                .insert(channel.to_owned(), Grants::needed_by(&contract.imports));
            builds.insert(channel.to_owned(), bytes.to_vec());
        }
        for (channel, settings) in &self.config.components {
            if let Some(file) = &settings.file {
                let bytes = configured(&self.config.deploy, channel, file)?;
                builds.insert(channel.clone(), bytes);
            }
        }
        for bytes in components {
            let contract =
                Contract::read(&bytes).map_err(|cause| component_error("?", cause.into()))?;
            for channel in &contract.channels {
                builds.insert(channel.name.to_string(), bytes.clone());
            }
        }
        if let Some(channel) = self
            .config
            .components
            .keys()
            .find(|channel| !builds.contains_key(*channel))
        {
            let text =
                format!("components.{channel}: no build serves this channel; name one with `file`");
            return Err(StartError::Config(text));
        }
        let mut deployments = Deployments::default();
        for (channel, bytes) in &builds {
            let deployment = self
                .load(channel, bytes)
                .map_err(|cause| component_error(channel, cause))?;
            deployments = deployments.with(Arc::new(deployment));
        }
        self.check(&deployments).map_err(|cause| match cause {
            DeployError::Auth { .. } => StartError::Config(cause.to_string()),
            cause => component_error("?", cause),
        })?;
        self.router.deployments.store(Arc::new(deployments));
        Ok(self)
    }

    /// Whether these builds can serve together, and check credentials as `[auth]` says.
    fn check(&self, deployments: &Deployments) -> Result<(), DeployError> {
        deployments.check()?;
        self.check_auth(deployments)
    }

    /// A command that checks credentials must exist where its channel does, and take a single text: else every user would be
    /// refused, one message after the other.
    fn check_auth(&self, deployments: &Deployments) -> Result<(), DeployError> {
        let auth = &self.router.auth;
        for (key, command) in [("jwt", &auth.jwt), ("api_token", &auth.api_token)] {
            let Some((channel, name)) = command else {
                continue;
            };
            let Some(deployment) = deployments.get(channel) else {
                continue;
            };
            if !deployment.command(name).is_some_and(takes_a_credential) {
                return Err(DeployError::Auth {
                    key,
                    channel: channel.clone(),
                    command: name.clone(),
                });
            }
        }
        Ok(())
    }

    pub(super) fn load(&self, channel: &str, bytes: &[u8]) -> Result<Deployment, DeployError> {
        let component = self
            .config
            .components
            .get(channel)
            .cloned()
            .unwrap_or_default();
        let settings = Settings {
            limits: &self.config.limits,
            shared: &self.config.shared,
            links: &self.config.links,
            component: &component,
            default_grants: self
                .default_grants
                .get(channel)
                .cloned()
                .unwrap_or_default(),
        };
        Deployment::load(
            &self.router.services.engine,
            self.cache.as_ref(),
            channel,
            bytes,
            &settings,
        )
    }

    /// The one switch: whoever looks sees the old build or the new one.
    pub(super) fn switch(&self, deployment: Arc<Deployment>) -> Result<Digest, DeployError> {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let serving = self.router.deployments.load_full();
        let next = serving.with(deployment.clone());
        self.check(&next)?;
        self.router.deployments.store(Arc::new(next));
        if let Some(previous) = serving.get(&deployment.channel) {
            let kept = earlier.entry(deployment.channel.to_string()).or_default();
            kept.push(previous.clone());
            // One step back is promised; more would only hold memory.
            kept.drain(..kept.len().saturating_sub(4));
        }
        Ok(deployment.digest)
    }

    pub(super) fn rollback(&self, channel: &str) -> Result<Digest, DeployError> {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let none = || DeployError::NoEarlier(channel.to_owned());
        let kept = earlier.get_mut(channel).ok_or_else(none)?;
        let previous = kept.last().cloned().ok_or_else(none)?;
        let next = self.router.deployments.load_full().with(previous.clone());
        self.check(&next)?;
        kept.pop();
        self.router.deployments.store(Arc::new(next));
        Ok(previous.digest)
    }
}

/// The components that are part of this build of the host: (channel, bytes).
pub(crate) fn bundle() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    #[cfg(feature = "bundle")]
    let components = bundle::COMPONENTS
        .iter()
        .map(|component| (component.channel, component.wasm));
    #[cfg(not(feature = "bundle"))]
    let components = std::iter::empty();
    components
}

/// The build in `file` for `channel`, if `[deploy]` takes it.
fn configured(deploy: &config::Deploy, channel: &str, file: &Path) -> Result<Vec<u8>, StartError> {
    file::read_trusted(deploy, channel, file).map_err(|refused| match refused {
        Refused::Io(cause) => StartError::File {
            channel: channel.to_owned(),
            cause,
        },
        Refused::Contract(cause) => component_error(channel, cause.into()),
        Refused::Untrusted(cause) => StartError::Untrusted {
            channel: channel.to_owned(),
            cause,
        },
    })
}

fn component_error(channel: &str, cause: DeployError) -> StartError {
    StartError::Component {
        channel: channel.to_owned(),
        cause,
    }
}
