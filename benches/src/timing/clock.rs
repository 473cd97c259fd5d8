//! A clock that goes when it is told to.

use std::sync::atomic::{AtomicU64, Ordering};

use vestibule::clock::{Clock, SystemClock, Timestamp};

/// Begins at the machine's time, and then stands until it is moved.
pub(super) struct SteppedClock(AtomicU64);

impl SteppedClock {
    pub(super) fn now() -> Self {
        Self(AtomicU64::new(SystemClock.now()))
    }

    /// Lets so many milliseconds pass.
    pub(super) fn advance(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        self.0.load(Ordering::Relaxed)
    }
}
