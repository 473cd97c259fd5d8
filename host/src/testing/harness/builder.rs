//! How a [`Harness`] is made.

use std::any::Any;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::Harness;
use crate::clock::Timestamp;
use crate::config::{Bucket, Config, Passwords};
use crate::keyring::RootKey;
use crate::outbox::mail::Mailer;
use crate::sandbox::{CodeCache, Engine};
use crate::store::Store;
use crate::testing::TestClock;
use crate::{Host, HostBuilder, StartError};

/// Makes a [`Harness`].
pub struct HarnessBuilder {
    config: Config,
    components: Vec<Vec<u8>>,
    store: Arc<dyn Store>,
    kept: Option<Box<dyn Any + Send + Sync>>,
    clock: Arc<TestClock>,
    code_cache: Option<PathBuf>,
    root_key: [u8; 32],
    bundled: bool,
    mailer: Option<Arc<dyn Mailer>>,
}

/// A configuration under which passwords are hashed at once: what a hash costs is nothing that a component could change.
pub(crate) fn cheap() -> Config {
    let passwords = Passwords {
        memory_kib: 64,
        iterations: 1,
        ..Passwords::default()
    };
    Config {
        passwords,
        ..Config::default()
    }
}

impl HarnessBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        let mut config = cheap();
        config.limits.concurrent = 32;
        Self {
            config,
            components: Vec::new(),
            store,
            kept: None,
            clock: Arc::default(),
            code_cache: None,
            root_key: [7; 32],
            bundled: false,
            mailer: None,
        }
    }

    /// Adds a component, to serve every channel it exports: also one that is bundled. What it imports must be granted.
    #[must_use]
    pub fn component(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.components.push(bytes.into());
        self
    }

    /// Grants `channel` these and nothing else.
    #[must_use]
    pub fn grant(mut self, channel: &str, grants: &[&str]) -> Self {
        let grants = grants.iter().map(|grant| (*grant).to_owned()).collect();
        self.config
            .components
            .entry(channel.to_owned())
            .or_default()
            .grants = Some(grants);
        self
    }

    /// Configures a token bucket: `burst` at once, full again in `period_ms`.
    #[must_use]
    pub fn bucket(mut self, name: &str, burst: u32, period_ms: u64, persistent: bool) -> Self {
        self.config.buckets.insert(
            name.to_owned(),
            Bucket {
                burst,
                period_ms,
                persistent,
            },
        );
        self
    }

    /// Changes anything else of the configuration.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Serves the bundled components too.
    #[must_use]
    pub fn with_bundle(mut self) -> Self {
        self.bundled = true;
        self
    }

    /// Delivers mails, to `mailer`. Without one they stay in the outbox.
    #[must_use]
    pub fn mailer(mut self, mailer: Arc<dyn Mailer>) -> Self {
        self.mailer = Some(mailer);
        self
    }

    /// Starts at this moment.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.clock = Arc::new(TestClock::at(now));
        self
    }

    /// Keeps compiled code in this folder for the next run, instead of in memory for the other tests of this one.
    #[must_use]
    pub fn code_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.code_cache = Some(folder.into());
        self
    }

    /// Keeps `something` for as long as the harness is there: a temporary folder that the store lies in.
    #[must_use]
    pub fn keep(mut self, something: impl Any + Send + Sync) -> Self {
        self.kept = Some(Box::new(something));
        self
    }

    /// Another installation's root key.
    #[must_use]
    pub fn root_key(mut self, bytes: [u8; 32]) -> Self {
        self.root_key = bytes;
        self
    }

    /// Starts the host.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(self) -> Harness {
        match self.try_start().await {
            Ok(harness) => harness,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts the host, if it can.
    ///
    /// # Errors
    /// As [`HostBuilder::build`].
    pub async fn try_start(self) -> Result<Harness, StartError> {
        let Self {
            config,
            components,
            store,
            kept,
            clock,
            code_cache,
            root_key,
            bundled,
            mailer,
        } = self;
        let (engine, code) = shared();
        let builder: HostBuilder = Host::builder()
            .config(config)
            .store(store.clone())
            .clock(clock.clone())
            .root_key(RootKey::from_bytes(root_key))
            .engine(engine)
            .shared_code(code);
        let builder = match code_cache {
            Some(folder) => builder.code_cache(folder),
            None => builder,
        };
        let builder = components.into_iter().fold(builder, HostBuilder::component);
        let builder = if bundled {
            builder
        } else {
            builder.without_bundle()
        };
        let builder = match mailer {
            Some(mailer) => builder.mailer(mailer),
            None => builder.without_mail_delivery(),
        };
        let host = builder.build().await?;
        Ok(Harness {
            host,
            clock,
            store,
            _kept: kept,
        })
    }
}

/// The one engine of a test binary, and what it compiled. Each of its hosts may have 32 messages in flight, four deep; there
/// are as many tests at once as there are cores.
fn shared() -> (Engine, CodeCache) {
    static SHARED: OnceLock<(Engine, CodeCache)> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            let engine = Engine::new(1_024).expect("an engine");
            (engine, CodeCache::in_memory())
        })
        .clone()
}
