//! Writes that are not committed yet, and how they look when laid over what is stored.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::store::{Entry, Namespace, Range, Record, Write};

use super::Address;

/// The writes of one call: of the message's command, or of a nested one.
#[derive(Clone, Default)]
pub(crate) struct Frame {
    writes: BTreeMap<Address, Option<Record>>,
    bytes: usize,
}

impl Frame {
    pub(crate) fn write(&mut self, address: Address, record: Option<Record>) {
        self.bytes += size(&address, record.as_ref());
        if let Some(previous) = self.writes.insert(address.clone(), record) {
            self.bytes -= size(&address, previous.as_ref());
        }
    }

    pub(crate) fn written(&self, namespace: &Namespace, key: &str) -> Option<Option<&Record>> {
        if self.writes.is_empty() {
            return None;
        }
        self.writes
            .get(&(namespace.clone(), key.to_owned()))
            .map(Option::as_ref)
    }

    pub(crate) fn merge(&mut self, callee: Self) {
        for (address, record) in callee.writes {
            self.write(address, record);
        }
    }

    /// Drops the writes of every key that `kept` wrote.
    pub(crate) fn forget(&mut self, kept: &Self) {
        for address in kept.writes.keys() {
            if let Some(record) = self.writes.remove(address) {
                self.bytes -= size(address, record.as_ref());
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn into_writes(self) -> Vec<Write> {
        self.writes
            .into_iter()
            .map(|((namespace, key), record)| match record {
                Some(record) => Write::Put {
                    namespace,
                    key,
                    record,
                },
                None => Write::Delete { namespace, key },
            })
            .collect()
    }
}

/// Whether `key` lies in `range`.
pub(crate) fn covers(range: &Range, namespace: &Namespace, key: &str) -> bool {
    *namespace == range.namespace
        && key.starts_with(&range.prefix)
        && range.after.as_deref().is_none_or(|after| key > after)
}

/// The newest write of each key in `range`, over all `frames` from the bottom up.
pub(crate) fn writes_in(frames: &[Frame], range: &Range) -> BTreeMap<String, Option<Record>> {
    let mut own = BTreeMap::new();
    for frame in frames {
        for ((namespace, key), record) in &frame.writes {
            if covers(range, namespace, key) {
                own.insert(key.clone(), record.clone());
            }
        }
    }
    own
}

/// `stored` with `own` laid over: at most `limit` entries, none beyond `through`, and a page that ends once its values reach `max_bytes`.
pub(crate) fn merge(
    stored: Vec<Entry>,
    own: BTreeMap<String, Option<Record>>,
    through: Option<&str>,
    limit: usize,
    max_bytes: usize,
    now: Timestamp,
) -> Vec<(String, Record)> {
    let mut merged: BTreeMap<String, Option<Record>> = stored
        .into_iter()
        .map(|entry| (entry.key, Some(entry.record)))
        .collect();
    merged.extend(
        own.into_iter()
            .filter(|(key, _)| through.is_none_or(|through| key.as_str() <= through)),
    );
    let mut page = Vec::new();
    let mut bytes = 0;
    for (key, record) in merged {
        let Some(record) = record.filter(|record| record.is_live(now)) else {
            continue;
        };
        if page.len() == limit || (bytes + record.value.len() > max_bytes && !page.is_empty()) {
            break;
        }
        bytes += record.value.len();
        page.push((key, record));
    }
    page
}

fn size((_, key): &Address, record: Option<&Record>) -> usize {
    key.len()
        + record.map_or(0, |record| {
            record.value.len() + record.subject.as_ref().map_or(0, String::len)
        })
}
