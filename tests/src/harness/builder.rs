//! How a [`Harness`] is made.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;
use vestibule::clock::Timestamp;
use vestibule::config::{Bucket, Config, Passwords};
use vestibule::keyring::RootKey;
use vestibule::outbox::mail::Mailer;
use vestibule::sandbox::Engine;
use vestibule::store::Store;
use vestibule::{Host, HostBuilder, StartError};

use super::Harness;
use crate::clock::TestClock;

/// Makes a [`Harness`].
pub struct HarnessBuilder {
    config: Config,
    components: Vec<Vec<u8>>,
    store: Arc<dyn Store>,
    folder: Option<TempDir>,
    clock: Arc<TestClock>,
    code_cache: PathBuf,
    root_key: [u8; 32],
    bundled: bool,
    mailer: Option<Arc<dyn Mailer>>,
}

impl HarnessBuilder {
    /// Components are added by the test; passwords are hashed cheaply.
    pub(super) fn new(store: Arc<dyn Store>, folder: Option<TempDir>) -> Self {
        let passwords = Passwords {
            memory_kib: 64,
            iterations: 1,
            ..Passwords::default()
        };
        let mut config = Config {
            passwords,
            ..Config::default()
        };
        config.limits.concurrent = 32;
        Self {
            config,
            components: Vec::new(),
            store,
            folder,
            clock: Arc::default(),
            code_cache: PathBuf::from(concat!(env!("OUT_DIR"), "/code")),
            root_key: [7; 32],
            bundled: false,
            mailer: None,
        }
    }

    /// Adds a component.
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

    /// Keeps compiled code in a folder of the test's own, instead of where all tests keep it.
    #[must_use]
    pub fn code_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.code_cache = folder.into();
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
            folder,
            clock,
            code_cache,
            root_key,
            bundled,
            mailer,
        } = self;
        let builder: HostBuilder = Host::builder()
            .config(config)
            .store(store.clone())
            .clock(clock.clone())
            .root_key(RootKey::from_bytes(root_key))
            .engine(engine())
            .code_cache(code_cache);
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
            _folder: folder,
        })
    }
}

/// The one engine of a test binary. Each of its hosts may have 32 messages in flight, four deep; there are as many tests
/// at once as there are cores.
fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::new(1_024).expect("an engine"))
        .clone()
}
