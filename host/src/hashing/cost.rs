//! What a new hash costs, and whether that makes sense.

use argon2::Params;

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
        if is_bounded && cost.params(super::HASH_BYTES).is_some() {
            Ok(cost)
        } else {
            Err(CostError)
        }
    }

    /// The parameters of this cost with `length` bytes of output; none if argon2 has no such.
    pub(super) fn params(self, length: usize) -> Option<Params> {
        let Self {
            memory_kib,
            iterations,
            parallelism,
        } = self;
        Params::new(memory_kib, iterations, parallelism, Some(length)).ok()
    }

    /// How many KiB are written: what the time of a hash goes with. Lanes are computed one after another.
    pub(super) fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.iterations)
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
