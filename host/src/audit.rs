//! The record of every authentication decision, kept whatever the answer was.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::store::{Namespace, Record, Write};

/// How long a record is kept: 400 days, so that a year can be looked back on.
const RETENTION_MS: u64 = 400 * 24 * 60 * 60 * 1_000;

/// One decision. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditRecord {
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
    /// Which channel's component wrote it.
    pub channel: String,
    /// The digest of its build.
    pub build: String,
    /// Which channel called it, if one did.
    pub via: Option<String>,
    /// The message's id.
    pub message: String,
    /// The client's name for the request.
    pub request: String,
    /// By which door it came: `service`, `user`, `public`.
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

/// The writes that keep `records`, made in this generation of their message.
pub(crate) fn writes(
    records: &[AuditRecord],
    generation: u32,
) -> Result<Vec<Write>, serde_json::Error> {
    let namespace = namespace();
    let write = |(n, record): (usize, &AuditRecord)| {
        Ok(Write::Put {
            namespace: namespace.clone(),
            key: format!("{:014}/{}/{generation}-{n:02}", record.at, record.message),
            record: Record {
                expires_at: Some(record.at.saturating_add(RETENTION_MS)),
                ..Record::plain(serde_json::to_vec(record)?)
            },
        })
    };
    records.iter().enumerate().map(write).collect()
}
