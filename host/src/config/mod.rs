//! What an operator may set: one TOML file, every key of it also an environment variable.
//!
//! The types here are the whole configuration with its defaults; [`Config::load`] reads it. Every key has a default that
//! is right for a first start on one machine.

mod check;
mod deploy;
mod environment;
mod error;
mod known;
mod links;
mod load;
mod mail;
mod pattern;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use deploy::Deploy;
pub use environment::environment;
pub use error::{ConfigError, Place};
pub use links::Links;
#[doc(hidden)]
pub use load::fuzz;
pub use mail::{Mail, MailTls};
pub use pattern::{CommandPattern, PatternError, is_name};

/// The configuration, as `vestibule.toml` spells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The data folder: database, root key, operator key, code cache.
    pub data: PathBuf,
    /// The public listener.
    pub http: Http,
    /// gRPC, on the public listener.
    pub grpc: Grpc,
    /// The administration listener.
    pub admin: Admin,
    /// Where the root key comes from.
    pub root_key: RootKeySource,
    /// Values that every component may read.
    pub shared: Shared,
    /// Where links in mails lead, if not to the host's pages.
    pub links: Links,
    /// Which channels and commands are open to whom.
    pub planes: Planes,
    /// Which command checks a credential of the user plane.
    pub auth: Auth,
    /// What a message may use up.
    pub limits: Limits,
    /// Token buckets by name.
    pub buckets: BTreeMap<String, Bucket>,
    /// Password hashing.
    pub passwords: Passwords,
    /// Signing keys.
    pub signing: Signing,
    /// Mails to people.
    pub mail: Mail,
    /// The audit record.
    pub audit: Audit,
    /// Deploys while the host serves.
    pub deploy: Deploy,
    /// Settings of one component each, by channel.
    pub components: BTreeMap<String, Component>,
    /// The AsyncAPI document.
    pub asyncapi: AsyncApi,
    /// Logs.
    pub log: Log,
}

/// The public listener.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Connections at once; more wait to be accepted.
    pub max_connections: u32,
    /// How long a client may take over the head of a request, and again over its body, in milliseconds.
    pub read_timeout_ms: u64,
    /// How long a connection without a request is kept open, in milliseconds.
    pub idle_timeout_ms: u64,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long a stop waits for messages in flight, in milliseconds.
    pub drain_ms: u64,
}

/// gRPC, on the public listener. Its limits are those of [`Http`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grpc {
    /// Whether anybody may ask the server which services and messages there are (`grpc.reflection.v1`).
    pub reflection: bool,
}

/// The administration listener.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
}

/// Where the 32-byte root key comes from. At most one of the two; neither: `<data>/keys/root`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RootKeySource {
    /// A file with the key, base64 or 32 raw bytes.
    pub file: Option<PathBuf>,
    /// A command (program and arguments, no shell) that prints the key in base64.
    pub command: Option<Vec<String>>,
}

/// Values that every component may read by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shared {
    /// The `iss` of access tokens.
    pub issuer: String,
    /// The `aud` of access tokens.
    pub audience: String,
    /// The origin that links in mails lead to.
    pub public_origin: String,
    /// What the installation is called in mails and pages.
    pub product_name: String,
}

/// Which channels and commands are open to whom. The service plane has them all.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Planes {
    /// Open to callers with a credential: `channel/command` or `channel/*`.
    pub user: Vec<String>,
    /// Open to anybody: `channel/command` or `channel/*`.
    pub public: Vec<String>,
}

/// Which command checks a credential: `channel/command`, with a single string in its request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Checks a JSON Web Token.
    pub jwt: Option<String>,
    /// Checks a `vst_` token.
    pub api_token: Option<String>,
}

/// What one message may use up. Each can be set per component.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Linear memory of a sandbox, in bytes.
    pub memory_bytes: usize,
    /// CPU of a message, in milliseconds.
    pub cpu_ms: u64,
    /// Wall clock of a message, in milliseconds.
    pub wall_ms: u64,
    /// How deep calls between components may nest, the first included.
    pub depth: u32,
    /// Bytes that pass between a sandbox and the host's capabilities in one message.
    pub host_call_bytes: u64,
    /// Calls of capabilities in one message.
    pub host_calls: u64,
    /// Bytes that a message may write to the store.
    pub write_bytes: usize,
    /// Log lines of a message.
    pub log_lines: u32,
    /// Messages in a sandbox at once, for the whole host.
    pub concurrent: u32,
    /// Messages waiting for a sandbox at once; more are refused with a retry time.
    pub waiting: u32,
}

/// A token bucket: `burst` at once, and one more every `period_ms / burst`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// How many at once; 1 to 1 000 000.
    pub burst: u32,
    /// In how many milliseconds an empty bucket is full again; at least 1, at most 366 days.
    pub period_ms: u64,
    /// Whether it survives a restart.
    #[serde(default)]
    pub persistent: bool,
}

