//! Hashes of today, by the fastest code that this processor can run.
//!
//! The crate `argon2-rust` chooses when it runs between code for AVX-512, AVX2, SSE2 and NEON, and keeps its memory from hash to hash, in huge
//! pages where the kernel has them. RustCrypto's `argon2` knows AVX2 alone, and takes about twice as long. But `argon2-rust` is young,
//! nobody has audited it, and vector code is unsafe code. So it is given only what is of the same lengths and cost in every hash, a MAC
//! under our pepper and a salt of ours; RustCrypto's computes whatever was imported. And no pool starts where the two do not agree.

use std::fmt;

use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Algorithm, Argon2, Hasher, Params, Version};
use zeroize::Zeroizing;

use super::compute::{Hash, compute_argon2};
use super::cost::Cost;
use super::function::Function;
use super::{HASH_BYTES, SALT_BYTES};

/// What is hashed: HMAC-SHA-256 of a password.
pub(super) type Input = Zeroizing<[u8; 32]>;

/// The function of new hashes, at one cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) cost: Cost,
    argon2: Argon2,
}

/// What a thread keeps from hash to hash: the memory. What a hash leaves in it is not wiped, which would cost a fifth of a hash: whoever reads
/// this process's memory has what is in it anyway.
pub(super) struct Worker(Hasher);

/// Argon2id cannot be computed on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "two implementations of argon2id do not agree: this processor or its memory computes wrong"
)]
pub struct WrongHashes;

impl Own {
    /// The function at `cost`, on a machine that computes it right.
    pub(super) fn checked(cost: Cost) -> Result<Self, WrongHashes> {
        // It goes through every loop that a longer hash goes through.
        let trial = Cost {
            memory_kib: 256.max(8 * cost.parallelism),
            iterations: 2,
            parallelism: cost.parallelism,
        };
        let (input, salt) = ([0x5a; 32], [0xa5; SALT_BYTES]);
        let fast = Self::at(trial).and_then(|own| own.worker().hash(&input, &salt));
        let sure = match Function::of_today(trial) {
            Function::Argon2(argon2) => compute_argon2(argon2, &input, &salt, HASH_BYTES),
            _ => None,
        };
        if fast.is_some() && fast == sure {
            Self::at(cost).ok_or(WrongHashes)
        } else {
            Err(WrongHashes)
        }
    }

    fn at(cost: Cost) -> Option<Self> {
        let params = Params::builder()
            .memory(Memory::kib(cost.memory_kib.into()))
            .passes(cost.iterations)
            .lanes(cost.parallelism)
            .threads(1)
            .tag_len(TagLen::bytes(HASH_BYTES as u64))
            .build();
        Some(Self {
            cost,
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params.ok()?),
        })
    }

    /// The function as any other.
    pub(super) fn function(&self) -> Function {
        Function::of_today(self.cost)
    }

    /// For a thread that begins. Its first hash takes the memory.
    pub(super) fn worker(&self) -> Worker {
        Worker(self.argon2.hasher())
    }
}

impl Worker {
    /// The hash; none if there is no memory for it.
    pub(super) fn hash(&mut self, input: &[u8; 32], salt: &[u8; SALT_BYTES]) -> Option<Hash> {
        let mut hash = Zeroizing::new(vec![0; HASH_BYTES]);
        self.0.hash_into(input, salt, &mut hash).ok()?;
        Some(hash)
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_implementations_agree_at_every_cost_and_whatever_the_memory_held() {
        for (memory_kib, iterations, parallelism) in [
            (8, 1, 1),
            (9, 3, 1),
            (64, 1, 1),
            (100, 2, 3),
            (255, 4, 2),
            (1_024, 1, 8),
            (4_099, 2, 1),
            (19_456, 2, 1),
        ] {
            let cost = Cost {
                memory_kib,
                iterations,
                parallelism,
            };
            let own = Own::checked(cost).unwrap();
            let mut worker = own.worker();
            let Function::Argon2(argon2) = own.function() else {
                panic!("{cost:?}");
            };
            for seed in 0..3 {
                let (input, salt) = ([seed; 32], [!seed; SALT_BYTES]);
                let sure = compute_argon2(argon2, &input, &salt, HASH_BYTES);
                assert_eq!(worker.hash(&input, &salt), sure, "{cost:?}");
            }
        }
    }
}
