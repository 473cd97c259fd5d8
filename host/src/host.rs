//! The host: the one place that puts the parts together and names the backends.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;

use crate::buckets::Buckets;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config};
use crate::contract::{Channel, Contract};
use crate::error::Failure;
use crate::hashing::{HashPool, HashPoolError};
use crate::keyring::{KeyRing, KeyRingError, RootKey};
use crate::message::{Answer, Caller, Message};
use crate::outbox::{self, Posted};
use crate::planes::Planes;
use crate::router::{AuthCommands, Router, takes_a_credential};
use crate::sandbox::deployment::{Deployment, Settings};
use crate::sandbox::{
    CodeCache, DeployError, Deployments, Digest, EffectiveLimits, Engine, EngineError, Grants,
    Permits,
};
use crate::service_keys::ServiceKeys;
use crate::services::Services;
use crate::store::memory::MemoryStore;
use crate::store::sweeper::{DEFAULT_INTERVAL, Sweeper};
use crate::store::{Range, Store, StoreError};
use crate::telemetry::Metrics;

/// How often it is looked whether the key ring has changed.
const UPKEEP: Duration = Duration::from_secs(5);

/// A running host. Cheap to clone; the last clone that goes ends its background work.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    router: Arc<Router>,
    service_keys: Arc<ServiceKeys>,
    config: Config,
    planes: Planes,
    cache: Option<CodeCache>,
    default_grants: HashMap<String, Grants>,
    earlier: Mutex<HashMap<String, Vec<Arc<Deployment>>>>,
    /// Dropped with the host: background tasks end.
    _stop: watch::Sender<bool>,
}

/// Makes a [`Host`]. Everything has a default: a store in memory, the machine's clock, a fresh root key, the bundled components.
pub struct HostBuilder {
    config: Config,
    store: Option<Arc<dyn Store>>,
    clock: Arc<dyn Clock>,
    root_key: Option<RootKey>,
    engine: Option<Engine>,
    cache_folder: Option<PathBuf>,
    remembered_signatures: Option<usize>,
    components: Vec<Vec<u8>>,
    bundled: bool,
}

/// Why a host could not start. It says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The sandbox engine cannot run.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The key ring cannot be opened.
    #[error(transparent)]
    KeyRing(#[from] KeyRingError),
    /// Password hashing cannot be set up.
    #[error("passwords: {0}")]
    Hashing(#[from] HashPoolError),
    /// A component cannot be deployed.
    #[error("component of channel {channel}: {cause}")]
    Component {
        /// Its channel, or a file name.
        channel: String,
        /// Why.
        cause: DeployError,
    },
    /// A component's file cannot be read.
    #[error("components.{channel}.file cannot be read: {cause}")]
    File {
        /// Its channel.
        channel: String,
        /// Why.
        cause: std::io::Error,
    },
    /// The configuration contradicts itself.
    #[error("{0}")]
    Config(String),
}

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
    /// Its commands.
    pub commands: Vec<String>,
    /// What it imports, each function of another channel's commands on its own.
    pub imports: Vec<String>,
    /// What it may import.
    pub grants: Vec<String>,
    /// What a message in it may use up.
    pub limits: EffectiveLimits,
}

impl Host {
    /// Starts making a host.
    #[must_use]
    pub fn builder() -> HostBuilder {
        HostBuilder {
            config: Config::default(),
            store: None,
            clock: Arc::new(SystemClock),
            root_key: None,
            engine: None,
            cache_folder: None,
            remembered_signatures: None,
            components: Vec::new(),
            bundled: true,
        }
    }

    /// Routes one message to the component that serves its channel, and gives its answer.
    ///
    /// # Errors
    /// Whatever the client is to be told; see [`crate::error::Code`].
    pub async fn send(&self, message: Message) -> Answer {
        self.0.router.send(message).await
    }

