//! Making a host: the composition root, the only place that names backends.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};

use super::following::{LOOK, follow};
use super::{Host, Inner, StartError};
use crate::audit;
use crate::buckets::Buckets;
use crate::builds::{Builds, Configured, Provenance};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config};
use crate::hashing::HashPool;
use crate::keyring::{KeyRing, KeyRingError, RootKey};
use crate::outbox::mail::{self, Mailer};
use crate::outbox::{Deliverer, Jitter, Keep, Mails, Queue, Settings};
use crate::planes::Planes;
use crate::router::{AuthCommands, Router};
use crate::sandbox::turns::Turns;
use crate::sandbox::{CodeCache, Deployments, EffectiveLimits, Engine, Permits};
use crate::service_keys::ServiceKeys;
use crate::services::Services;
use crate::store::Store;
use crate::store::memory::MemoryStore;
use crate::store::sweeper::{DEFAULT_INTERVAL, Sweeper};
use crate::telemetry::Metrics;

/// How often it is looked whether the key ring has changed.
const UPKEEP: Duration = Duration::from_secs(5);

/// Makes a [`Host`]. Everything has a default: a store in memory, the machine's clock, a fresh root key, the bundled components.
pub struct HostBuilder {
    config: Config,
    store: Option<Arc<dyn Store>>,
    clock: Arc<dyn Clock>,
    root_key: Option<RootKey>,
    engine: Option<Engine>,
    cache_folder: Option<PathBuf>,
    shared_code: Option<CodeCache>,
    remembered_signatures: Option<usize>,
    components: Vec<Vec<u8>>,
    bundled: bool,
    prepared: Option<Arc<Deployments>>,
    mailer: Option<Arc<dyn Mailer>>,
    delivers: bool,
    provenance: Option<Arc<dyn Provenance>>,
    follow_every: Duration,
}

impl Default for HostBuilder {
    fn default() -> Self {
        Self {
            config: Config::default(),
            store: None,
            clock: Arc::new(SystemClock),
            root_key: None,
            engine: None,
            cache_folder: None,
            shared_code: None,
            remembered_signatures: None,
            components: Vec::new(),
            bundled: true,
            prepared: None,
            mailer: None,
            delivers: true,
            provenance: None,
            follow_every: LOOK,
        }
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

    /// Compiled code that hosts of the same engine share, if there is no folder for it.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub(crate) fn shared_code(mut self, code: CodeCache) -> Self {
        self.shared_code = Some(code);
        self
    }

    /// Serves these builds and no others: whoever calls this has read, compiled and checked them.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub(crate) fn prepared(mut self, deployments: Arc<Deployments>) -> Self {
        self.prepared = Some(deployments);
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

    /// Where mails go, instead of the server that the configuration names.
    #[must_use]
    pub fn mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.mailer = Some(mailer);
        self
    }

    /// Leaves the delivery of mails to other hosts on the same store.
    #[must_use]
    pub fn without_mail_delivery(mut self) -> Self {
        self.delivers = false;
        self
    }

    /// Who says whether a build that is deployed comes from whom it should, instead of `[deploy]` of the configuration. Builds that the host brings along are not asked about.
    #[must_use]
    pub fn provenance(mut self, provenance: Arc<dyn Provenance>) -> Self {
        self.provenance = Some(provenance);
        self
    }

    /// How often it is looked whether another host of the same store has deployed something: every five seconds, unless this says
    /// otherwise. At least a millisecond.
    #[must_use]
    pub fn follow_every(mut self, every: Duration) -> Self {
        self.follow_every = every.max(Duration::from_millis(1));
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
        let mailer = match self.mailer {
            Some(mailer) => mailer,
            None => mail::configured(&self.config.mail).map_err(StartError::Config)?,
        };
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
            .map(|folder| CodeCache::new(folder, &cache_key))
            .or(self.shared_code);
        // Half of the messages in flight may wait for a hash: sign-ins cannot hold every sandbox.
        let mut hashing = self.config.passwords.clone();
        hashing.queue = hashing
            .queue
            .min(usize::try_from(limits.concurrent / 2).unwrap_or(1))
            .max(1);
        let mailed = Arc::new(Notify::new());
        let queue = Arc::new(Queue::new(
            store.clone(),
            keyring.clone(),
            self.clock.clone(),
            Keep::of(&self.config.mail),
        ));
        let deliverer = Arc::new(Deliverer::new(
            queue.clone(),
            mailer,
            Settings::of(&self.config.mail, Jitter::random()),
            metrics.clone(),
            mailed.clone(),
        ));
        let retention = audit::Retention::days(self.config.audit.keep_days);
        let services = Arc::new(Services {
            hashing: HashPool::new(&hashing, keyring.clone())?,
            buckets: Buckets::new(
                &self.config.buckets,
                store.clone(),
                keyring.clone(),
                self.clock.clone(),
            ),
            mailed: mailed.clone(),
            commits: tokio::sync::RwLock::new(()),
            clock: self.clock.clone(),
            metrics: metrics.clone(),
            keyring: keyring.clone(),
            store: store.clone(),
            engine,
            turns: Turns::new(),
            audit: retention,
        });
        let router = Arc::new(Router {
            services,
            deployments: ArcSwap::default(),
            permits: Permits::new(limits.concurrent, limits.waiting, metrics),
            auth: auth_commands(&self.config.auth)?,
            limits: EffectiveLimits::of(&limits, &config::ComponentLimits::default()),
        });
        let (stop, stopped) = watch::channel(false);
        let provenance = self
            .provenance
            .unwrap_or_else(|| Arc::new(Configured(self.config.deploy.clone())));
        let mut inner = Inner {
            service_keys: Arc::new(ServiceKeys::new(store.clone(), self.clock.clone())),
            router,
            cache,
            default_grants: HashMap::new(),
            unset: config::Component::default(),
            brought: HashMap::new(),
            builds: Builds::new(store.clone(), self.clock.clone()),
            provenance,
            changing: tokio::sync::Mutex::default(),
            known: Mutex::default(),
            warm: Mutex::default(),
            started_at: self.clock.now(),
            config: self.config,
            planes,
            mails: Mails::new(queue, mailed),
            deliverer: deliverer.clone(),
            delivery: tokio::sync::Mutex::default(),
            stop,
        };
        match self.prepared {
            Some(deployments) => inner.router.deployments.store(deployments),
            None => inner = inner.start(self.components, self.bundled).await?,
        }
        if self.delivers {
            let delivery = tokio::spawn(deliverer.run(stopped.clone()));
            inner.delivery = tokio::sync::Mutex::new(Some(delivery));
        }
        let trims = retention.run(
            store.clone(),
            self.clock.clone(),
            audit::INTERVAL,
            stopped.clone(),
        );
        tokio::spawn(trims);
        let sweeper = Sweeper::new(store, self.clock);
        tokio::spawn(sweeper.run(DEFAULT_INTERVAL, stopped.clone()));
        tokio::spawn(follow_keys(inner.router.services.clone(), stopped.clone()));
        let inner = Arc::new(inner);
        tokio::spawn(follow(Arc::downgrade(&inner), self.follow_every, stopped));
        Ok(Host(inner))
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
