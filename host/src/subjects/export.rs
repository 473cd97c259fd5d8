//! Entries as their subject is given them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::store::{Entry, Namespace, Owner};

/// One entry of a subject's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportedEntry {
    /// The channel whose component keeps it; none for the host's own.
    pub channel: Option<String>,
    /// What the host keeps it for, if it is the host's own: `outbox-mail`, `outbox-event`, `replies`.
    pub host: Option<String>,
    /// Its key there.
    pub key: String,
    /// The number of the schema it was written in.
    pub schema: u32,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Whether it is sealed: then its value is not shown, for it may hold a secret that opens something.
    pub sealed: bool,
    /// How `value` is to be read; none for a sealed entry.
    pub encoding: Option<Encoding>,
    /// What is stored; none for a sealed entry.
    pub value: Option<Value>,
}

/// How a value stands in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// It is JSON, and stands there as such.
    Json,
    /// It is anything else: its bytes in base64url without padding (RFC 4648 §5).
    Base64url,
}

impl ExportedEntry {
    pub(super) fn of(namespace: &Namespace, entry: Entry) -> Self {
        let (channel, host) = match namespace.owner() {
            Owner::Channel(name) => (Some(name.to_owned()), None),
            Owner::Host(name) => (None, Some(name.to_owned())),
        };
        let record = entry.record;
        let sealed = record.sealed.is_some();
        let shown = (!sealed).then(|| show(&record.value));
        Self {
            channel,
            host,
            key: entry.key,
            schema: record.schema,
            expires_at: record.expires_at,
            sealed,
            encoding: shown.as_ref().map(|(encoding, _)| *encoding),
            value: shown.map(|(_, value)| value),
        }
    }
}

fn show(bytes: &[u8]) -> (Encoding, Value) {
    match serde_json::from_slice(bytes) {
        Ok(value) => (Encoding::Json, value),
        // Other programs may store what they like.
        Err(_) => {
            let text = URL_SAFE_NO_PAD.encode(bytes);
            (Encoding::Base64url, Value::String(text))
        }
    }
}
