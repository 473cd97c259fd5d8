//! How long to wait after a try that failed.

use std::fmt;
use std::sync::Arc;

use rand::RngExt as _;

/// A random number from 0 to the given one, both included.
#[derive(Clone)]
pub(crate) struct Jitter(Arc<dyn Fn(u64) -> u64 + Send + Sync>);

impl Jitter {
    /// From the process's generator.
    pub(crate) fn random() -> Self {
        Self::new(|most| rand::rng().random_range(0..=most))
    }

    /// As the caller says.
    pub(crate) fn new(draw: impl Fn(u64) -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(draw))
    }
}

impl fmt::Debug for Jitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jitter")
    }
}

/// Waits that double, up to a longest one. Half of each is random, so that what failed together is not tried together.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    /// The wait after the first failure, in milliseconds.
    pub(crate) min_ms: u64,
    /// The longest.
    pub(crate) max_ms: u64,
    /// Where the random half comes from.
    pub(crate) jitter: Jitter,
}

impl Backoff {
    /// The wait after the `failures`-th failure, counted from 1.
    pub(crate) fn wait(&self, failures: u32) -> u64 {
        let doublings = failures.saturating_sub(1).min(63);
        let longest = self.min_ms.saturating_mul(1 << doublings).min(self.max_ms);
        let half = longest / 2;
        longest - half + (self.jitter.0)(half).min(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(jitter: impl Fn(u64) -> u64 + Send + Sync + 'static) -> Backoff {
        Backoff {
            min_ms: 10,
            max_ms: 100,
            jitter: Jitter::new(jitter),
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let longest = backoff(|most| most);
        let waits: Vec<_> = (0..7).map(|failures| longest.wait(failures)).collect();
        assert_eq!(waits, [10, 10, 20, 40, 80, 100, 100]);
        assert_eq!(longest.wait(u32::MAX), 100);
    }

    #[test]
    fn half_of_a_wait_is_random() {
        let shortest = backoff(|_| 0);
        let waits: Vec<_> = (1..6).map(|failures| shortest.wait(failures)).collect();
        assert_eq!(waits, [5, 10, 20, 40, 50]);
        let random = Backoff {
            jitter: Jitter::random(),
            ..shortest
        };
        assert!((0..1_000).all(|_| (10..=20).contains(&random.wait(2))));
    }
}
