//! Which builds serve when the host starts: those that were deployed, and for all other channels those that it brings along.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use semver::Version;

use super::known::Known;
use super::{Inner, StartError};
use crate::builds::{Chosen, Refused, check, file};
use crate::config;
use crate::contract::Contract;
use crate::router::takes_a_credential;
use crate::sandbox::deployment::{Deployment, Settings};
use crate::sandbox::{DeployError, Deployments, Grants};

impl Inner {
    /// Gathers what the host brings along: the bundled builds, those of the configuration and those of the embedder, the later
    /// instead of the earlier. Then loads what serves.
    pub(super) async fn start(
        mut self,
        components: Vec<Vec<u8>>,
        bundled: bool,
    ) -> Result<Self, StartError> {
        self.gather(components, bundled)?;
        if let Some(channel) = self
            .config
            .components
            .keys()
            .find(|channel| !self.brought.contains_key(*channel))
        {
            let text =
                format!("components.{channel}: no build serves this channel; name one with `file`");
            return Err(StartError::Config(text));
        }
        self.load_all().await?;
        Ok(self)
    }

    fn gather(&mut self, components: Vec<Vec<u8>>, bundled: bool) -> Result<(), StartError> {
        let mut builds: HashMap<String, Arc<[u8]>> = HashMap::new();
        for (channel, bytes) in bundle().filter(|_| bundled) {
            let contract =
                Contract::read(bytes).map_err(|cause| component_error(channel, cause.into()))?;
            self.default_grants
                .insert(channel.to_owned(), Grants::needed_by(&contract.imports));
            builds.insert(channel.to_owned(), bytes.into());
        }
        for (channel, settings) in &self.config.components {
            if let Some(file) = &settings.file {
                let bytes = configured(&self.config.deploy, channel, file)?;
                builds.insert(channel.clone(), bytes.into());
            }
        }
        for bytes in components {
            let contract =
                Contract::read(&bytes).map_err(|cause| component_error("?", cause.into()))?;
            let bytes: Arc<[u8]> = bytes.into();
            for channel in &contract.channels {
                builds.insert(channel.name.to_string(), bytes.clone());
            }
        }
        self.brought = builds;
        Ok(())
    }

    /// What was deployed serves, although it was decided for another start: a host that came back with what it was deployed to
    /// replace could bring back the very fault. One that cannot be loaded is no reason to serve something else, but to say so.
    async fn load_all(&self) -> Result<(), StartError> {
        let seen = self.builds.deployments().await?;
        let mut deployments = Deployments::default();
        let mut known = HashMap::new();
        let mut deployed = Vec::new();
        for (channel, bytes) in &self.brought {
            let record = seen.of(channel);
            let deployment = match &record.serving {
                None => self
                    .load(channel, bytes, &Grants::default())
                    .map_err(|cause| component_error(channel, cause))?,
                Some(chosen) => {
                    let build = chosen.digest.short();
                    tracing::info!(channel, build, "what was deployed serves");
                    if self
                        .settings(channel, Grants::default())
                        .component
                        .file
                        .is_some()
                    {
                        tracing::warn!(channel, "and not the `file` that the configuration names");
                    }
                    deployed.push(channel.clone());
                    self.load_stored(channel, chosen).await.map_err(|cause| {
                        let channel = channel.clone();
                        StartError::Deployed { channel, cause }
                    })?
                }
            };
            deployments = deployments.with(Arc::new(deployment));
            known.insert(channel.clone(), Known::of(record));
        }
        for (channel, _) in seen
            .iter()
            .filter(|(channel, _)| !known.contains_key(*channel))
        {
            tracing::warn!(
                channel,
                "a build was deployed to a channel that this host does not serve"
            );
        }
        deployed.sort();
        self.check(&deployments).map_err(|cause| match cause {
            cause if !deployed.is_empty() => StartError::Misfit { deployed, cause },
            DeployError::Auth { .. } => StartError::Config(cause.to_string()),
            cause => component_error("?", cause),
        })?;
        self.router.deployments.store(Arc::new(deployments));
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    /// Loads a build that was deployed, from the store. Blocks for as long as compiling takes.
    async fn load_stored(&self, channel: &str, chosen: &Chosen) -> Result<Deployment, Refused> {
        let (bytes, given) = self.fetch(channel, chosen).await?;
        let loaded = self.load(channel, &bytes, &given);
        loaded.map_err(|cause| check::of_loading(cause).into())
    }

    /// The bytes of a build that was deployed, and what it was given. Where it comes from is judged anew.
    pub(super) async fn fetch(
        &self,
        channel: &str,
        chosen: &Chosen,
    ) -> Result<(Vec<u8>, Grants), Refused> {
        let bytes = self.builds.bytes(channel, &chosen.digest).await?;
        let build = self.builds.find(channel, &chosen.digest).await?;
        let (version, signature) = build
            .map(|build| (build.version.parse().ok(), build.signature))
            .unwrap_or_default();
        // No signature is for that one.
        let version = version.unwrap_or(Version::new(0, 0, 0));
        self.provenance
            .verify(channel, &chosen.digest, &version, signature.as_deref())?;
        let given = Grants::parse(&chosen.grants).map_err(|cause| {
            let remedy = "deploy it again, or go back to the build before";
            check::Problem::new("grants", cause, remedy)
        })?;
        Ok((bytes, given))
    }

    /// Whether these builds can serve together, and check credentials as `[auth]` says.
    fn check(&self, deployments: &Deployments) -> Result<(), DeployError> {
        if let Some(error) = deployments.graph().errors().into_iter().next() {
            return Err(error.into());
        }
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

    /// Reads, checks, compiles and links `bytes` for `channel`. Blocks for as long as compiling takes.
    pub(super) fn load(
        &self,
        channel: &str,
        bytes: &[u8],
        given: &Grants,
    ) -> Result<Deployment, DeployError> {
        Deployment::load(
            &self.router.services.engine,
            self.cache.as_ref(),
            channel,
            bytes,
            &self.settings(channel, given.clone()),
        )
    }

    /// What a build of `channel` is deployed with.
    pub(super) fn settings(&self, channel: &str, given: Grants) -> Settings<'_> {
        let default_grants = self.default_grants.get(channel);
        Settings {
            limits: &self.config.limits,
            shared: &self.config.shared,
            links: &self.config.links,
            component: self.config.components.get(channel).unwrap_or(&self.unset),
            default_grants: default_grants.cloned().unwrap_or_default(),
            given,
        }
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

/// The build that the configuration names for `channel`, if `[deploy]` takes it.
fn configured(deploy: &config::Deploy, channel: &str, file: &Path) -> Result<Vec<u8>, StartError> {
    file::read_trusted(deploy, channel, file).map_err(|refused| match refused {
        file::Refused::Io(cause) => StartError::File {
            channel: channel.to_owned(),
            cause,
        },
        file::Refused::Contract(cause) => component_error(channel, cause.into()),
        file::Refused::Untrusted(cause) => StartError::Untrusted {
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
