//! What is asked for with a deploy or a rollback, and what came of it.

use serde::{Deserialize, Serialize};

use crate::sandbox::Digest;
use crate::subjects::Administrator;

/// What a deploy may do beyond the usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeployOptions {
    /// What the build may import that the serving one does not: capabilities and commands, as the configuration spells them.
    pub grants: Vec<String>,
    /// Whether it may be older than what served before.
    pub allow_downgrade: bool,
    /// Whether a build that was put into quarantine may serve again.
    pub allow_quarantined: bool,
    /// Its detached signature, for the host's [`super::Provenance`].
    pub signature: Option<Vec<u8>>,
    /// Who asks, for the audit record.
    pub by: Administrator,
}

/// What a rollback may do beyond the usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollbackOptions {
    /// The build that is to be left: with it, two who go back at the same time go back once.
    pub from: Option<Digest>,
    /// Whether the build that served may never be deployed again by mistake.
    pub quarantine: bool,
    /// Whether to go back to a build that does not read what is stored now.
    pub allow_unread_schema: bool,
    /// Who asks, for the audit record.
    pub by: Administrator,
}

/// What serves now, after a deploy or a rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// The channel.
    pub channel: String,
    /// SHA-256 of the build that serves now.
    pub digest: Digest,
    /// Its version.
    pub version: String,
    /// SHA-256 of the build that served until then.
    pub previous: Digest,
    /// The number of this change of the channel.
    pub revision: u64,
    /// False if it served already, and nothing was changed.
    pub changed: bool,
    /// What is worth knowing: sentences for people.
    pub warnings: Vec<String>,
}
