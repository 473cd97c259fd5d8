//! The ring itself: opened once, kept up to date, changed under compare.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use super::ledger::{self, Ledger, Page};
use super::macs::Macs;
use super::pepper::Peppers;
use super::record::{KeyAlgorithm, KeyRecord, KeyState, Purpose, Wrapping};
use super::seal::Seals;
use super::seen::SeenSignatures;
use super::signing::{self, Signing};
use super::view::View;
use super::{CryptoError, primitives::random_secret};
use super::{KeyRingError, RootKey};
use crate::clock::{Clock, Timestamp};
use crate::config::SigningAlgorithm;
use crate::store::{Store, StoreError};

/// An unknown key makes the ring be read again, but not more often than this: strangers can make up names of keys.
const RELOAD_MS: u64 = 1000;

/// How often a change is tried against other hosts' changes before it is given up.
const ATTEMPTS: u32 = 8;

/// How a ring is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// What new signing keys are for. Keys that exist stay what they are: after a change of this, it takes two rotations for
    /// the new algorithm to sign.
    pub algorithm: SigningAlgorithm,
    /// How many signatures that were found good are remembered, so that they need not be verified again; 0: none.
    pub remembered_signatures: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            algorithm: SigningAlgorithm::EdDSA,
            remembered_signatures: 8192,
        }
    }
}

/// Every key the host holds. See the module's documentation.
pub struct KeyRing {
    pub(super) ledger: Ledger,
    clock: Arc<dyn Clock>,
    algorithm: SigningAlgorithm,
    view: ArcSwap<View>,
    /// Held while the ring is read for the sake of an unknown key; the moment of the last such read.
    reloaded_at: Mutex<Option<Timestamp>>,
    /// When it was last known to be up to date.
    fresh_at: AtomicU64,
    pub(super) seen: SeenSignatures,
}

impl KeyRing {
    /// Whether `store` holds a key ring: then its root key must be found, and none be made.
    ///
    /// # Errors
    /// As for [`Store::begin`].
    pub async fn exists(store: &dyn Store, now: Timestamp) -> Result<bool, StoreError> {
        ledger::exists(store, now).await
    }

    /// Whether `root` opens every key of the ring in `store`, if there is one. Nothing is changed: for `doctor`, and after a restore.
    ///
    /// # Errors
    /// [`KeyRingError`] that says what is wrong.
    pub async fn check(
        store: Arc<dyn Store>,
        root: &RootKey,
        now: Timestamp,
    ) -> Result<(), KeyRingError> {
        let ledger = Ledger::new(store, root)?;
        let page = ledger.read(now).await?;
        if page.head.is_some() {
            View::new(page.head, page.records, &ledger.wrapping)?;
        }
        Ok(())
    }

    /// Opens the ring of `store`, and makes what it lacks: all of it on a first start.
    ///
    /// # Errors
    /// [`KeyRingError`]; [`super::RootKeyError::Wrong`] in it if the ring was made with another root key.
    pub async fn open(
        store: Arc<dyn Store>,
        root: &RootKey,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, KeyRingError> {
        let ledger = Ledger::new(store, root)?;
        let now = clock.now();
        let algorithm = options.algorithm;
        let page = change::<KeyRingError>(&ledger, now, |records| {
            complete(records, &ledger.wrapping, algorithm, now)
        })
        .await?;
        let view = View::new(page.head, page.records, &ledger.wrapping)?;
        Ok(Self {
            ledger,
            clock,
            algorithm,
            view: ArcSwap::from_pointee(view),
            reloaded_at: Mutex::new(None),
            fresh_at: AtomicU64::new(now),
            seen: SeenSignatures::new(options.remembered_signatures)?,
        })
    }

    /// Signatures.
    #[must_use]
    pub fn signing(&self) -> Signing<'_> {
        Signing(self)
    }

