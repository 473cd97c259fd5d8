//! The ring as an operator sees it.

use serde::{Deserialize, Serialize};

use super::KeyRing;
use super::record::{KeyAlgorithm, KeyRecord, KeyState, Purpose};
use super::ring::state_at;
use crate::clock::Timestamp;

/// What is known of a key. Times are in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySummary {
    /// Its name: the `kid`.
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// What is done with it.
    pub algorithm: KeyAlgorithm,
    /// Where it is in its life now.
    pub state: KeyState,
    /// When it was made (and published, if it signs).
    pub created_at: Timestamp,
    /// When it came into use, or will.
    pub activated_at: Option<Timestamp>,
    /// When it stops being accepted, if that is known.
    pub retires_at: Option<Timestamp>,
}

impl KeyRing {
    /// All keys by purpose, the oldest first. Retired ones are listed for 90 days.
    #[must_use]
    pub fn list(&self) -> Vec<KeySummary> {
        let view = self.view();
        let now = self.now();
        let state = |record: &KeyRecord| state_at(&view.records, record, now);
        let mut records: Vec<&KeyRecord> = view.records.iter().collect();
        records.sort_by(|a, b| {
            let age = a.age(state(a)).cmp(&b.age(state(b)));
            a.purpose.cmp(&b.purpose).then(age)
        });
        records
            .into_iter()
            .map(|record| summary(record, state(record)))
            .collect()
    }
}

fn summary(record: &KeyRecord, state: KeyState) -> KeySummary {
    KeySummary {
        id: record.id.clone(),
        purpose: record.purpose,
        algorithm: record.algorithm,
        state,
        created_at: record.created_at,
        activated_at: record.activated_at,
        retires_at: record.retires_at,
    }
}
