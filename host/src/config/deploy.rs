//! `[deploy]`: which builds may be put in place of the bundled ones, and where they are fetched from.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use super::check::{named, within};
use crate::builds::keys::PublicKey;
use crate::builds::tagged::Tagged;
use crate::contract::MAX_COMPONENT_BYTES;

/// Builds that are not part of the program.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deploy {
    /// The largest build, in bytes.
    pub max_bytes: usize,
    /// Whose signatures are believed: `ed25519:…`.
    pub trust: Vec<PublicKey>,
    /// Whether a build must be signed by one of them, or pinned.
    pub require_signature: bool,
    /// The one build that may serve a channel, by channel: `sha256:…`. It needs no signature.
    pub pinned: BTreeMap<String, Tagged>,
    /// Registries that ask for an account, under names of the operator's own.
    pub registries: BTreeMap<String, Registry>,
}

/// An account at an OCI registry. It is used by the command line, which fetches builds and stores them; never by the server.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// The registry's host, with its port if it has one: `ghcr.io`.
    pub host: String,
    /// The account.
    pub username: String,
    /// Its password, or a token that stands for one.
    pub password: String,
}

impl fmt::Debug for Registry {
    /// Leaves the account out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl Default for Deploy {
    fn default() -> Self {
        Self {
            max_bytes: 16 * 1024 * 1024,
            trust: Vec::new(),
            require_signature: false,
            pinned: BTreeMap::new(),
            registries: BTreeMap::new(),
        }
    }
}

impl Deploy {
    /// The account at the registry `host`, if there is one.
    #[must_use]
    pub fn registry(&self, host: &str) -> Option<&Registry> {
        self.registries
            .values()
            .find(|registry| registry.host.eq_ignore_ascii_case(host))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let most = u64::try_from(MAX_COMPONENT_BYTES).unwrap_or(u64::MAX);
        within("deploy.max_bytes", self.max_bytes, 1..=most)?;
        for channel in self.pinned.keys() {
            named("deploy.pinned", channel)?;
        }
        let mut hosts: Vec<String> = Vec::new();
        for (name, registry) in &self.registries {
            let key = named("deploy.registries", name)?;
            registry.check(&key)?;
            let host = registry.host.to_ascii_lowercase();
            if hosts.contains(&host) {
                let rule = "names a registry that another one names too";
                return Err(ConfigError::wrong(format!("{key}.host"), rule));
            }
            hosts.push(host);
        }
        Ok(())
    }
}

impl Registry {
    fn check(&self, key: &str) -> Result<(), ConfigError> {
        let authority = self.host.parse::<http::uri::Authority>();
        if !authority.is_ok_and(|found| !found.as_str().contains('@')) {
            let rule = "must be a host, perhaps with a port, such as \"ghcr.io\"";
            return Err(ConfigError::wrong(format!("{key}.host"), rule));
        }
        // HTTP Basic (RFC 7617 §2): a colon ends the name.
        for (field, text, colon) in [
            ("username", &self.username, false),
            ("password", &self.password, true),
        ] {
            let fits = (1..=4_096).contains(&text.len())
                && !text.contains(char::is_control)
                && (colon || !text.contains(':'));
            if !fits {
                let rule = match colon {
                    true => "must be 1 to 4096 bytes of text without control characters",
                    false => {
                        "must be 1 to 4096 bytes of text without control characters and colons"
                    }
                };
                return Err(ConfigError::wrong(format!("{key}.{field}"), rule));
            }
        }
        Ok(())
    }
}
