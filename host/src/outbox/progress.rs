//! What is known of a mail beside its words: where it is in its life.
//!
//! ```text
//!            leased              handed over
//!   queued ─────────▶ sending ──────────────────▶ sent, captured
//!    ▲  │             │     │  refused, or put off too often
//!    │  │  put off,   │     └────────────────────▶ failed
//!    │  │  lease over │                               │ retry
//!    ├──┼─────────────┘                               │
//!    └──┼─────────────────────────────────────────────┘
//!       └──▶ expired, superseded, withdrawn
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Mail, Posted, Unreadable, seal, unseal};
use crate::clock::Timestamp;
use crate::keyring::{CryptoError, KeyRing};
use crate::store::Namespace;

/// For how long after its end a mail that nobody looked at stays in the store, in milliseconds: 30 days. No host delivers,
/// or this would not be needed.
const FORGOTTEN_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Where a mail is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailState {
    /// It waits to be handed over, for the first time or again.
    Queued,
    /// It is being handed over, or whoever did so has ended and the lease has not.
    Sending,
    /// It was handed over.
    Sent,
    /// There is no server: it was kept.
    Captured,
    /// It was given up: refused for good, or put off too often. A dead letter.
    Failed,
    /// Its time was over before it could be handed over.
    Expired,
    /// A newer one took its place.
    Superseded,
    /// It was taken back.
    Withdrawn,
}

impl MailState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Captured,
        Self::Failed,
        Self::Expired,
        Self::Superseded,
        Self::Withdrawn,
    ];

    /// Its name, kebab-case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Captured => "captured",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Where it is stored what is known of mails, by their ids.
pub(super) fn namespace() -> Namespace {
    Namespace::reserved("outbox-mail-state")
}

/// What is known of a mail.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) state: MailState,
    pub(super) channel: String,
    /// When it was sent.
    pub(super) at: Timestamp,
    /// Not delivered later than this.
    pub(super) expires_at: Timestamp,
    /// When its state changed last.
    pub(super) changed_at: Timestamp,
    /// When it is looked at next: its place in the queue. None: it is done.
    pub(super) due: Option<Timestamp>,
    /// How often it was handed to a server that could be reached.
    pub(super) tries: u32,
    /// Why it was put off or given up. No address, no word of the server's.
    pub(super) reason: Option<String>,
    /// Where it is written whether it is the newest of its name, if it has one.
    pub(super) newest: Option<String>,
    face: SealedFace,
    /// What a later version of the host wrote.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What a list shows of a mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Face {
    pub(super) to: String,
    pub(super) subject: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct SealedFace {
    key: String,
    bytes: String,
}

impl Progress {
    /// What is known of `mail`, posted as `posted`, before anybody has looked at it.
    pub(super) fn begin(
        keyring: &KeyRing,
        posted: &Posted,
        mail: &Mail,
        newest: Option<String>,
    ) -> Result<Self, CryptoError> {
        let face = Face {
            to: mail.to.clone(),
            subject: mail.subject.clone(),
        };
        let sealed = seal(keyring, &namespace(), &posted.id, &face)?;
        Ok(Self {
            state: MailState::Queued,
            channel: posted.channel.clone(),
            at: posted.at,
            expires_at: mail.expires_at,
            changed_at: posted.at,
            due: Some(posted.at),
            tries: 0,
            reason: None,
            newest,
            face: SealedFace {
                key: sealed.sealed.ok_or(CryptoError)?,
                bytes: URL_SAFE_NO_PAD.encode(sealed.value),
            },
            rest: Map::new(),
        })
    }

    /// What can be said of a mail of which nothing can be read but that it waited to be looked at at `due`.
    pub(super) fn lost(due: Timestamp, kept_until: Option<Timestamp>) -> Self {
        Self {
            state: MailState::Queued,
            channel: String::new(),
            at: due,
            expires_at: kept_until.map_or(due, |until| until.saturating_sub(FORGOTTEN_MS)),
            changed_at: due,
            due: Some(due),
            tries: 0,
            reason: None,
            newest: None,
            // It opens to nothing.
            face: SealedFace {
                key: String::new(),
                bytes: String::new(),
            },
            rest: Map::new(),
        }
    }

    /// What is stored as `bytes`.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        serde_json::from_slice(bytes).map_err(|_| Unreadable::Damaged)
    }

    /// The stored form.
    pub(super) fn encode(&self) -> Result<Vec<u8>, CryptoError> {
        serde_json::to_vec(self).map_err(|_| CryptoError)
    }

    /// Whom the mail `id` is to, and its subject.
    pub(super) async fn face(&self, keyring: &KeyRing, id: &str) -> Result<Face, Unreadable> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.face.bytes);
        let bytes = bytes.map_err(|_| Unreadable::Damaged)?;
        unseal(keyring, &namespace(), id, &self.face.key, &bytes).await
    }

    /// Until when what belongs to it is kept while it is not done.
    pub(super) fn kept_until(&self) -> Timestamp {
        self.expires_at.saturating_add(FORGOTTEN_MS)
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress")
            .field("state", &self.state)
            .field("due", &self.due)
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}
