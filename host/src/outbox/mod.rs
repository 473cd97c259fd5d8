//! What leaves with a commit: mails and events, as sealed records beside the data that they belong to.
//!
//! A record is written by the transaction that made it and is delivered afterwards, at least once, always under the same
//! id. It is sealed because a mail may carry a one-time token: a stolen store must not give it away.
//!
//! A mail is four entries, and none of them shows an address or a word in the clear:
//!
//! * its words, sealed, for as long as they may be needed;
//! * what is known of it (`progress`): where it is in its life, and, sealed, whom it is to and its subject;
//! * its place in the `queue`, under the moment at which it is to be looked at next;
//! * if it has a name, which mail of that name to that address is the newest (`newest`), under a keyed hash.
//!
//! The deliverer (`deliver`) of any host on the store leases what is due and hands it to a [`mail::Mailer`]. Whatever
//! changes a mail compares the version of the one entry that says what is known of it, so of several hosts one succeeds.

mod backoff;
mod breaker;
mod deliver;
mod held;
pub mod mail;
mod mails;
mod newest;
mod posting;
mod progress;
mod queue;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::keyring::{CryptoError, KeyRing, OpenError};
use crate::sandbox::work::Work;
use crate::store::{Namespace, Record};

pub(crate) use backoff::Jitter;
pub(crate) use deliver::{Deliverer, Settings};
pub use mails::{MailPage, MailQuery, MailSummary, MailView, Mails, RetryError};
#[cfg(feature = "http")]
pub(crate) use posting::is_mail_id;
pub use progress::MailState;
pub(crate) use queue::{Keep, Queue};

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
    /// Stable over every try to deliver it. Ids sort by the moment they were made at.
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
    about: Option<&str>,
) -> Result<(), CryptoError> {
    let posted = posted(work, channel, Item::Mail(mail));
    for (namespace, key, record) in posting::entries(keyring, &posted, about)? {
        work.transaction.put(&namespace, key, record);
    }
    Ok(())
}

/// Withdraws, with the topmost frame of `work`, what waits of `name` to the address `to`.
pub(crate) fn withdraw_mails(
    work: &mut Work,
    keyring: &KeyRing,
    channel: &str,
    to: &str,
    name: &str,
) -> Result<(), CryptoError> {
    for key in newest::keys(keyring, channel, to, name)? {
        work.transaction.delete(&newest::namespace(), key);
    }
    Ok(())
}

/// Puts `event` into the topmost frame of `work`.
pub(crate) fn enqueue_event(
    work: &mut Work,
    keyring: &KeyRing,
    channel: &str,
    event: Event,
    about: Option<String>,
) -> Result<(), CryptoError> {
    let posted = posted(work, channel, Item::Event(event));
    let record = seal(keyring, &events(), &posted.id, &posted)?;
    let record = Record {
        subject: about,
        ..record
    };
    work.transaction.put(&events(), posted.id, record);
    Ok(())
}

/// `item` under the next id of `work`.
fn posted(work: &mut Work, channel: &str, item: Item) -> Posted {
    let id = format!(
        "{}-{:02}-{:02}",
        work.facts.id,
        work.facts.generation(),
        work.outbox
    );
    work.outbox += 1;
    Posted {
        id,
        channel: channel.to_owned(),
        at: work.facts.now,
        item,
    }
}

/// `value` as a record that opens under `key` of `namespace` only.
fn seal<T: Serialize>(
    keyring: &KeyRing,
    namespace: &Namespace,
    key: &str,
    value: &T,
) -> Result<Record, CryptoError> {
    let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| CryptoError)?);
    let sealed = keyring.seals().seal(&place(namespace, key), &plain)?;
    Ok(Record {
        sealed: Some(sealed.key_id),
        ..Record::plain(sealed.bytes)
    })
}

/// Why a sealed record cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It was altered or moved, or is no record of the outbox: it will never open.
    #[error("the record is damaged")]
    Damaged,
    /// The key is not known here, or not yet.
    #[error("the record's key is not at hand")]
    NotNow(#[source] OpenError),
}

/// Reads what lies under `key`.
pub(crate) async fn open(
    keyring: &KeyRing,
    namespace: &Namespace,
    key: &str,
    record: &Record,
) -> Result<Posted, Unreadable> {
    let key_id = record.sealed.as_deref().ok_or(Unreadable::Damaged)?;
    unseal(keyring, namespace, key, key_id, &record.value).await
}

async fn unseal<T: serde::de::DeserializeOwned>(
    keyring: &KeyRing,
    namespace: &Namespace,
    key: &str,
    key_id: &str,
    bytes: &[u8],
) -> Result<T, Unreadable> {
    let opened = keyring
        .seals()
        .open(&place(namespace, key), key_id, bytes)
        .await;
    let plain = opened.map_err(|cause| match cause {
        OpenError::Refused => Unreadable::Damaged,
        OpenError::UnknownKey | OpenError::Ring(_) => Unreadable::NotNow(cause),
    })?;
    serde_json::from_slice(&plain).map_err(|_| Unreadable::Damaged)
}

/// Where a sealed record lies: it opens nowhere else.
fn place(namespace: &Namespace, key: &str) -> Vec<u8> {
    format!("{}\0{key}", namespace.as_str()).into_bytes()
}