    /// Sends `request` to `channel/command` on the service plane and reads the reply as `Reply`.
    ///
    /// The names of the fields are the JSON names: snake_case. For a command without reply use `()`.
    ///
    /// # Errors
    /// As [`Host::send`]; also `bad-request` when `request` is no JSON, and `unknown` when the reply is no `Reply`.
    pub async fn call<Request, Reply>(
        &self,
        channel: &str,
        command: &str,
        request: &Request,
    ) -> Result<Reply, Failure>
    where
        Request: Serialize + Sync,
        Reply: DeserializeOwned,
    {
        let payload = serde_json::to_value(request)
            .map_err(|cause| Failure::bad_request(Vec::new()).because(cause))?;
        let reply = self
            .send(Message::new(
                channel,
                command,
                payload,
                Caller::service(None),
            ))
            .await?;
        serde_json::from_value(reply.unwrap_or(Value::Null))
            .map_err(|cause| Failure::unknown().because(cause))
    }

    /// Serves `channel` by the build `bytes` from now on. Messages in flight finish on the build they started with; it is kept
    /// for [`Host::rollback`].
    ///
    /// # Errors
    /// When the build may not serve; the serving build stays as it is.
    pub async fn deploy(&self, channel: &str, bytes: Vec<u8>) -> Result<Digest, DeployError> {
        let (host, name) = (self.clone(), channel.to_owned());
        let loaded = tokio::task::spawn_blocking(move || host.0.load(&name, &bytes)).await;
        let deployment = loaded.map_err(|cause| DeployError::Compile(cause.to_string()))??;
        self.0.switch(Arc::new(deployment))
    }

    /// Goes back to the build that served `channel` before.
    ///
    /// # Errors
    /// [`DeployError::NoEarlier`], or when it no longer fits the other builds.
    pub fn rollback(&self, channel: &str) -> Result<Digest, DeployError> {
        self.0.rollback(channel)
    }

    /// The builds that serve now, by channel.
    #[must_use]
    pub fn deployments(&self) -> Vec<DeploymentInfo> {
        self.0
            .router
            .deployments
            .load()
            .iter()
            .map(|deployment| info(deployment))
            .collect()
    }

    /// The contracts of the builds that serve now.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        self.0
            .router
            .deployments
            .load()
            .iter()
            .map(|deployment| deployment.exported().clone())
            .collect()
    }

    /// What waits in the outbox, oldest first: at most 1 000 mails and 1 000 events.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn outbox(&self) -> Result<Vec<Posted>, StoreError> {
        let services = self.services();
        let mut snapshot = services.store.begin().await?;
        let mut posted = Vec::new();
        for namespace in [outbox::mails(), outbox::events()] {
            let range = Range {
                namespace: namespace.clone(),
                prefix: String::new(),
                after: None,
            };
            for entry in snapshot
                .scan(&range, 1_000, 16 * 1024 * 1024, services.clock.now())
                .await?
            {
                let opened = outbox::open(&services.keyring, &namespace, &entry.key, &entry.record);
                posted.extend(opened.await);
            }
        }
        Ok(posted)
    }

    /// The key ring.
    #[must_use]
    pub fn keyring(&self) -> &Arc<KeyRing> {
        &self.services().keyring
    }

    /// The service keys.
    #[must_use]
    pub fn service_keys(&self) -> &Arc<ServiceKeys> {
        &self.0.service_keys
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.services().store
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.services().clock
    }

    /// The metrics.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.services().metrics
    }

    /// The configuration this host was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// All metrics in the OpenMetrics text format, with the store's and the hash pool's figures of now.
    #[must_use]
    pub fn metrics_text(&self) -> String {
        let services = self.services();
        services.metrics.store_status(&services.store.status());
        services
            .metrics
            .hashes_waiting(services.hashing.status().waiting);
        services.metrics.encode()
    }

    /// Which commands are open to whom.
    #[must_use]
    pub fn planes(&self) -> &Planes {
        &self.0.planes
    }

    /// What serves now; the same `Arc` until that changes.
    #[cfg(feature = "http")]
    pub(crate) fn deployed(&self) -> Arc<Deployments> {
        self.0.router.deployments.load_full()
    }

    fn services(&self) -> &Arc<Services> {
        &self.0.router.services
    }
}

impl HostBuilder {
    /// The configuration. Listeners and data folder are the program's business; the host reads the rest.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Where everything is kept.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Where the time is read.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The key that wraps all other keys. Without it nothing that a lasting store holds can be used again.
    #[must_use]
    pub fn root_key(mut self, root_key: RootKey) -> Self {
        self.root_key = Some(root_key);
        self
    }

