//! Token buckets by name: how often something may be done.
//!
//! Volatile buckets (requests a minute) are `governor`'s. Persistent ones (failed sign-ins) are counters in the store, so
//! that a restart forgives nobody. Keys are kept as keyed hashes only: they are addresses and e-mails.

use std::collections::{BTreeMap, HashMap};
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
use crate::keyring::{CryptoError, KeyRing};
use crate::services::attempt_id;
use crate::store::{Batch, Check, Namespace, Record, Store, StoreError, Write};
use crate::transaction::commit;

/// The most keys of a volatile bucket. Beyond it those that are full again are forgotten.
const MAX_KEYS: usize = 100_000;

/// How often a persistent counter is tried to be raised while others raise it too.
const MAX_TRIES: u32 = 64;

/// The installation's buckets: those the operator configures, and for other names those a build declares.
pub(crate) struct Buckets {
    configured: BTreeMap<String, config::Bucket>,
    volatile: Mutex<HashMap<Name, Arc<Volatile>>>,
    store: Arc<dyn Store>,
    keyring: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
}

/// A volatile bucket: channel and name. Two channels that use one name share its figures and nothing else.
type Name = (String, String);

/// Why nothing could be taken.
#[derive(Debug)]
pub(crate) enum BucketError {
    /// No bucket of that name is configured or declared.
    Unknown,
    /// The store could not be reached.
    Store(StoreError),
    /// A keyed hash could not be made.
    Crypto(CryptoError),
}

impl Buckets {
    pub(crate) fn new(
        buckets: &BTreeMap<String, config::Bucket>,
        store: Arc<dyn Store>,
        keyring: Arc<KeyRing>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            configured: buckets.clone(),
            volatile: Mutex::default(),
            store,
            keyring,
            clock,
        }
    }

    /// Takes one from `bucket` for `key`. Some: there was none, and there will be one in so many milliseconds.
    /// `declared` is what the build asks for where the operator says nothing.
    pub(crate) async fn take(
        &self,
        channel: &str,
        bucket: &str,
        key: &str,
        declared: Option<&config::Bucket>,
    ) -> Result<Option<u64>, BucketError> {
        let settings = self.settings(bucket, declared)?;
        let key = self.hashed(channel, bucket, key)?;
        if settings.persistent {
            return self.count(settings, &key).await.map_err(BucketError::Store);
        }
        let volatile = self.volatile(channel, bucket, settings);
        Ok(volatile.take(&key, self.clock.now()))
    }

    /// Fills `bucket` for `key` again.
    pub(crate) async fn reset(
        &self,
        channel: &str,
        bucket: &str,
        key: &str,
        declared: Option<&config::Bucket>,
    ) -> Result<(), BucketError> {
        let settings = self.settings(bucket, declared)?;
        let key = self.hashed(channel, bucket, key)?;
        if !settings.persistent {
            self.volatile(channel, bucket, settings).reset(&key);
            return Ok(());
        }
        let now = self.clock.now();
        let mut snapshot = self.store.begin().await.map_err(BucketError::Store)?;
        if snapshot
            .get(&namespace(), &key, now)
            .await
            .map_err(BucketError::Store)?
            .is_none()
        {
            return Ok(());
        }
        drop(snapshot);
        let writes = vec![Write::Delete {
            namespace: namespace(),
            key,
        }];
        let batch = Batch {
            attempt: attempt_id(),
            now,
            checks: Vec::new(),
            writes,
        };
        commit(&*self.store, batch)
            .await
            .map_err(BucketError::Store)
            .map(|_| ())
    }

    fn settings<'a>(
        &'a self,
        bucket: &str,
        declared: Option<&'a config::Bucket>,
    ) -> Result<&'a config::Bucket, BucketError> {
        let configured = self.configured.get(bucket);
        configured.or(declared).ok_or(BucketError::Unknown)
    }

    /// The volatile bucket, made when it is first used, and again when a new build declares other figures.
    fn volatile(&self, channel: &str, bucket: &str, settings: &config::Bucket) -> Arc<Volatile> {
        let mut all = self.volatile.lock().unwrap_or_else(PoisonError::into_inner);
        let volatile = all
            .entry((channel.to_owned(), bucket.to_owned()))
            .or_insert_with(|| Arc::new(Volatile::new(settings, &self.clock)));
        if volatile.settings != *settings {
            *volatile = Arc::new(Volatile::new(settings, &self.clock));
        }
        volatile.clone()
    }

    /// Raises a stored counter: `burst` in each `period_ms`, from the first.
    async fn count(&self, settings: &config::Bucket, key: &str) -> Result<Option<u64>, StoreError> {
        for _ in 0..MAX_TRIES {
            let now = self.clock.now();
            let entry = self
                .store
                .begin()
                .await?
                .get(&namespace(), key, now)
                .await?;
            let latest = now.saturating_add(settings.period_ms);
            let (count, until) = entry
                .as_ref()
                .map(|entry| {
                    let until = entry.record.expires_at.unwrap_or(now);
                    (read_count(&entry.record), until)
                })
                // Of a clock that was ahead: it would hold for as long as that.
                .filter(|(_, until)| *until <= latest)
                .unwrap_or((0, latest));
            if count >= settings.burst {
                return Ok(Some(until.saturating_sub(now).max(1)));
            }
            let record = Record {
                expires_at: Some(until),
                ..Record::plain((count + 1).to_be_bytes().to_vec())
            };
            let version = entry.map(|entry| entry.version);
            let batch = Batch {
                attempt: attempt_id(),
                now,
                checks: vec![Check::Key {
                    namespace: namespace(),
                    key: key.to_owned(),
                    version,
                }],
                writes: vec![Write::Put {
                    namespace: namespace(),
                    key: key.to_owned(),
                    record,
                }],
            };
            if commit(&*self.store, batch).await?.is_some() {
                return Ok(None);
            }
        }
        Err(StoreError::Unavailable(
            "a counter is raised by too many at once".into(),
        ))
    }

    fn hashed(&self, channel: &str, bucket: &str, key: &str) -> Result<String, BucketError> {
        use base64::Engine as _;
        let data = format!("{channel}\0{key}");
        let tag = self
            .keyring
            .macs()
            .mac("h/buckets", bucket, data.as_bytes())
            .map_err(BucketError::Crypto)?;
        Ok(format!(
            "{bucket}/{}",
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(tag.bytes)
        ))
    }
}

fn namespace() -> Namespace {
    Namespace::reserved("buckets")
}

fn read_count(record: &Record) -> u32 {
    record
        .value
        .as_slice()
        .try_into()
        .map_or(0, u32::from_be_bytes)
}

/// Buckets that live as long as the process.
struct Volatile {
    settings: config::Bucket,
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
    fn new(bucket: &config::Bucket, clock: &Arc<dyn Clock>) -> Self {
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

    fn take(&self, key: &str, now: Timestamp) -> Option<u64> {
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

    fn reset(&self, key: &str) {
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
