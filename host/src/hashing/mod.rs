//! Password hashing: argon2id (RFC 9106) on threads of its own, behind a bounded and fair queue.
//!
//! A hash takes milliseconds and megabytes. So there are as many threads as may hash at once, each with memory that it keeps
//! (fresh memory costs as much as the hash), and a queue that holds so many requests and no more: what does not fit is refused at
//! once with a time to come back. Whoever asks waits only for a fair share: requests are taken in turn from those who ask, so a flood of
//! sign-ins does not keep a sign-up waiting, and when the queue is full, the one who fills it is refused.
//!
//! What is hashed is not the password but its HMAC under a pepper of the key ring: stolen hashes cannot be tried without it, and
//! no password waits in the queue. The pepper's name is the `keyid` of the stored PHC string.
//!
//! Hashes of other systems are verified too, within caps, until the right password comes and a hash of our own takes their place. Those
//! are the only ones that the password itself goes into. Verifying one is never less work than verifying one of our own: for what may be
//! cheaper, the work of our own is added in the same turn, whatever was found. So no answer comes sooner than that about an address
//! without an account, and a cheap hash gives nobody cheap guesses. A dear one still answers later.
//!
//! Time and randomness are not read here: a salt is handed in, so that a repeated run can give the same hash again.

mod caps;
mod compute;
mod cost;
mod function;
mod own;
mod pool;
mod queue;
mod stored;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use zeroize::Zeroizing;

use caps::Caps;
use compute::{Other, Task};
use cost::Cost;
pub use cost::CostError;
use own::Own;
pub use own::WrongHashes;
use pool::Pool;
pub use pool::PoolStatus;
use stored::Stored;

use crate::config::Passwords;
use crate::keyring::{KeyRing, KeyRingError, Pepper};

/// The length of new hashes, in bytes.
const HASH_BYTES: usize = 32;

/// The length of new salts, in bytes: the 128 bits of RFC 9106 §3.1.
const SALT_BYTES: usize = 16;

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not this password, or a hash that cannot be read or costs too much.
    Mismatch,
    /// The password, hashed as it would be today.
    Match,
    /// The password, hashed by another system, or with parameters or a pepper that are no longer current: a new hash should be stored.
    MatchNeedsRehash,
}

/// Why there is no hash and no verdict.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many are waiting already.
    #[error("too many passwords are waiting to be hashed")]
    Overloaded {
        /// After how many milliseconds there should be room again.
        retry_after_ms: u64,
    },
    /// The hash names a pepper that is unknown, and the key ring could not be read again to look for it.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    /// The hash function itself failed; there may be no memory.
    #[error("the password could not be hashed")]
    Failed,
}

