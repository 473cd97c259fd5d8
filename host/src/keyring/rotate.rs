//! Rotation: the next key takes over, in one commit.

use super::record::{KeyRecord, KeyState, Purpose};
use super::{JWKS_MAX_AGE_MS, KeyRing, KeyRingError, REFRESH_MS};

/// How to rotate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// How long the key that is replaced is still accepted, in milliseconds: at least an access token's life and what a JWKS
    /// answer may be kept for. Signing keys only; the others are accepted for ever, since what they made lasts.
    pub keep_ms: u64,
    /// How long a key must have been known to all before it is used, in milliseconds: at least what a JWKS answer may be kept for
    /// and the time until all hosts have seen it.
    pub lead_ms: u64,
    /// Rotate although the next key has not been known for that long. Whoever fetched JWKS before meets signatures it cannot verify
    /// yet; it is for a key that was stolen.
    pub force: bool,
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            keep_ms: 24 * 60 * 60 * 1000,
            lead_ms: JWKS_MAX_AGE_MS + REFRESH_MS,
            force: false,
        }
    }
}

/// Why keys were not rotated. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The next key has not been known for long enough.
    #[error(
        "the next {} key is too new: not everybody knows it yet; try again in {} s, or use --force", .purpose.as_str(), .wait_ms.div_ceil(1000)
    )]
    TooSoon {
        /// Of which purpose.
        purpose: Purpose,
        /// How long to wait, in milliseconds.
        wait_ms: u64,
    },
    /// Another host rotated at the same moment.
    #[error("another host has just rotated these keys; there is nothing left to do")]
    Raced,
    /// The ring could not be changed.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
}

impl KeyRing {
    /// Puts the next signing key into use; the current one is accepted for `rotation.keep_ms` more, and a new next one is published.
    /// The other purposes' keys are left alone. Returns the name of the key in use.
    ///
    /// # Errors
    /// [`RotationError`]; `TooSoon` unless forced.
    pub async fn rotate_signing(&self, rotation: &Rotation) -> Result<String, RotationError> {
        let now = self.now();
        let mut first = None;
        let mut used = String::new();
        self.change::<RotationError>(now, |records| {
            let current = position(records, Purpose::Signing, KeyState::Current)?;
            refuse_if_changed(&mut first, &records[current].id)?;
            let next = position(records, Purpose::Signing, KeyState::Next)?;
            let known_for = now.saturating_sub(records[next].created_at);
            if known_for < rotation.lead_ms && !rotation.force {
                return Err(RotationError::TooSoon {
                    purpose: Purpose::Signing,
                    wait_ms: rotation.lead_ms - known_for,
                });
            }
            let replaced = &mut records[current];
            replaced.state = KeyState::Previous;
            replaced.superseded_at = Some(now);
            replaced.retires_at = Some(now.saturating_add(rotation.keep_ms));
            let taking_over = &mut records[next];
            taking_over.state = KeyState::Current;
            taking_over.activated_at = Some(now);
            used.clone_from(&taking_over.id);
            records.push(
                self.generate(Purpose::Signing, now)
                    .map_err(KeyRingError::from)?,
            );
            Ok(())
        })
        .await?;
        Ok(used)
    }

    /// Makes a new key of `purpose` that goes into use when all hosts know it: after `rotation.lead_ms`, or at once if forced. The
    /// earlier ones are kept, and accepted. Returns its name. A key that waits already is not followed by another; forced, it goes into use
    /// at once. Signing keys are rotated by [`Self::rotate_signing`].
    ///
    /// # Errors
    /// [`RotationError`]; `TooSoon` while an earlier rotation is under way.
    pub async fn rotate(
        &self,
        purpose: Purpose,
        rotation: &Rotation,
    ) -> Result<String, RotationError> {
        if purpose == Purpose::Signing {
            return self.rotate_signing(rotation).await;
        }
        let now = self.now();
        let mut first = None;
        let mut made = String::new();
        self.change::<RotationError>(now, |records| {
            let current = position(records, purpose, KeyState::Current)?;
            refuse_if_changed(&mut first, &records[current].id)?;
            if let Ok(next) = position(records, purpose, KeyState::Next) {
                let next = &mut records[next];
                if rotation.force {
                    next.activated_at = Some(now);
                    made.clone_from(&next.id);
                    return Ok(());
                }
                let at = next.activated_at.unwrap_or(now);
                return Err(RotationError::TooSoon {
                    purpose,
                    wait_ms: at.saturating_sub(now),
                });
            }
            let lead_ms = if rotation.force { 0 } else { rotation.lead_ms };
            let mut key = self.generate(purpose, now).map_err(KeyRingError::from)?;
            key.activated_at = Some(now.saturating_add(lead_ms));
            made.clone_from(&key.id);
            records.push(key);
            Ok(())
        })
        .await?;
        Ok(made)
    }
}

/// A change that must be planned again after another host's must not rotate what that one has just rotated.
fn refuse_if_changed(first: &mut Option<String>, current: &str) -> Result<(), RotationError> {
    match first {
        Some(first) if first != current => Err(RotationError::Raced),
        Some(_) => Ok(()),
        None => {
            *first = Some(current.to_owned());
            Ok(())
        }
    }
}

fn position(
    records: &[KeyRecord],
    purpose: Purpose,
    state: KeyState,
) -> Result<usize, KeyRingError> {
    records
        .iter()
        .position(|record| record.purpose == purpose && record.state == state)
        .ok_or_else(|| KeyRingError::Corrupt {
            entry: purpose.as_str().to_owned(),
            why: "a key of this purpose is missing",
        })
}
