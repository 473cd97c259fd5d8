//! What leaves with a commit: mails and events, as sealed records beside the data that they belong to.
//!
//! A record is written by the transaction that made it and is delivered afterwards, at least once, always under the same
//! id. It is sealed because a mail may carry a one-time token: a stolen store must not give it away.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::keyring::{CryptoError, KeyRing};
use crate::sandbox::work::Work;
use crate::store::{Namespace, Record};

/// A mail to one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// Not delivered later than this.
    pub expires_at: Timestamp,
    /// Of the mails of this name to an address only the newest is delivered.
    pub supersedes: Option<String>,
}

impl std::fmt::Debug for Mail {
    /// A mail's words and address are nobody's business but the addressee's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its name, kebab-case.
    pub name: String,
    /// A JSON text.
    pub payload: String,
}

/// A record of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// Stable over every try to deliver it.
    pub id: String,
    /// Which channel's component made it.
    pub channel: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub item: Item,
}

/// What a record of the outbox carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// A mail.
    Mail(Mail),
    /// An event.
    Event(Event),
}

/// Where queued mails lie.
pub(crate) fn mails() -> Namespace {
    Namespace::reserved("outbox-mail")
}

/// Where queued events lie.
pub(crate) fn events() -> Namespace {
    Namespace::reserved("outbox-event")
}

/// Puts `mail` into the topmost frame of `work`.
pub(crate) fn enqueue_mail(
    work: &mut Work,
    keyring: &KeyRing,
    channel: &str,
    mail: Mail,
    about: Option<String>,
) -> Result<(), CryptoError> {
    enqueue(work, keyring, channel, &mails(), Item::Mail(mail), about)
}

/// Puts `event` into the topmost frame of `work`.
pub(crate) fn enqueue_event(
    work: &mut Work,
    keyring: &KeyRing,
    channel: &str,
    event: Event,
    about: Option<String>,
) -> Result<(), CryptoError> {
    enqueue(work, keyring, channel, &events(), Item::Event(event), about)
}

fn enqueue(
    work: &mut Work,
    keyring: &KeyRing,
    channel: &str,
    namespace: &Namespace,
    item: Item,
    subject: Option<String>,
) -> Result<(), CryptoError> {
    let at = work.facts.now;
    let id = format!(
        "{}-{}-{}",
        work.facts.id,
        work.facts.generation(),
        work.outbox
    );
    work.outbox += 1;
    // Keys sort by moment, so that the oldest is delivered first.
    let key = format!("{at:014}/{id}");
    let posted = Posted {
        id,
        channel: channel.to_owned(),
        at,
        item,
    };
    let plain = Zeroizing::new(serde_json::to_vec(&posted).map_err(|_| CryptoError)?);
    let sealed = keyring.seals().seal(&place(namespace, &key), &plain)?;
    let record = Record {
        value: sealed.bytes,
        schema: 0,
        subject,
        sealed: Some(sealed.key_id),
        expires_at: None,
    };
    work.transaction.put(namespace, key, record);
    Ok(())
}

/// Reads what lies under `key`; none if it cannot be opened.
pub(crate) async fn open(
    keyring: &KeyRing,
    namespace: &Namespace,
    key: &str,
    record: &Record,
) -> Option<Posted> {
    let sealed = record.sealed.as_deref()?;
    let plain = keyring
        .seals()
        .open(&place(namespace, key), sealed, &record.value)
        .await
        .ok()?;
    serde_json::from_slice(&plain).ok()
}

/// Where a sealed record lies: it opens nowhere else.
fn place(namespace: &Namespace, key: &str) -> Vec<u8> {
    format!("{}\0{key}", namespace.as_str()).into_bytes()
}