impl Bucket {
    /// What `burst` may be.
    pub(crate) const BURST: RangeInclusive<u64> = 1..=1_000_000;
    /// What `period_ms` may be.
    pub(crate) const PERIOD_MS: RangeInclusive<u64> = 1..=366 * 24 * 60 * 60 * 1000;
}

/// Password hashing: argon2id (RFC 9106).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Memory of a hash, in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Threads that hash; 0: one a core.
    pub workers: usize,
    /// Hashes that may wait; more are refused with a retry time.
    pub queue: usize,
}

/// Signing keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Signing {
    /// What new signing keys are for.
    pub algorithm: SigningAlgorithm,
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// Ed25519 (RFC 8032; JWS `EdDSA`, RFC 8037).
    EdDSA,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    ES256,
}

/// The audit record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Audit {
    /// For how many days a record is kept.
    pub keep_days: u32,
}

/// One component.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Component {
    /// What it may import: capability names (`storage`) and commands (`token/verify-token`, `token/*`). None: what the
    /// bundled build of the channel needs.
    pub grants: Option<Vec<String>>,
    /// A build to serve instead of the bundled one.
    pub file: Option<PathBuf>,
    /// Limits that differ from the installation's: a table with any of the keys of `[limits]` that concern one message.
    pub limits: ComponentLimits,
    /// The component's own values, as the build declares them.
    pub config: BTreeMap<String, toml::Value>,
}

impl fmt::Debug for Component {
    /// Leaves the component's own values out: one may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("grants", &self.grants)
            .field("file", &self.file)
            .field("limits", &self.limits)
            .field("config", &self.config.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// Limits of one component, where they differ.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ComponentLimits {
    /// As [`Limits::memory_bytes`].
    pub memory_bytes: Option<usize>,
    /// As [`Limits::cpu_ms`].
    pub cpu_ms: Option<u64>,
    /// As [`Limits::wall_ms`].
    pub wall_ms: Option<u64>,
    /// As [`Limits::host_call_bytes`].
    pub host_call_bytes: Option<u64>,
    /// As [`Limits::host_calls`].
    pub host_calls: Option<u64>,
    /// As [`Limits::log_lines`].
    pub log_lines: Option<u32>,
}

/// The AsyncAPI document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AsyncApi {
    /// Channels whose addresses are the bare command names in snake_case.
    pub bare: Vec<String>,
}

/// Logs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A `tracing` filter: `info`, `vestibule=debug`.
    pub filter: String,
    /// How lines look.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "data".into(),
            http: Http::default(),
            grpc: Grpc::default(),
            admin: Admin::default(),
            root_key: RootKeySource::default(),
            shared: Shared::default(),
            links: Links::default(),
            planes: Planes::default(),
            auth: Auth::default(),
            limits: Limits::default(),
            buckets: BTreeMap::new(),
            passwords: Passwords::default(),
            signing: Signing::default(),
            mail: Mail::default(),
            audit: Audit::default(),
            deploy: Deploy::default(),
            components: BTreeMap::new(),
            asyncapi: AsyncApi::default(),
            log: Log::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            max_body_bytes: 256 * 1024,
            max_connections: 1_024,
            read_timeout_ms: 10_000,
            idle_timeout_ms: 60_000,
            trusted_proxies: Vec::new(),
            drain_ms: 10_000,
        }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8081)),
        }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:8080".into(),
            audience: "vestibule".into(),
            public_origin: "http://127.0.0.1:8080".into(),
            product_name: "Vestibule".into(),
        }
    }
}

/// What somebody without a credential needs: all of it is uniform to strangers.
const STRANGERS: [&str; 8] = [
    "accounts/sign-up",
    "accounts/sign-in",
    "accounts/refresh-session",
    "accounts/sign-out",
    "accounts/verify-email",
    "accounts/resend-verification",
    "accounts/reset-password",
    "accounts/new-password",
];

impl Default for Planes {
    fn default() -> Self {
        Self {
            user: vec!["accounts/*".into(), "api-tokens/*".into()],
            public: STRANGERS.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            jwt: Some("token/verify-token".into()),
            api_token: Some("api-tokens/authorize".into()),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 32 * 1024 * 1024,
            cpu_ms: 500,
            wall_ms: 5_000,
            depth: 4,
            host_call_bytes: 16 * 1024 * 1024,
            host_calls: 10_000,
            write_bytes: 4 * 1024 * 1024,
            log_lines: 64,
            concurrent: 64,
            waiting: 1_024,
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            workers: 0,
            queue: 64,
        }
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            algorithm: SigningAlgorithm::EdDSA,
        }
    }
}

impl Default for Audit {
    fn default() -> Self {
        Self { keep_days: 365 }
    }
}

impl Default for AsyncApi {
    fn default() -> Self {
        Self {
            bare: vec!["token".into()],
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info".into(),
            format: LogFormat::Text,
        }
    }
}
