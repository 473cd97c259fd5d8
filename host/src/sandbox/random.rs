//! Randomness and time of a message: fresh for each message, and the same again when a conflict makes it run again.

use std::convert::Infallible;
use std::time::Duration;

use chacha20::ChaCha20Rng;
use rand::{Rng, SeedableRng, TryRng};
use wasmtime::Result;
use wasmtime_wasi::HostMonotonicClock;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{self, Datetime};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use super::state::State;
use crate::services::keyed_digest;

/// The most random bytes a guest is given at once.
const MAX_RANDOM_BYTES: u64 = 64 * 1024;

/// A cryptographically secure generator with a seed of its own for each sandbox: of another channel, of a later call, or after
/// something was kept, nothing comes again; in a re-run of the same everything does.
pub(crate) struct MessageRandom(ChaCha20Rng);

impl MessageRandom {
    pub(crate) fn new(message: &[u8; 32], channel: &str, generation: u32, sandbox: u64) -> Self {
        let (generation, sandbox) = (generation.to_be_bytes(), sandbox.to_be_bytes());
        let parts = [
            b"sandbox".as_slice(),
            channel.as_bytes(),
            &generation,
            &sandbox,
        ];
        Self(ChaCha20Rng::from_seed(keyed_digest(message, &parts)))
    }
}

impl TryRng for MessageRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl State {
    fn random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        if len > MAX_RANDOM_BYTES {
            return Err(self.fault(super::fault::Fault::Argument));
        }
        let len = usize::try_from(len)?;
        self.charge(len)?;
        let mut bytes = vec![0; len];
        self.random.fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn random_u64(&mut self) -> Result<u64> {
        self.charge(8)?;
        Ok(self.random.next_u64())
    }
}

impl random::Host for State {
    fn get_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        self.random_bytes(len)
    }

    fn get_random_u64(&mut self) -> Result<u64> {
        self.random_u64()
    }
}

impl insecure::Host for State {
    fn get_insecure_random_bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        self.random_bytes(len)
    }

    fn get_insecure_random_u64(&mut self) -> Result<u64> {
        self.random_u64()
    }
}

impl insecure_seed::Host for State {
    fn insecure_seed(&mut self) -> Result<(u64, u64)> {
        Ok((self.random_u64()?, self.random_u64()?))
    }
}

impl wall_clock::Host for State {
    fn now(&mut self) -> Result<Datetime> {
        let now = Duration::from_millis(self.charge(0)?.facts.now);
        Ok(Datetime {
            seconds: now.as_secs(),
            nanoseconds: now.subsec_nanos(),
        })
    }

    fn resolution(&mut self) -> Result<Datetime> {
        Ok(Datetime {
            seconds: 0,
            nanoseconds: 1_000_000,
        })
    }
}

/// A monotonic clock that stands at the message's moment: a component cannot time what it calls.
pub(crate) struct StoppedClock(pub(crate) u64);

impl HostMonotonicClock for StoppedClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        self.0.saturating_mul(1_000_000)
    }
}
