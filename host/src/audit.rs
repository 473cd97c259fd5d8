//! The record of every authentication decision, kept whatever the answer was.
//!
//! Components record decisions by the capability `audit`, the host what its operators do to people's data. Records are
//! read by [`AuditLog`] and end after the time that the configuration says ([`Retention`]).

mod log;
mod retention;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::store::Namespace;

pub use log::{AuditEntry, AuditLog, AuditPage, AuditQuery, MAX_PAGE};
pub(crate) use retention::INTERVAL;
pub use retention::Retention;

/// What stands as the channel of a record that the host itself wrote.
pub const HOST: &str = "-";

/// One decision. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When the message came.
    pub at: Timestamp,
    /// What was decided, kebab-case: `token-reuse`.
    pub action: String,
    /// `success`, `denied` or `failure`.
    pub outcome: String,
    /// Who acted, if anybody was known by then.
    pub actor: Option<String>,
    /// Whom it concerns.
    pub subject: Option<String>,
    /// Names and values.
    pub detail: Vec<(String, String)>,
    /// Which channel's component wrote it; [`HOST`] for the host.
    pub channel: String,
    /// The digest of its build.
    pub build: String,
    /// Which channel called it, if one did.
    pub via: Option<String>,
    /// The message's id.
    pub message: String,
    /// The client's name for the request.
    pub request: String,
    /// By which door it came: `service`, `user`, `public`, `administration`.
    pub plane: String,
    /// The service key's id.
    pub service_key: Option<String>,
    /// The client's address.
    pub remote_address: Option<String>,
}

/// Where audit records lie: keys sort by moment.
pub(crate) fn namespace() -> Namespace {
    Namespace::reserved("audit")
}

/// What the keys of records since `at` begin with, or are greater than.
fn moment(at: Timestamp) -> String {
    // Fourteen digits are enough until the year 5138.
    const LAST: Timestamp = 99_999_999_999_999;
    format!("{:014}", at.min(LAST))
}
