//! What every measurement in this process starts from: hosts over one store, and tokens to verify.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tempfile::TempDir;
use vestibule::Host;
use vestibule::clock::{Clock, SystemClock};
use vestibule::config::{Bucket, Config, Passwords};
use vestibule::keyring::RootKey;
use vestibule::message::{Caller, Message};
use vestibule::sandbox::Engine;
use vestibule::store::Store;
use vestibule::store::memory::MemoryStore;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};

/// How many different tokens are verified in turn.
pub(crate) const TOKENS: usize = 1_000;

/// Longer than any run, so that no token expires in it.
pub(crate) const ACCESS_LIFETIME: &str = "12h";

/// The least that argon2id can be asked for.
const MINIMAL_HASH: Passwords = Passwords {
    memory_kib: 8,
    iterations: 1,
    parallelism: 1,
    workers: 0,
    queue: 64,
};

/// The buckets that live as long as the process, and those that are stored, of the bundled components.
const VOLATILE_BUCKETS: [&str; 17] = [
    "source-sign-up",
    "source-sign-in",
    "source-refresh-session",
    "source-sign-out",
    "source-verify-email",
    "source-resend-verification",
    "source-reset-password",
    "source-new-password",
    "person",
    "person-token-authorization",
    "refusals",
    "verification-mail",
    "reset-mail",
    "email-verify",
    "email-reset",
    "email-notice",
    "api-token-create",
];
const STORED_BUCKETS: [&str; 5] = [
    "sign-in",
    "sign-in-services",
    "sign-in-site",
    "sign-in-address",
    "password-check",
];

/// Hosts that share an engine, a store and its keys, as processes on one database would.
pub(crate) struct Site {
    store: Arc<dyn Store>,
    engine: Engine,
    root_key: [u8; 32],
    clock: Arc<dyn Clock>,
    /// The database's folder, gone with the site.
    folder: Option<TempDir>,
}

/// How one host of a site differs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Variant {
    /// Signatures it remembers, if not as many as usual.
    pub(crate) remembered: Option<usize>,
    /// A component beside the bundled ones.
    pub(crate) component: Option<Vec<u8>>,
    /// What the component may import.
    pub(crate) grants: Vec<(String, Vec<String>)>,
    /// Changes anything else of the configuration.
    pub(crate) configure: Option<fn(&mut Config)>,
    /// Leaves the delivery of mails to other hosts: there are none.
    pub(crate) undelivered: bool,
}

impl Variant {
    /// Configured otherwise.
    pub(crate) fn configured(configure: fn(&mut Config)) -> Self {
        Self {
            configure: Some(configure),
            ..Self::default()
        }
    }
}

/// Makes every bucket so large that nobody is refused: what is measured is the work, and one machine asks as often as a
/// town. Each is taken from as ever.
pub(crate) fn unlimited(config: &mut Config) {
    let bucket = |persistent| Bucket {
        burst: 1_000_000,
        period_ms: 60_000,
        persistent,
    };
    let volatile = VOLATILE_BUCKETS.map(|name| (name.to_owned(), bucket(false)));
    let stored = STORED_BUCKETS.map(|name| (name.to_owned(), bucket(true)));
    config.buckets.extend(volatile.into_iter().chain(stored));
}

/// The same with a hash that costs next to nothing.
pub(crate) fn cheap(config: &mut Config) {
    unlimited(config);
    config.passwords = MINIMAL_HASH;
}

impl Site {
    /// Over SQLite in a folder of its own below `folder`.
    pub(crate) fn sqlite(folder: &Path) -> Result<Self> {
        let folder = tempfile::tempdir_in(folder)?;
        let store = SqliteStore::open(folder.path().join("bench.db"), SqliteOptions::default())?;
        Self::over(Arc::new(store), Some(folder))
    }

    /// Over a store in memory.
    pub(crate) fn memory() -> Result<Self> {
        Self::over(Arc::new(MemoryStore::new()), None)
    }

    /// Over `store`.
    pub(crate) fn over(store: Arc<dyn Store>, folder: Option<TempDir>) -> Result<Self> {
        let limits = Config::default().limits;
        Ok(Self {
            store,
            // Room for several hosts.
            engine: Engine::new(limits.concurrent * limits.depth * 2)?,
            root_key: [7; 32],
            clock: Arc::new(SystemClock),
            folder,
        })
    }

    /// The same by another clock.
    pub(crate) fn by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The bytes that the database takes on the disk.
    pub(crate) fn bytes(&self) -> Result<u64> {
        let folder = self.folder.as_ref().context("the store has no folder")?;
        let files = std::fs::read_dir(folder.path())?;
        files.map(|file| Ok(file?.metadata()?.len())).sum()
    }

    /// Reads the database once, so that the operating system has it in memory.
    pub(crate) fn read_through(&self) -> Result<()> {
        let folder = self.folder.as_ref().context("the store has no folder")?;
        for file in std::fs::read_dir(folder.path())? {
            std::io::copy(
                &mut std::fs::File::open(file?.path())?,
                &mut std::io::sink(),
            )?;
        }
        Ok(())
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A host with everything as a user gets it, but for `variant`.
    pub(crate) async fn host(&self, variant: Variant) -> Result<Host> {
        let mut config = Config::default();
        let lifetime = toml::Value::String(ACCESS_LIFETIME.to_owned());
        let token = config.components.entry("token".to_owned()).or_default();
        token.config.insert("access-lifetime".to_owned(), lifetime);
        for (channel, grants) in variant.grants {
            config.components.entry(channel).or_default().grants = Some(grants);
        }
        if let Some(configure) = variant.configure {
            configure(&mut config);
        }
        let mut builder = Host::builder()
            .store(self.store.clone())
            .engine(self.engine.clone())
            .clock(self.clock.clone())
            .root_key(RootKey::from_bytes(self.root_key))
            .config(config);
        if let Some(count) = variant.remembered {
            builder = builder.remembered_signatures(count);
        }
        if let Some(component) = variant.component {
            builder = builder.component(component);
        }
        if variant.undelivered {
            builder = builder.without_mail_delivery();
        }
        builder.build().await.context("the host cannot be built")
    }
}

/// Has `count` access tokens issued, each of a subject and family of its own.
pub(crate) async fn tokens(host: &Host, count: usize) -> Result<Vec<String>> {
    let issue = |number: usize| async move {
        let reply = host.send(generate(number)).await?;
        let token = reply
            .as_ref()
            .and_then(|reply| reply["access_token"].as_str());
        token.map(str::to_owned).context("no access token")
    };
    stream::iter(0..count)
        .map(issue)
        .buffer_unordered(32)
        .try_collect()
        .await
}

/// The message that issues tokens for the subject of that number.
pub(crate) fn generate(number: usize) -> Message {
    let payload = json!({"id": format!("user-{number}")});
    Message::new("token", "generate-tokens", payload, Caller::service(None))
}

/// The message that verifies `token`.
pub(crate) fn verify(token: &str) -> Message {
    Message::new(
        "token",
        "verify-token",
        verify_payload(token),
        Caller::service(None),
    )
}

/// Its payload.
pub(crate) fn verify_payload(token: &str) -> Value {
    json!({"access_token": token})
}

/// Sends `token` to be verified; anything but "valid" is an error: what is measured must be the whole work.
pub(crate) async fn verify_valid(host: &Host, token: &str) -> Result<()> {
    match host.send(verify(token)).await {
        Ok(Some(reply)) => {
            ensure!(reply["valid"] == true, "a good token was found bad");
            Ok(())
        }
        Ok(None) => bail!("no reply"),
        Err(failure) => Err(failure.into()),
    }
}
