//! What a hash costs, and how much of that is too much.

use argon2::{Algorithm, Argon2, Params, Version};

use super::phc::Argon2id;
use crate::config::Passwords;

/// The most memory that may be configured, in KiB: 1 GiB, for each thread that hashes.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;

/// The most passes that may be configured.
const MAX_ITERATIONS: u32 = 1000;

/// The most lanes that may be configured.
const MAX_PARALLELISM: u32 = 64;

/// The cost of an argon2 hash (RFC 9106 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// Memory, in KiB.
    pub(super) memory_kib: u32,
    /// Passes over it.
    pub(super) iterations: u32,
    /// Lanes.
    pub(super) parallelism: u32,
}

/// The configured cost makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "[passwords] asks for a cost that argon2id does not have or no machine should be asked for: memory_kib must be at least 8 × parallelism \
     and at most {MAX_MEMORY_KIB}, iterations 1 to {MAX_ITERATIONS}, parallelism 1 to {MAX_PARALLELISM}"
)]
pub struct CostError;

impl Cost {
    /// The cost that `config` asks for.
    pub(super) fn configured(config: &Passwords) -> Result<Self, CostError> {
        let cost = Self {
            memory_kib: config.memory_kib,
            iterations: config.iterations,
            parallelism: config.parallelism,
        };
        let is_bounded = cost.memory_kib <= MAX_MEMORY_KIB
            && cost.iterations <= MAX_ITERATIONS
            && cost.parallelism <= MAX_PARALLELISM;
        if is_bounded && cost.argon2id(super::HASH_BYTES).is_some() {
            Ok(cost)
        } else {
            Err(CostError)
        }
    }

    /// The function of this cost with `length` bytes of output; none if there is no such function.
    pub(super) fn argon2id(self, length: usize) -> Option<Argon2<'static>> {
        let params = Params::new(
            self.memory_kib,
            self.iterations,
            self.parallelism,
            Some(length),
        );
        Some(Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            params.ok()?,
        ))
    }
}

/// What a stored hash may cost to verify: stored hashes may have been imported, and what is imported may be hostile.
#[derive(Debug)]
pub(super) struct Caps(Cost);

impl Caps {
    /// What is usual elsewhere (64 MiB, the second choice of RFC 9106 §4, with up to 16 passes and lanes), or what is configured here if that is more.
    pub(super) fn around(own: Cost) -> Self {
        Self(Cost {
            memory_kib: own.memory_kib.max(64 * 1024),
            iterations: own.iterations.max(16),
            parallelism: own.parallelism.max(16),
        })
    }

    /// Whether `stored` is worth computing. A hash of less than 128 bits is not: it could be met by chance.
    pub(super) fn allow(&self, stored: &Argon2id) -> bool {
        stored.cost.memory_kib <= self.0.memory_kib
            && stored.cost.iterations <= self.0.iterations
            && stored.cost.parallelism <= self.0.parallelism
            && (16..=64).contains(&stored.hash.len())
            && stored.cost.argon2id(stored.hash.len()).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_that_makes_no_sense_is_refused() {
        let good = Passwords::default();
        assert!(Cost::configured(&good).is_ok());
        let spoils: [fn(&mut Passwords); 7] = [
            |config| config.memory_kib = 7,
            |config| config.memory_kib = MAX_MEMORY_KIB + 1,
            |config| config.iterations = 0,
            |config| config.iterations = u32::MAX,
            |config| config.parallelism = 0,
            |config| config.parallelism = u32::MAX,
            |config| (config.memory_kib, config.parallelism) = (64, 9),
        ];
        for (number, spoil) in spoils.iter().enumerate() {
            let mut bad = good.clone();
            spoil(&mut bad);
            assert_eq!(Cost::configured(&bad), Err(CostError), "{number}");
        }
    }
}
