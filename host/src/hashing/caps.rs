//! What a stored hash may cost to verify, and how long its parts may be: it may have been imported, and what is imported may be hostile.
//!
//! Each cap leaves room for what is usual and what is recommended elsewhere (RFC 9106 §4, OWASP's cheat sheet on password storage, the
//! defaults of Django and PHP), and ends where one verification keeps a core busy for about a second. `docs/operations.md` lists them.

use std::ops::RangeInclusive;

use super::cost::Cost;
use super::function::{Argon2, Digest, Function, Scrypt};
use super::stored::Stored;

/// Salts, in bytes.
const SALT_BYTES: RangeInclusive<usize> = 8..=48;

/// Hashes, in bytes. One of less than 128 bits could be met by chance.
const HASH_BYTES: RangeInclusive<usize> = 16..=64;

/// Argon2: the memory of RFC 9106's second choice, 64 MiB. Memory times passes is capped too.
const ARGON2: Cost = Cost {
    memory_kib: 64 * 1024,
    iterations: 16,
    parallelism: 16,
};

/// bcrypt: the logarithm of the rounds. 4 is the least that there is.
const BCRYPT_COST: RangeInclusive<u32> = 4..=14;

/// scrypt: memory, in KiB.
const SCRYPT_MEMORY_KIB: u32 = 128 * 1024;

/// scrypt: memory times parallelization, in KiB.
const SCRYPT_WORK_KIB: u32 = 2 * SCRYPT_MEMORY_KIB;

/// scrypt: block size. Beside its memory a hash needs r · (p + 1) · 128 bytes.
const SCRYPT_R: RangeInclusive<u32> = 1..=64;

/// scrypt: parallelization.
const SCRYPT_P: RangeInclusive<u32> = 1..=16;

/// PBKDF2: iterations times blocks of output.
const PBKDF2_ITERATIONS: RangeInclusive<u64> = 1..=2_000_000;

/// The caps of an installation.
#[derive(Debug)]
pub(super) struct Caps {
    own: Cost,
    argon2: Cost,
}

impl Caps {
    /// For argon2 what is configured here, if that is more than the cap.
    pub(super) fn around(own: Cost) -> Self {
        Self {
            own,
            argon2: Cost {
                memory_kib: own.memory_kib.max(ARGON2.memory_kib),
                iterations: own.iterations.max(ARGON2.iterations),
                parallelism: own.parallelism.max(ARGON2.parallelism),
            },
        }
    }

    /// Whether `stored` may be computed: its parameters exist and are within the caps.
    pub(super) fn allow(&self, stored: &Stored) -> bool {
        SALT_BYTES.contains(&stored.salt.len())
            && HASH_BYTES.contains(&stored.hash.len())
            && match &stored.function {
                Function::Argon2(argon2) => self.allow_argon2(argon2, stored.hash.len()),
                Function::Bcrypt { cost } => BCRYPT_COST.contains(cost),
                Function::Scrypt(scrypt) | Function::FirebaseScrypt { scrypt, .. } => {
                    allow_scrypt(*scrypt)
                }
                Function::Pbkdf2 { digest, iterations } => {
                    allow_pbkdf2(*digest, *iterations, stored.hash.len())
                }
            }
    }

    /// What takes the time: memory times passes, in KiB.
    fn work(cost: Cost) -> u64 {
        u64::from(cost.memory_kib) * u64::from(cost.iterations)
    }

    fn allow_argon2(&self, argon2: &Argon2, length: usize) -> bool {
        let own = Self::work(self.own).max(Self::work(ARGON2));
        Self::work(argon2.cost) <= own
            && argon2.cost.memory_kib <= self.argon2.memory_kib
            && argon2.cost.iterations <= self.argon2.iterations
            && argon2.cost.parallelism <= self.argon2.parallelism
            && argon2.cost.params(length).is_some()
    }
}

fn allow_scrypt(scrypt: Scrypt) -> bool {
    // RFC 7914 §2: N is more than 1.
    scrypt.log_n >= 1
        && SCRYPT_R.contains(&scrypt.r)
        && SCRYPT_P.contains(&scrypt.p)
        && scrypt.memory_kib() <= SCRYPT_MEMORY_KIB
        && scrypt.memory_kib().saturating_mul(scrypt.p) <= SCRYPT_WORK_KIB
}

fn allow_pbkdf2(digest: Digest, iterations: u32, length: usize) -> bool {
    let blocks = length.div_ceil(digest.bytes());
    let blocks = u64::try_from(blocks).unwrap_or(u64::MAX);
    PBKDF2_ITERATIONS.contains(&u64::from(iterations).saturating_mul(blocks))
}
