//! `storage`: the component's own entries, in the message's transaction.

use wasmtime::Result;

use super::bindings::vestibule::capability::storage::{Entry, Host, PutOptions};
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::state::State;
use crate::store::{MAX_KEY_BYTES, MAX_VALUE_BYTES, Namespace, Range, Record};
use crate::transaction::MAX_SCAN_ENTRIES;

/// The most keys of one `get-many`.
const MAX_KEYS: usize = 1_000;

/// The longest id of a subject, in bytes.
const MAX_SUBJECT_BYTES: usize = 128;

impl State {
    fn namespace(&self) -> Namespace {
        self.deployment.namespace.clone()
    }

    fn check_key(&self, key: &str) -> Result<()> {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return Err(self.fault(Fault::StorageKey));
        }
        Ok(())
    }

    pub(super) fn check_writes(&mut self) -> Result<()> {
        let limit = self.deployment.limits.write_bytes;
        if self.work()?.transaction.pending_bytes() > limit {
            return Err(self.fault(Fault::WriteBytes));
        }
        Ok(())
    }
}

impl Host for State {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>> {
        self.check_key(&key)?;
        let namespace = self.namespace();
        let work = self.charge(key.len())?;
        let record = work
            .transaction
            .get(&namespace, &key)
            .await
            .map_err(Ending::unavailable)?;
        self.charge_record(record)
    }

    async fn get_many(&mut self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        if keys.len() > MAX_KEYS {
            return Err(self.fault(Fault::Argument));
        }
        for key in &keys {
            self.check_key(key)?;
        }
        let namespace = self.namespace();
        self.charge(keys.iter().map(String::len).sum())?;
        let mut values = Vec::with_capacity(keys.len());
        // One after the other, so that what is given out is counted before more is read.
        for key in &keys {
            let transaction = &mut self.work()?.transaction;
            let record = transaction
                .get(&namespace, key)
                .await
                .map_err(Ending::unavailable)?;
            values.push(self.charge_record(record)?);
        }
        Ok(values)
    }

    async fn scan(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<Entry>> {
        let longest = after.as_ref().map_or(0, String::len).max(prefix.len());
        if longest > MAX_KEY_BYTES {
            return Err(self.fault(Fault::StorageKey));
        }
        if limit == 0 {
            return Ok(Vec::new());
        }
        let range = Range {
            namespace: self.namespace(),
            prefix,
            after,
        };
        let limit = usize::try_from(limit)
            .unwrap_or(MAX_SCAN_ENTRIES)
            .min(MAX_SCAN_ENTRIES);
        let page = self
            .charge(longest)?
            .transaction
            .scan(&range, limit)
            .await
            .map_err(Ending::unavailable)?;
        self.charge(
            page.iter()
                .map(|(key, record)| key.len() + record.value.len())
                .sum(),
        )?;
        Ok(page
            .into_iter()
            .map(|(key, record)| Entry {
                key,
                value: record.value,
            })
            .collect())
    }

    fn put(&mut self, key: String, value: Vec<u8>, options: PutOptions) -> Result<()> {
        self.check_key(&key)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err(self.fault(Fault::StorageValue));
        }
        if options
            .subject
            .as_ref()
            .is_some_and(|subject| subject.is_empty() || subject.len() > MAX_SUBJECT_BYTES)
        {
            return Err(self.fault(Fault::Argument));
        }
        let namespace = self.namespace();
        let record = Record {
            schema: self.deployment.schema,
            subject: options.subject,
            sealed: None,
            expires_at: options.expires_at,
            value,
        };
        self.charge(key.len() + record.value.len())?
            .transaction
            .put(&namespace, key, record);
        self.check_writes()
    }

    fn delete(&mut self, key: String) -> Result<()> {
        self.check_key(&key)?;
        let namespace = self.namespace();
        self.charge(key.len())?.transaction.delete(&namespace, key);
        self.check_writes()
    }
}

impl State {
    /// The record's bytes for the guest, charged to the message.
    fn charge_record(&mut self, record: Option<Record>) -> Result<Option<Vec<u8>>> {
        let Some(record) = record else {
            return Ok(None);
        };
        self.charge(record.value.len())?;
        Ok(Some(record.value))
    }
}