    /// Keyed hashes.
    #[must_use]
    pub fn macs(&self) -> Macs<'_> {
        Macs(self)
    }

    /// Sealing of what is stored.
    #[must_use]
    pub fn seals(&self) -> Seals<'_> {
        Seals(self)
    }

    /// What is mixed into passwords.
    #[must_use]
    pub fn peppers(&self) -> Peppers<'_> {
        Peppers(self)
    }

    /// Reads the ring again. What was read before stays in use if that fails.
    ///
    /// # Errors
    /// [`KeyRingError`].
    pub async fn reload(&self) -> Result<(), KeyRingError> {
        let now = self.now();
        let page = self.ledger.read(now).await?;
        // Two reads may end in the other order than they began.
        let known = self.view.load().version;
        if page.head > known {
            let view = Arc::new(View::new(page.head, page.records, &self.ledger.wrapping)?);
            self.view.rcu(|seen| {
                if view.version > seen.version {
                    view.clone()
                } else {
                    seen.clone()
                }
            });
        }
        self.fresh_at.store(now, Ordering::Relaxed);
        Ok(())
    }

    /// Reads the ring again if another host has changed it and it was last looked at [`super::REFRESH_MS`] ago or longer; stores
    /// what time alone has changed (a retired key's private half is destroyed). For the host to call every now and then.
    ///
    /// # Errors
    /// [`KeyRingError`]; everything stays in use as it was.
    pub async fn refresh_if_stale(&self, now: Timestamp) -> Result<(), KeyRingError> {
        if now.abs_diff(self.fresh_at.load(Ordering::Relaxed)) < super::REFRESH_MS {
            return Ok(());
        }
        if self.ledger.version(now).await? != self.view.load().version {
            self.reload().await?;
        }
        self.fresh_at.store(now, Ordering::Relaxed);
        if is_settled(&self.view.load().records, now) {
            return Ok(());
        }
        self.change::<KeyRingError>(now, |_| Ok(())).await
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn view(&self) -> arc_swap::Guard<Arc<View>> {
        self.view.load()
    }

    /// What `find` finds in the ring; if nothing, in the ring read again, unless that was done just now.
    pub(super) async fn find<T>(
        &self,
        find: impl Fn(&View) -> Option<T>,
    ) -> Result<Option<T>, KeyRingError> {
        if let Some(found) = find(&self.view.load()) {
            return Ok(Some(found));
        }
        let mut reloaded_at = self.reloaded_at.lock().await;
        // Somebody may have read it while this waited.
        if let Some(found) = find(&self.view.load()) {
            return Ok(Some(found));
        }
        let now = self.now();
        if reloaded_at.is_some_and(|at| now.abs_diff(at) < RELOAD_MS) {
            return Ok(None);
        }
        // A store that fails is asked again by the next caller: none of them may take its silence for an answer.
        self.reload().await?;
        *reloaded_at = Some(now);
        Ok(find(&self.view.load()))
    }

    /// Changes the ring as `plan` says and takes the result into use.
    pub(super) async fn change<E: From<KeyRingError>>(
        &self,
        now: Timestamp,
        plan: impl FnMut(&mut Vec<KeyRecord>) -> Result<(), E>,
    ) -> Result<(), E> {
        change(&self.ledger, now, plan).await?;
        Ok(self.reload().await?)
    }

    /// A new key of `purpose`, in state `next`.
    pub(super) fn generate(
        &self,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<KeyRecord, CryptoError> {
        generate(&self.ledger.wrapping, purpose, self.algorithm, now)
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing")
            .field("version", &self.view.load().version)
            .finish_non_exhaustive()
    }
}

/// Applies `plan` to the ring as it is, with what time alone has changed, in one commit. If another host was faster, again.
/// The ring as it is then.
async fn change<E: From<KeyRingError>>(
    ledger: &Ledger,
    now: Timestamp,
    mut plan: impl FnMut(&mut Vec<KeyRecord>) -> Result<(), E>,
) -> Result<Page, E> {
    for _ in 0..ATTEMPTS {
        let page = ledger.read(now).await?;
        let mut records = page.records.clone();
        settle(&mut records, &ledger.wrapping, now).map_err(KeyRingError::from)?;
        plan(&mut records)?;
        settle(&mut records, &ledger.wrapping, now).map_err(KeyRingError::from)?;
        if records == page.records && page.head.is_some() {
            return Ok(page);
        }
        if ledger.write(&page, &records, now).await? {
            return Ok(ledger.read(now).await?);
        }
    }
    Err(KeyRingError::Busy.into())
}

/// Adds the keys that a ring must have: one in use for each purpose, and the next for signing.
fn complete(
    records: &mut Vec<KeyRecord>,
    wrapping: &Wrapping,
    algorithm: SigningAlgorithm,
    now: Timestamp,
) -> Result<(), KeyRingError> {
    let has = |records: &[KeyRecord], purpose, state| {
        records
            .iter()
            .any(|record| record.purpose == purpose && record.state == state)
    };
    for purpose in Purpose::ALL {
        if !has(records, purpose, KeyState::Current) {
            // A purpose that has keys but none in use was tampered with; a new key would hide that.
            if records.iter().any(|record| record.purpose == purpose) {
                return Err(KeyRingError::Corrupt {
                    entry: purpose.as_str().to_owned(),
                    why: "there is no current key of this purpose",
                });
            }
            let mut key = generate(wrapping, purpose, algorithm, now)?;
            key.state = KeyState::Current;
            key.activated_at = Some(now);
            records.push(key);
        }
    }
    if !has(records, Purpose::Signing, KeyState::Next) {
        records.push(generate(wrapping, Purpose::Signing, algorithm, now)?);
    }
    Ok(())
}

fn generate(
    wrapping: &Wrapping,
    purpose: Purpose,
    algorithm: SigningAlgorithm,
    now: Timestamp,
) -> Result<KeyRecord, CryptoError> {
    match purpose {
        Purpose::Signing => {
            let (private, public) = signing::generate(algorithm)?;
            KeyRecord::new(wrapping, purpose, algorithm.into(), &private, public, now)
        }
        Purpose::Mac | Purpose::Pepper => {
            let algorithm = KeyAlgorithm::HmacSha256;
            let secret = random_secret()?;
            KeyRecord::new(
                wrapping,
                purpose,
                algorithm,
                secret.as_slice(),
                Vec::new(),
                now,
            )
        }
        Purpose::Seal => {
            let algorithm = KeyAlgorithm::Aes256GcmSiv;
            let secret = random_secret()?;
            KeyRecord::new(
                wrapping,
                purpose,
                algorithm,
                secret.as_slice(),
                Vec::new(),
                now,
            )
        }
    }
}

/// Whether the stored states are those of `now`.
fn is_settled(records: &[KeyRecord], now: Timestamp) -> bool {
    records
        .iter()
        .all(|record| state_at(records, record, now) == record.state)
}

/// Writes into `records` what time alone has changed.
fn settle(
    records: &mut [KeyRecord],
    wrapping: &Wrapping,
    now: Timestamp,
) -> Result<(), CryptoError> {
    let before = records.to_vec();
    for record in records {
        let state = state_at(&before, record, now);
        match (record.state, state) {
            (KeyState::Previous, KeyState::Retired) => record.retire(wrapping)?,
            (KeyState::Current, KeyState::Previous) => {
                record.superseded_at = superseded_at(&before, record, now);
            }
            _ => {}
        }
        record.state = state;
    }
    Ok(())
}

/// The state of `record` among `records` at `now`, which may be further than the stored one.
pub(super) fn state_at(records: &[KeyRecord], record: &KeyRecord, now: Timestamp) -> KeyState {
    match record.state {
        KeyState::Next if record.activated_at.is_some_and(|at| at <= now) => KeyState::Current,
        KeyState::Current if superseded_at(records, record, now).is_some() => KeyState::Previous,
        KeyState::Previous if record.retires_at.is_some_and(|at| at <= now) => KeyState::Retired,
        state => state,
    }
}

/// When the next key of the same purpose went into use, if it did.
fn superseded_at(records: &[KeyRecord], record: &KeyRecord, now: Timestamp) -> Option<Timestamp> {
    records
        .iter()
        .filter(|other| other.purpose == record.purpose && other.state == KeyState::Next)
        .find_map(|next| next.activated_at.filter(|at| *at <= now))
}
