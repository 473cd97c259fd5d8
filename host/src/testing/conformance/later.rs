//! What a later build would have written: a field that no build knows, in every record that is a JSON object.
//!
//! A build that rewrites a record keeps the fields that it does not know ("Keep fields that you do not know", in the guide to
//! components). Whether a build does cannot be seen by its own replies, so the suite puts such a field into the channel's
//! records and looks for it afterwards. Records of other forms are left as they are.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::clock::Clock as _;
use crate::services::attempt_id;
use crate::store::{Batch, Commit, Namespace, Record, Store, Write};
use crate::testing::Harness;

/// The name of the field.
const FIELD: &str = "conformance-later-field";

/// Which of a channel's records have the field.
pub(super) struct Later<'a> {
    harness: &'a Harness,
    store: &'a dyn Store,
    namespace: Namespace,
    keys: BTreeSet<String>,
}

impl<'a> Later<'a> {
    /// For the records of `channel`. `store` is written to.
    pub(super) fn new(harness: &'a Harness, store: &'a dyn Store, channel: &str) -> Self {
        Self {
            harness,
            store,
            namespace: Namespace::channel("default", channel),
            keys: BTreeSet::new(),
        }
    }

    /// How many records have lost the field since it was put there, and are there still. Puts it into all that can have it.
    pub(super) async fn lost(&mut self) -> Result<usize, String> {
        let records = self.harness.records(&self.namespace).await;
        let has_lost = |key: &String| records.get(key).is_some_and(|record| !has_field(record));
        let lost = self.keys.iter().filter(|key| has_lost(key)).count();
        let mut writes = Vec::new();
        self.keys.clear();
        for (key, record) in records {
            if !has_field(&record) {
                let Some(record) = with_field(record) else {
                    continue;
                };
                let (namespace, key) = (self.namespace.clone(), key.clone());
                writes.push(Write::Put {
                    namespace,
                    key,
                    record,
                });
            }
            self.keys.insert(key);
        }
        let batch = Batch {
            attempt: attempt_id(),
            now: self.harness.clock.now(),
            checks: Vec::new(),
            writes,
        };
        match self.store.commit(batch).await {
            Ok(Commit::Committed(_)) => Ok(lost),
            _ => Err("a later field could not be written".to_owned()),
        }
    }
}

fn object(record: &Record) -> Option<serde_json::Map<String, Value>> {
    serde_json::from_slice(&record.value).ok()
}

fn has_field(record: &Record) -> bool {
    object(record).is_some_and(|object| object.contains_key(FIELD))
}

fn with_field(record: Record) -> Option<Record> {
    let mut object = object(&record)?;
    object.insert(FIELD.to_owned(), Value::from("kept"));
    Some(Record {
        value: Value::Object(object).to_string().into_bytes(),
        ..record
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Harness, write_of};

    async fn put(harness: &Harness, key: &str, value: &str) {
        let batch = Batch {
            attempt: attempt_id(),
            now: harness.clock.now(),
            checks: Vec::new(),
            writes: vec![write_of("notes", key, value)],
        };
        harness.store.commit(batch).await.unwrap();
    }

    #[tokio::test]
    async fn a_field_that_is_gone_from_a_record_that_is_not_is_lost() {
        let harness = Harness::in_memory().start().await;
        let mut later = Later::new(&harness, &*harness.store, "notes");
        put(&harness, "a", r#"{"text": "milk"}"#).await;
        put(&harness, "b", "[1]").await;
        put(&harness, "c", "milk").await;
        assert_eq!(later.lost().await, Ok(0));
        let stored = harness.entries("notes").await;
        assert!(stored["a"].contains(FIELD) && stored["a"].contains("milk"));
        assert_eq!(
            (stored["b"].as_str(), stored["c"].as_str()),
            ("[1]", "milk")
        );

        // Kept: what was there is written again.
        put(&harness, "a", &stored["a"].replace("milk", "tea")).await;
        assert_eq!(later.lost().await, Ok(0));
        put(&harness, "a", r#"{"text": "coffee"}"#).await;
        assert_eq!(later.lost().await, Ok(1));
        // It has one again, and loses it with the record.
        assert!(harness.entries("notes").await["a"].contains(FIELD));
        let gone = Write::Delete {
            namespace: Namespace::channel("default", "notes"),
            key: "a".to_owned(),
        };
        let batch = Batch {
            attempt: attempt_id(),
            now: harness.clock.now(),
            checks: Vec::new(),
            writes: vec![gone],
        };
        harness.store.commit(batch).await.unwrap();
        assert_eq!(later.lost().await, Ok(0));
    }
}
