//! Which mail of a name to an address is the newest.
//!
//! Whoever sends writes it without reading, so two who send at once never conflict: the one that commits last is the
//! newest. A mail is handed over only if it still is; whoever withdraws removes what is written. So neither has to find
//! the older mails, or to open any.
//!
//! The key is a keyed hash: the store shows neither the address nor that two mails are to the same person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::keyring::{CryptoError, KeyRing};
use crate::store::{Entry, Namespace};

/// Where it lies. The value is the mail's id.
pub(super) fn namespace() -> Namespace {
    Namespace::reserved("outbox-mail-newest")
}

/// Where it is written for `name` and the address `to`: under the key in use first, then under every other that is
/// accepted, where an earlier mail may look. Letters in upper and lower case are the same: they reach the same person.
pub(super) fn keys(
    keyring: &KeyRing,
    channel: &str,
    to: &str,
    name: &str,
) -> Result<Vec<String>, CryptoError> {
    let data = serde_json::to_vec(&(channel, to.to_lowercase(), name)).map_err(|_| CryptoError)?;
    let tags = keyring
        .macs()
        .candidates("h/outbox", "newest-mail", &data)?;
    Ok(tags
        .into_iter()
        .map(|tag| URL_SAFE_NO_PAD.encode(tag.bytes))
        .collect())
}

/// How a mail stands to the others of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has no name, or it is the newest.
    Newest,
    /// There is a newer one.
    Superseded,
    /// It was withdrawn.
    Withdrawn,
}

/// How the mail `id` stands, given what is written where it wrote itself, if it did. It did so for at least as long as it
/// may be delivered: nothing there means that somebody removed it.
pub(super) fn standing(id: &str, named: bool, written: Option<&Entry>) -> Standing {
    match written {
        _ if !named => Standing::Newest,
        Some(entry) if entry.record.value == id.as_bytes() => Standing::Newest,
        Some(_) => Standing::Superseded,
        None => Standing::Withdrawn,
    }
}
