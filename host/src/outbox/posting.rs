//! The entries of a mail, and where they lie.

use super::newest;
use super::progress::{self, Progress};
use super::{Item, Mail, Posted, seal};
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

/// The longest id of a mail, in bytes.
const MAX_ID_BYTES: usize = 64;

/// Whether `text` can be the id of a mail.
pub(crate) fn is_mail_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=MAX_ID_BYTES).contains(&text.len()) && text.bytes().all(fits)
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

    /// The place with this key; none if it is no place's, spelt as [`Place::key`] spells it.
    pub(super) fn parse(key: &str) -> Option<Self> {
        let (due, id) = key.split_once('/')?;
        let place = Self {
            due: due.parse().ok()?,
            id: id.to_owned(),
        };
        (is_mail_id(id) && place.key() == key).then_some(place)
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
    let names = names(keyring, posted, mail)?;
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

/// Where `mail` says that it is the newest of its name: first where it looks itself. Nowhere if it has no name.
pub(super) fn names(
    keyring: &KeyRing,
    posted: &Posted,
    mail: &Mail,
) -> Result<Vec<String>, CryptoError> {
    match &mail.supersedes {
        Some(name) => newest::keys(keyring, &posted.channel, &mail.to, name),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_what_its_key_says_and_nothing_else_is_one() {
        let place = Place {
            due: 1_700_000_000_000,
            id: "mail-0001".to_owned(),
        };
        assert_eq!(place.key(), "01700000000000/mail-0001");
        assert_eq!(Place::parse(&place.key()), Some(place));
        let long = format!("01700000000000/{}", "a".repeat(65));
        for stray in [
            "",
            "/",
            "mail-0001",
            "01700000000000",
            "01700000000000/",
            "1700000000000/mail-0001",
            "+1700000000000/mail-0001",
            "001700000000000/mail-0001",
            "99999999999999999999999/mail-0001",
            "01700000000000/a/b",
            "01700000000000/a\nb",
            "01700000000000/..",
            &long,
        ] {
            assert_eq!(Place::parse(stray), None, "{stray:?}");
        }
    }
}
