//! The entries of a mail, and where they lie.

use super::newest;
use super::progress::{self, Progress};
use super::{Item, Posted, seal};
use crate::clock::Timestamp;
use crate::keyring::{CryptoError, KeyRing};
use crate::store::{Namespace, Record};

/// Where the words of mails lie, sealed, by their ids.
pub(super) fn letters() -> Namespace {
    Namespace::reserved("outbox-mail")
}

/// Where the places of the queue lie: the moment at which a mail is due, and its id.
pub(super) fn places() -> Namespace {
    Namespace::reserved("outbox-mail-queue")
}

/// A place in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) due: Timestamp,
    pub(super) id: String,
}

impl Place {
    /// Its key: places sort by the moment.
    pub(super) fn key(&self) -> String {
        format!("{:014}/{}", self.due, self.id)
    }

    /// The place with this key.
    pub(super) fn parse(key: &str) -> Option<Self> {
        let (due, id) = key.split_once('/')?;
        Some(Self {
            due: due.parse().ok()?,
            id: id.to_owned(),
        })
    }
}

/// The entries of a mail that is `posted`; none for an event. None of them reads anything: two messages that send at once
/// do not conflict.
pub(super) fn entries(
    keyring: &KeyRing,
    posted: &Posted,
    about: Option<&str>,
) -> Result<Vec<(Namespace, String, Record)>, CryptoError> {
    let Item::Mail(mail) = &posted.item else {
        return Ok(Vec::new());
    };
    let names = match &mail.supersedes {
        Some(name) => newest::keys(keyring, &posted.channel, &mail.to, name)?,
        None => Vec::new(),
    };
    let progress = Progress::begin(keyring, posted, mail, names.first().cloned())?;
    let record = |record: Record, expires_at| Record {
        subject: about.map(str::to_owned),
        expires_at: Some(expires_at),
        ..record
    };
    let place = Place {
        due: posted.at,
        id: posted.id.clone(),
    };
    let kept = progress.kept_until();
    let letter = seal(keyring, &letters(), &posted.id, posted)?;
    let known = Record::plain(progress.encode()?);
    let id = posted.id.clone();
    let mut entries = vec![
        (letters(), id.clone(), record(letter, kept)),
        (progress::namespace(), id.clone(), record(known, kept)),
        (
            places(),
            place.key(),
            record(Record::plain(Vec::new()), kept),
        ),
    ];
    entries.extend(names.into_iter().map(|key| {
        let written = Record::plain(id.clone().into_bytes());
        (newest::namespace(), key, record(written, kept))
    }));
    Ok(entries)
}
