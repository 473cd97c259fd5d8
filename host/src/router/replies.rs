//! Stored replies: a message with the same id and the same payload is answered the same again, with one effect.
//!
//! Neither the id nor the payload is stored: the place is a keyed hash of who asked what under which id, the payload is
//! compared by a keyed hash (a plain digest of a password's request would be a fast password hash), and the reply is sealed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::error::{Code, Failure};
use crate::keyring::{CryptoError, KeyRing, OpenError, Tag};
use crate::message::{Answer, Message, Principal};
use crate::store::{Namespace, Record, StoreError, Write};
use crate::transaction::Transaction;

/// How long a reply is kept, in milliseconds.
const REPLIES_KEPT_MS: u64 = 24 * 60 * 60 * 1_000;

/// How long a reply that carries credentials is kept: no longer than a lost reply can be asked for again.
const CREDENTIALS_KEPT_MS: u64 = 30 * 1_000;

/// Where the replies to one id of one caller lie, under each accepted key, the current first.
pub(super) struct Replies {
    places: Vec<Place>,
    /// Whose reply it is, for `subject forget`.
    subject: Option<String>,
}

struct Place {
    key: String,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    fingerprint: String,
    reply: Option<Value>,
}

impl Replies {
    /// The place of `message`, whose caller is `principal`. A stranger's id holds for the same payload only: two strangers may choose the same.
    pub(super) fn of(
        keyring: &KeyRing,
        message: &Message,
        id: &str,
        principal: Option<&Principal>,
    ) -> Result<Self, CryptoError> {
        let payload = Zeroizing::new(serde_json::to_vec(&message.payload).unwrap_or_default());
        let service_key = message.caller.service_key.as_deref();
        let anonymous = principal.is_none() && service_key.is_none();
        // Another session, or a narrower credential, of the same person is another caller: it is not given their reply.
        let acting = principal.map(|principal| {
            (
                &principal.subject,
                &principal.session,
                &principal.scopes,
                &principal.roles,
            )
        });
        let scope = serde_json::to_vec(&(
            "default",
            acting,
            service_key,
            &message.channel,
            &message.command,
            id,
        ));
        let mut place = Zeroizing::new(scope.map_err(|_| CryptoError)?);
        if anonymous {
            place.extend_from_slice(&payload);
        }
        let macs = keyring.macs();
        let places = macs.candidates("h/replies", "place", &place)?;
        let fingerprints = macs.candidates("h/replies", "payload", &payload)?;
        // Paired by key and not by position: the ring may change between the two.
        let pair = |place: Tag| {
            let fingerprint = fingerprints.iter().find(|tag| tag.key_id == place.key_id)?;
            Some(Place {
                key: URL_SAFE_NO_PAD.encode(place.bytes),
                fingerprint: URL_SAFE_NO_PAD.encode(fingerprint.bytes),
            })
        };
        Ok(Self {
            places: places.into_iter().filter_map(pair).collect(),
            subject: principal.map(|principal| principal.subject.clone()),
        })
    }

    /// The answer that was stored: the reply, or `conflict` if the payload was another.
    pub(super) async fn find(
        &self,
        transaction: &mut Transaction,
        keyring: &KeyRing,
    ) -> Result<Option<Answer>, StoreError> {
        for place in &self.places {
            let Some(record) = transaction.get(&namespace(), &place.key).await? else {
                continue;
            };
            let sealed = record.sealed.as_deref().unwrap_or_default();
            // The key may have to be looked for in the store.
            transaction.rest();
            let plain = keyring
                .seals()
                .open(&at(&place.key), sealed, &record.value)
                .await
                .map_err(|cause| match cause {
                    // Not to know the answer is no reason to carry the command out once more.
                    OpenError::Refused => StoreError::Corrupt(Box::new(cause)),
                    OpenError::UnknownKey | OpenError::Ring(_) => {
                        StoreError::Unavailable(Box::new(cause))
                    }
                })?;
            let stored: Stored = serde_json::from_slice(&plain)
                .map_err(|cause| StoreError::Corrupt(Box::new(cause)))?;
            if stored.fingerprint == place.fingerprint {
                return Ok(Some(Ok(stored.reply)));
            }
            let message = "the idempotency key was used before with another request";
            return Ok(Some(Err(Failure::new(Code::Conflict, message))));
        }
        Ok(None)
    }

    /// The write that keeps `answer`.
    pub(super) fn write(
        &self,
        keyring: &KeyRing,
        now: Timestamp,
        carries_credentials: bool,
        answer: &Answer,
    ) -> Result<Write, Box<dyn std::error::Error + Send + Sync>> {
        let place = self.places.first().ok_or("there is no mac key")?;
        let reply = answer.as_ref().ok().cloned().flatten();
        let stored = Stored {
            fingerprint: place.fingerprint.clone(),
            reply,
        };
        let plain = Zeroizing::new(serde_json::to_vec(&stored)?);
        let sealed = keyring.seals().seal(&at(&place.key), &plain)?;
        let kept = if carries_credentials {
            CREDENTIALS_KEPT_MS
        } else {
            REPLIES_KEPT_MS
        };
        let record = Record {
            value: sealed.bytes,
            schema: 0,
            subject: self.subject.clone(),
            sealed: Some(sealed.key_id),
            expires_at: Some(now.saturating_add(kept)),
        };
        Ok(Write::Put {
            namespace: namespace(),
            key: place.key.clone(),
            record,
        })
    }
}

fn namespace() -> Namespace {
    Namespace::reserved("replies")
}

fn at(key: &str) -> Vec<u8> {
    format!("{}\0{key}", namespace().as_str()).into_bytes()
}
