//! The ring in memory: every key that is worth something, ready for use.

use super::macs::MacKey;
use super::pepper::PepperKey;
use super::primitives::{Aead, Secret};
use super::record::{KeyRecord, Wrapping};
use super::signing::SigningKey;
use super::{KeyRingError, KeyState, Purpose};
use crate::clock::Timestamp;
use crate::store::Version;
use zeroize::Zeroizing;

/// All keys, as of one version of the ring.
pub(super) struct View {
    pub(super) version: Option<Version>,
    pub(super) signing: Keys<SigningKey>,
    pub(super) macs: Keys<MacKey>,
    pub(super) seals: Keys<Aead>,
    pub(super) peppers: Keys<PepperKey>,
    pub(super) records: Vec<KeyRecord>,
}

impl View {
    /// The keys that `records` hold.
    pub(super) fn new(
        version: Option<Version>,
        records: Vec<KeyRecord>,
        wrapping: &Wrapping,
    ) -> Result<Self, KeyRingError> {
        let keys = |record: &KeyRecord| record.unwrap(wrapping);
        Ok(Self {
            version,
            signing: Keys::new(&records, Purpose::Signing, |record| {
                SigningKey::new(record, &keys(record)?)
            })?,
            macs: Keys::new(&records, Purpose::Mac, |record| {
                Ok(MacKey::new(&secret(record, &keys(record)?)?))
            })?,
            seals: Keys::new(&records, Purpose::Seal, |record| {
                Ok(Aead::new(&secret(record, &keys(record)?)?)?)
            })?,
            peppers: Keys::new(&records, Purpose::Pepper, |record| {
                Ok(PepperKey::new(&secret(record, &keys(record)?)?)?)
            })?,
            records,
        })
    }
}

/// The keys of one purpose that are not retired.
pub(super) struct Keys<K> {
    current: Held<K>,
    next: Option<Held<K>>,
    /// The last one first.
    previous: Vec<Held<K>>,
}

/// A key with its name and its times.
pub(super) struct Held<K> {
    pub(super) id: String,
    activated_at: Option<Timestamp>,
    pub(super) superseded_at: Option<Timestamp>,
    retires_at: Option<Timestamp>,
    pub(super) key: K,
}

impl<K> Keys<K> {
    fn new(
        records: &[KeyRecord],
        purpose: Purpose,
        open: impl Fn(&KeyRecord) -> Result<K, KeyRingError>,
    ) -> Result<Self, KeyRingError> {
        let held = |state: KeyState| {
            records
                .iter()
                .filter(move |record| record.purpose == purpose && record.state == state)
                .map(|record| {
                    Ok(Held {
                        id: record.id.clone(),
                        activated_at: record.activated_at,
                        superseded_at: record.superseded_at,
                        retires_at: record.retires_at,
                        key: open(record)?,
                    })
                })
        };
        let current = held(KeyState::Current).next().unwrap_or_else(|| {
            Err(KeyRingError::Corrupt {
                entry: purpose.as_str().to_owned(),
                why: "there is no current key of this purpose",
            })
        })?;
        let next = held(KeyState::Next).next().transpose()?;
        let mut previous = held(KeyState::Previous).collect::<Result<Vec<_>, _>>()?;
        previous.sort_by_key(|held| std::cmp::Reverse((held.superseded_at, held.activated_at)));
        Ok(Self {
            current,
            next,
            previous,
        })
    }

    /// The key in use at `now`.
    pub(super) fn current(&self, now: Timestamp) -> &Held<K> {
        match &self.next {
            Some(next) if next.is_active(now) => next,
            _ => &self.current,
        }
    }

    /// Every key that is accepted at `now`: the one in use, the earlier ones from the last on, and one that is yet to be used.
    pub(super) fn accepted(&self, now: Timestamp) -> impl Iterator<Item = &Held<K>> {
        let (active, pending) = match &self.next {
            Some(next) if next.is_active(now) => (Some(next), None),
            next => (None, next.as_ref()),
        };
        active
            .into_iter()
            .chain([&self.current])
            .chain(&self.previous)
            .chain(pending)
            .filter(move |held| !held.is_over(now))
    }

    /// The key named `id`, if it is accepted at `now`.
    pub(super) fn find(&self, id: &str, now: Timestamp) -> Option<&Held<K>> {
        self.accepted(now).find(|held| held.id == id)
    }
}

impl<K> Held<K> {
    fn is_active(&self, now: Timestamp) -> bool {
        self.activated_at.is_some_and(|at| at <= now)
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.retires_at.is_some_and(|at| at <= now)
    }
}

/// The 32 bytes that a symmetric key is.
fn secret(record: &KeyRecord, private: &[u8]) -> Result<Secret, KeyRingError> {
    let mut secret = Zeroizing::new([0; 32]);
    if private.len() != secret.len() {
        return Err(KeyRingError::Corrupt {
            entry: record.key(),
            why: "its key has the wrong length",
        });
    }
    secret.copy_from_slice(private);
    Ok(secret)
}