    /// An engine shared with other hosts. It must have room for `limits.concurrent × limits.depth` sandboxes of each.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    /// A folder for compiled code, so that the next start does not compile again.
    #[must_use]
    pub fn code_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache_folder = Some(folder.into());
        self
    }

    /// How many signatures that were found good are remembered, so that they need not be verified again; 0: none. Whether a token is
    /// still valid is asked every time.
    #[must_use]
    pub fn remembered_signatures(mut self, count: usize) -> Self {
        self.remembered_signatures = Some(count);
        self
    }

    /// A component to serve every channel it exports, instead of a bundled one. Its imports must be granted by
    /// the configuration, unless the bundled build of the channel needs them too.
    #[must_use]
    pub fn component(mut self, bytes: Vec<u8>) -> Self {
        self.components.push(bytes);
        self
    }

    /// Leaves the bundled components out.
    #[must_use]
    pub fn without_bundle(mut self) -> Self {
        self.bundled = false;
        self
    }

    /// Makes the host. Must be called within a tokio runtime, which it uses for its background work.
    ///
    /// # Errors
    /// When a key, a component or the configuration is not right; nothing has been served then.
    pub async fn build(self) -> Result<Host, StartError> {
        let broken = |rule: &dyn std::fmt::Display| StartError::Config(rule.to_string());
        self.config.check().map_err(|error| broken(&error))?;
        let planes = Planes::new(&self.config.planes).map_err(|error| broken(&error))?;
        let store = self.store.unwrap_or_else(|| Arc::new(MemoryStore::new()));
        let root_key = match self.root_key {
            Some(root_key) => root_key,
            None => RootKey::generate().map_err(KeyRingError::from)?,
        };
        let mut options = crate::keyring::Options {
            algorithm: self.config.signing.algorithm,
            ..Default::default()
        };
        if let Some(count) = self.remembered_signatures {
            options.remembered_signatures = count;
        }
        let keyring =
            Arc::new(KeyRing::open(store.clone(), &root_key, self.clock.clone(), options).await?);
        let limits = self.config.limits.clone();
        let engine = match self.engine {
            Some(engine) => engine,
            None => Engine::new(limits.concurrent.saturating_mul(limits.depth))?,
        };
        let metrics = Arc::new(Metrics::new());
        let cache_key = root_key.subkey("code-cache").map_err(KeyRingError::from)?;
        let cache = self
            .cache_folder
            .map(|folder| CodeCache::new(folder, &cache_key));
        // Half of the messages in flight may wait for a hash: sign-ins cannot hold every sandbox.
        let mut hashing = self.config.passwords.clone();
        hashing.queue = hashing
            .queue
            .min(usize::try_from(limits.concurrent / 2).unwrap_or(1))
            .max(1);
        let services = Arc::new(Services {
            hashing: HashPool::new(&hashing, keyring.clone())?,
            buckets: Buckets::new(
                &self.config.buckets,
                store.clone(),
                keyring.clone(),
                self.clock.clone(),
            ),
            commits: tokio::sync::RwLock::new(()),
            clock: self.clock.clone(),
            metrics: metrics.clone(),
            keyring: keyring.clone(),
            store: store.clone(),
            engine,
        });
        let router = Arc::new(Router {
            services,
            deployments: ArcSwap::default(),
            permits: Permits::new(limits.concurrent, limits.waiting, metrics),
            auth: auth_commands(&self.config.auth)?,
            limits: EffectiveLimits::of(&limits, &config::ComponentLimits::default()),
        });
        let (stop, stopped) = watch::channel(false);
        let inner = Inner {
            service_keys: Arc::new(ServiceKeys::new(store.clone(), self.clock.clone())),
            router,
            cache,
            default_grants: HashMap::new(),
            config: self.config,
            planes,
            earlier: Mutex::default(),
            _stop: stop,
        };
        let inner = inner.deploy_all(self.components, self.bundled)?;
        let sweeper = Sweeper::new(store, self.clock);
        tokio::spawn(sweeper.run(DEFAULT_INTERVAL, stopped.clone()));
        tokio::spawn(follow_keys(inner.router.services.clone(), stopped));
        Ok(Host(Arc::new(inner)))
    }
}

