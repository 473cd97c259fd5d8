//! What may be deployed while the host serves.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use super::check::within;
use crate::contract::MAX_COMPONENT_BYTES;

/// Deploys while the host serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deploy {
    /// The largest build, in bytes.
    pub max_bytes: usize,
}

impl Default for Deploy {
    fn default() -> Self {
        Self {
            max_bytes: 16 * 1024 * 1024,
        }
    }
}

impl Deploy {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let most = u64::try_from(MAX_COMPONENT_BYTES).unwrap_or(u64::MAX);
        within("deploy.max_bytes", self.max_bytes, 1..=most)
    }
}
