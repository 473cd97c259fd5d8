//! The capabilities, with the bucket sizes that the build declares.

use super::{Audited, World};
use crate::ports::{Around, Message, Outcome};

impl Around for World {
    fn message(&self) -> Message {
        self.message.borrow().clone()
    }

    fn take(&self, bucket: &str, key: &str) -> Option<u64> {
        assert!(key.len() <= 512, "{key}");
        self.taken.borrow_mut().push(bucket.to_owned());
        let (burst, period_ms) = declared(bucket);
        let now = self.now.get();
        let mut buckets = self.buckets.borrow_mut();
        let fresh = (0, now + period_ms);
        let entry = buckets.entry((bucket.to_owned(), key.to_owned()));
        let (taken, full_at) = entry.or_insert(fresh);
        if now >= *full_at {
            (*taken, *full_at) = fresh;
        }
        if *taken >= burst {
            return Some(*full_at - now);
        }
        *taken += 1;
        None
    }

    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    ) {
        assert!(action.len() <= 64 && detail.len() <= 16);
        let own = |(name, value): &(&str, &str)| {
            assert!(name.len() <= 64 && value.len() <= 256);
            ((*name).to_owned(), (*value).to_owned())
        };
        self.audit.borrow_mut().push(Audited {
            action: action.to_owned(),
            outcome,
            subject: subject.map(str::to_owned),
            detail: detail.iter().map(own).collect(),
        });
    }

    fn warn(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}

/// How many there are in a bucket, and in how long it is full again. One that is not declared is a fault of the component.
pub(crate) fn declared(bucket: &str) -> (u64, u64) {
    let manifest: serde_json::Value =
        serde_json::from_str(include_str!("../../manifest.json")).unwrap();
    let buckets = manifest["buckets"].as_array().unwrap();
    let found = buckets.iter().find(|it| it["name"] == bucket);
    let found = found.unwrap_or_else(|| panic!("`{bucket}` is not declared"));
    (
        found["burst"].as_u64().unwrap(),
        found["period_ms"].as_u64().unwrap(),
    )
}
