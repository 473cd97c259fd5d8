//! `limits`: token buckets, outside the transaction.

use wasmtime::Result;

use super::bindings::vestibule::capability::limits::{Host, RetryAfter};
use crate::buckets::BucketError;
use crate::config;
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;

/// The longest key, in bytes.
const MAX_KEY_BYTES: usize = 512;

impl State {
    fn bucket_error(&self, error: BucketError) -> wasmtime::Error {
        match error {
            BucketError::Unknown => self.fault(Fault::UnknownBucket),
            BucketError::Store(cause) => Ending::unavailable(cause).into(),
            BucketError::Crypto(cause) => Ending::unavailable(cause).into(),
        }
    }

    /// What the build asks for, where the operator says nothing.
    fn declared_bucket(&self, name: &str) -> Option<config::Bucket> {
        let manifest = &self.deployment.contract.manifest;
        manifest.bucket(name).map(config::Bucket::from)
    }

    fn charge_bucket(&mut self, bucket: &str, key: &str) -> Result<()> {
        if key.len() > MAX_KEY_BYTES || bucket.len() > 64 {
            return Err(self.fault(Fault::Argument));
        }
        self.charge(bucket.len() + key.len())?.facts.pin()?;
        Ok(())
    }
}

impl Host for State {
    async fn take(&mut self, bucket: String, key: String) -> Result<Option<RetryAfter>> {
        self.charge_bucket(&bucket, &key)?;
        let name = (self.deployment.channel.clone(), bucket, key);
        let work = self.work()?;
        let nth = work.cursor.takes.entry(name.clone()).or_default();
        let remembered = work
            .facts
            .memory()
            .takes
            .get(&name)
            .and_then(|answers| answers.get(*nth))
            .copied();
        *nth += 1;
        if let Some(answer) = remembered {
            return Ok(answer);
        }
        work.transaction.rest();
        let facts = work.facts.clone();
        let services = self.services.clone();
        let (channel, bucket, key) = &name;
        let declared = self.declared_bucket(bucket);
        let answer = services
            .buckets
            .take(channel, bucket, key, declared.as_ref())
            .await
            .map_err(|error| self.bucket_error(error))?;
        if answer.is_some() {
            services.metrics.rate_limited(bucket);
        }
        facts.memory().takes.entry(name).or_default().push(answer);
        Ok(answer)
    }

    async fn reset(&mut self, bucket: String, key: String) -> Result<()> {
        self.charge_bucket(&bucket, &key)?;
        self.work()?.transaction.rest();
        let channel = self.deployment.channel.clone();
        let services = self.services.clone();
        let declared = self.declared_bucket(&bucket);
        services
            .buckets
            .reset(&channel, &bucket, &key, declared.as_ref())
            .await
            .map_err(|error| self.bucket_error(error))
    }
}
