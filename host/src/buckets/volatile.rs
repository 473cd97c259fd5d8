//! Buckets that live as long as the process: `governor`'s, one for each key.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::clock::{Clock, Timestamp};
use crate::config;

/// The most keys of a volatile bucket. Beyond it those that are full again are forgotten.
const MAX_KEYS: usize = 100_000;

/// Buckets that live as long as the process.
pub(super) struct Volatile {
    pub(super) settings: config::Bucket,
    quota: Quota,
    clock: HostClock,
    keys: Mutex<Keys>,
}

/// The keys of a bucket that were used lately.
#[derive(Default)]
struct Keys {
    buckets: HashMap<String, Bucket>,
    swept_at: Timestamp,
}

struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, HostClock, NoOpMiddleware<Moment>>,
    used_at: Timestamp,
}

impl Volatile {
    pub(super) fn new(bucket: &config::Bucket, clock: &Arc<dyn Clock>) -> Self {
        let burst = NonZeroU32::new(bucket.burst).unwrap_or(NonZeroU32::MIN);
        let each = Duration::from_millis(bucket.period_ms.max(1)) / burst.get();
        let quota = Quota::with_period(each.max(Duration::from_nanos(1)))
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        Self {
            settings: bucket.clone(),
            quota,
            clock: HostClock(clock.clone()),
            keys: Mutex::default(),
        }
    }

    pub(super) fn take(&self, key: &str, now: Timestamp) -> Option<u64> {
        let mut all = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if all.buckets.len() >= MAX_KEYS && !all.buckets.contains_key(key) {
            all.make_room(now, self.settings.period_ms);
        }
        let keys = &mut all.buckets;
        let latest = now.saturating_add(self.settings.period_ms);
        if keys.get(key).is_some_and(|bucket| latest < bucket.used_at) {
            // The clock stepped far back: `governor` would count from a moment that is yet to come.
            keys.remove(key);
        }
        let bucket = keys.entry(key.to_owned()).or_insert_with(|| Bucket {
            limiter: RateLimiter::direct_with_clock(self.quota, self.clock.clone()),
            used_at: now,
        });
        bucket.used_at = now;
        let refused = bucket.limiter.check().err()?;
        let wait = refused.wait_time_from(self.clock.now());
        Some(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1))
    }

    pub(super) fn reset(&self, key: &str) {
        let mut all = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        all.buckets.remove(key);
    }
}

impl Keys {
    /// Forgets buckets that are full again, but does not look for them with every call; if there are none, forgets some
    /// other: memory is bounded, and whoever has so many addresses is not stopped by a bucket each.
    fn make_room(&mut self, now: Timestamp, period_ms: u64) {
        if now < self.swept_at || now - self.swept_at >= period_ms / 8 {
            self.swept_at = now;
            self.buckets
                .retain(|_, bucket| bucket.used_at.saturating_add(period_ms) > now);
        }
        if self.buckets.len() >= MAX_KEYS
            && let Some(key) = self.buckets.keys().next().cloned()
        {
            self.buckets.remove(&key);
        }
    }
}

/// The host's clock, as `governor` reads it.
#[derive(Clone)]
struct HostClock(Arc<dyn Clock>);

impl GovernorClock for HostClock {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(self.0.now())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(Timestamp);

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        Duration::from_millis(self.0.saturating_sub(earlier.0)).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        let millis = u64::try_from(Duration::from(duration).as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }
}

impl std::ops::Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, duration: Nanos) -> Self {
        let millis = u64::try_from(Duration::from(duration).as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}
