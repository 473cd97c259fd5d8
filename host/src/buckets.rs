//! Token buckets by name: how often something may be done.
//!
//! Volatile buckets (requests a minute) are `governor`'s. Persistent ones (failed sign-ins) are counters in the store, so
//! that a restart forgives nobody. Keys are kept as keyed hashes only: they are addresses and e-mails.

mod counters;
mod volatile;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use self::counters::Counters;
use self::volatile::Volatile;
use crate::clock::Clock;
use crate::config;
use crate::keyring::{CryptoError, KeyRing};
use crate::store::{Store, StoreError};

/// The installation's buckets: those the operator configures, and for other names those a build declares.
pub(crate) struct Buckets {
    configured: BTreeMap<String, config::Bucket>,
    volatile: Mutex<HashMap<Name, Arc<Volatile>>>,
    counters: Arc<Counters>,
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
            counters: Arc::new(Counters::new(store, clock.clone())),
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
            let taken = self.counters.take(settings, &key).await;
            return taken.map_err(BucketError::Store);
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
        self.counters.reset(&key).await.map_err(BucketError::Store)
    }

    /// Writes at once what is counted and not written yet.
    pub(crate) async fn flush(&self) -> Result<(), StoreError> {
        self.counters.flush().await
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