impl Inner {
    /// Loads the bundled builds, those of the configuration and those of the embedder, the later instead of the earlier.
    fn deploy_all(mut self, components: Vec<Vec<u8>>, bundled: bool) -> Result<Self, StartError> {
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
                let bytes = std::fs::read(file).map_err(|cause| StartError::File {
                    channel: channel.clone(),
                    cause,
                })?;
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
        deployments
            .check()
            .map_err(|cause| component_error("?", cause.into()))?;
        self.check_auth(&deployments)?;
        self.router.deployments.store(Arc::new(deployments));
        Ok(self)
    }

    /// A command that checks credentials must exist where its channel does, and take a single text.
    fn check_auth(&self, deployments: &Deployments) -> Result<(), StartError> {
        let auth = &self.router.auth;
        for (key, command) in [("jwt", &auth.jwt), ("api_token", &auth.api_token)] {
            let Some((channel, name)) = command else {
                continue;
            };
            let Some(deployment) = deployments.get(channel) else {
                continue;
            };
            if !deployment.command(name).is_some_and(takes_a_credential) {
                let text = format!(
                    "auth.{key}: channel {channel} has no command {name} whose request is a single text"
                );
                return Err(StartError::Config(text));
            }
        }
        Ok(())
    }

    fn load(&self, channel: &str, bytes: &[u8]) -> Result<Deployment, DeployError> {
        let component = self
            .config
            .components
            .get(channel)
            .cloned()
            .unwrap_or_default();
        let settings = Settings {
            limits: &self.config.limits,
            shared: &self.config.shared,
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
    fn switch(&self, deployment: Arc<Deployment>) -> Result<Digest, DeployError> {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let serving = self.router.deployments.load_full();
        let next = serving.with(deployment.clone());
        next.check()?;
        self.router.deployments.store(Arc::new(next));
        if let Some(previous) = serving.get(&deployment.channel) {
            let kept = earlier.entry(deployment.channel.to_string()).or_default();
            kept.push(previous.clone());
            // One step back is promised; more would only hold memory.
            kept.drain(..kept.len().saturating_sub(4));
        }
        Ok(deployment.digest)
    }

    fn rollback(&self, channel: &str) -> Result<Digest, DeployError> {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let none = || DeployError::NoEarlier(channel.to_owned());
        let kept = earlier.get_mut(channel).ok_or_else(none)?;
        let previous = kept.last().cloned().ok_or_else(none)?;
        let next = self.router.deployments.load_full().with(previous.clone());
        next.check()?;
        kept.pop();
        self.router.deployments.store(Arc::new(next));
        Ok(previous.digest)
    }
}

/// The components that are part of this build of the host: (channel, bytes).
fn bundle() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    #[cfg(feature = "bundle")]
    let components = bundle::COMPONENTS
        .iter()
        .map(|component| (component.channel, component.wasm));
    #[cfg(not(feature = "bundle"))]
    let components = std::iter::empty();
    components
}

fn component_error(channel: &str, cause: DeployError) -> StartError {
    StartError::Component {
        channel: channel.to_owned(),
        cause,
    }
}

fn auth_commands(auth: &config::Auth) -> Result<AuthCommands, StartError> {
    let parse = |name: &str, value: &Option<String>| match value {
        None => Ok(None),
        Some(value) => match value.split_once('/') {
            Some((channel, command)) => Ok(Some((channel.to_owned(), command.to_owned()))),
            None => Err(StartError::Config(format!(
                "auth.{name}: write it as `channel/command`"
            ))),
        },
    };
    Ok(AuthCommands {
        jwt: parse("jwt", &auth.jwt)?,
        api_token: parse("api_token", &auth.api_token)?,
    })
}

fn info(deployment: &Deployment) -> DeploymentInfo {
    let channel = deployment.exported();
    let imports = deployment.contract.imports.iter().flat_map(|import| {
        let functions = import.functions.iter();
        functions
            .map(|function| format!("{}#{function}", import.interface))
            .collect::<Vec<_>>()
    });
    DeploymentInfo {
        channel: deployment.channel.to_string(),
        version: channel.version.to_string(),
        digest: deployment.digest.to_string(),
        size: deployment.size,
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

/// Follows key rotations of other hosts and destroys keys that have retired, until the host is gone.
async fn follow_keys(services: Arc<Services>, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.changed() => return,
        }
        if let Err(error) = services
            .keyring
            .refresh_if_stale(services.clock.now())
            .await
        {
            tracing::warn!(%error, "the key ring could not be read again");
        }
    }
}