/// Why there is no pool.
#[derive(Debug, thiserror::Error)]
pub enum HashPoolError {
    /// The configured cost makes no sense.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// This machine does not compute argon2id right.
    #[error(transparent)]
    Machine(#[from] WrongHashes),
    /// A thread could not be started.
    #[error("a thread for hashing could not be started")]
    Thread(#[from] std::io::Error),
}

/// Hashes and verifies passwords. Its threads end when it is dropped, each after the hash it is at.
pub struct HashPool {
    pool: Pool,
    ring: Arc<KeyRing>,
    own: Own,
    caps: Caps,
}

impl HashPool {
    /// A pool as `config` says, with the peppers of `ring`.
    ///
    /// # Errors
    /// [`HashPoolError`]; `Cost` for parameters that argon2 does not have or that no machine should be asked for, `Machine` if argon2id
    /// is not computed right here.
    pub fn new(config: &Passwords, ring: Arc<KeyRing>) -> Result<Self, HashPoolError> {
        let workers = match config.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        let hashing = Self::stopped(config, ring, workers)?;
        hashing.pool.start()?;
        Ok(hashing)
    }

    /// A pool whose threads are yet to be started.
    fn stopped(
        config: &Passwords,
        ring: Arc<KeyRing>,
        workers: usize,
    ) -> Result<Self, HashPoolError> {
        let cost = Cost::configured(config)?;
        let own = Own::checked(cost)?;
        Ok(Self {
            pool: Pool::new(own, workers, config.queue),
            ring,
            own,
            caps: Caps::around(cost),
        })
    }

    /// A new hash of `password` with `salt`, which must be fresh random bytes: a PHC string with the name of the pepper.
    ///
    /// `who` asks: the root command, in whose turn it is done. A request that is dropped is not hashed.
    ///
    /// # Errors
    /// `Overloaded` or `Failed`.
    pub async fn hash(
        &self,
        who: &str,
        password: Zeroizing<Vec<u8>>,
        salt: [u8; SALT_BYTES],
    ) -> Result<String, HashError> {
        let pepper = self.ring.peppers().current();
        let task = own_task(&pepper, &password, salt);
        drop(password);
        let hash = self.pool.run(who, task).await?;
        let stored = Stored {
            function: self.own.function(),
            pepper: Some(pepper.id),
            salt: salt.to_vec(),
            hash: hash.to_vec(),
        };
        stored.write().ok_or(HashError::Failed)
    }

    /// Whether `stored` is a hash of `password`. What cannot be read, costs more than the caps or names no known pepper is a `Mismatch`,
    /// after the work of a [`Self::decoy`]. What may cost less than a hash made today takes the work of one besides.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn verify(
        &self,
        who: &str,
        password: Zeroizing<Vec<u8>>,
        stored: &str,
    ) -> Result<Verdict, HashError> {
        let Some(stored) = self.read(stored) else {
            return self.mismatch(who, password).await;
        };
        let pepper = match &stored.pepper {
            None => None,
            Some(id) => match self.ring.peppers().find(id).await? {
                None => return self.mismatch(who, password).await,
                pepper => pepper,
            },
        };
        let is_current = self.is_current(&stored);
        let task = self.task(pepper.as_ref(), password, &stored);
        let hash = self.pool.run(who, task).await?;
        Ok(match verify_slices_are_equal(&hash, &stored.hash) {
            Err(_) => Verdict::Mismatch,
            Ok(()) if is_current => Verdict::Match,
            Ok(()) => Verdict::MatchNeedsRehash,
        })
    }

    /// The same work as a [`Self::verify`] of a hash made today.
    ///
    /// # Errors
    /// [`HashError`], as for a verification.
    pub async fn decoy(&self, who: &str, password: Zeroizing<Vec<u8>>) -> Result<(), HashError> {
        let pepper = self.ring.peppers().current();
        let task = own_task(&pepper, &password, [0; SALT_BYTES]);
        drop(password);
        self.pool.run(who, task).await.map(drop)
    }

    /// Whether `stored`, from another system, could be verified: it can be read, costs no more than the caps, and no pepper of ours went in.
    /// Nothing is hashed.
    #[must_use]
    pub fn accepts(&self, stored: &str) -> bool {
        self.read(stored)
            .is_some_and(|stored| stored.pepper.is_none())
    }

    /// What the pool has done and has to do.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.pool.status()
    }

    /// The stored hash that `text` is, if it may be computed.
    fn read(&self, text: &str) -> Option<Stored> {
        stored::parse(text).filter(|stored| self.caps.allow(stored))
    }

    async fn mismatch(
        &self,
        who: &str,
        password: Zeroizing<Vec<u8>>,
    ) -> Result<Verdict, HashError> {
        self.decoy(who, password).await?;
        Ok(Verdict::Mismatch)
    }

    /// The hash to compare with that of `stored`.
    fn task(&self, pepper: Option<&Pepper>, password: Zeroizing<Vec<u8>>, stored: &Stored) -> Task {
        let is_own = stored.function == self.own.function() && stored.hash.len() == HASH_BYTES;
        if let (Some(pepper), Ok(salt)) = (pepper, stored.salt.as_slice().try_into())
            && is_own
        {
            return own_task(pepper, &password, salt);
        }
        Task::Other(Other {
            input: match pepper {
                Some(pepper) => Zeroizing::new(pepper.apply(&password).to_vec()),
                None => password,
            },
            function: stored.function.clone(),
            salt: stored.salt.clone(),
            length: stored.hash.len(),
            is_padded: !stored.function.takes_as_long_as(self.own.cost),
        })
    }

    /// Whether `stored` is as a new hash would be.
    fn is_current(&self, stored: &Stored) -> bool {
        stored.function == self.own.function()
            && stored.pepper.as_ref() == Some(&self.ring.peppers().current().id)
            && stored.salt.len() >= SALT_BYTES
            && stored.hash.len() == HASH_BYTES
    }
}

/// A hash of today.
fn own_task(pepper: &Pepper, password: &[u8], salt: [u8; SALT_BYTES]) -> Task {
    Task::Own {
        input: pepper.apply(password),
        salt,
    }
}

impl fmt::Debug for HashPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashPool")
            .field("cost", &self.own.cost)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
