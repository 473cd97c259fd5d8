//! What a message has read so far: remembered so that it repeats, and checked when it commits.

use std::collections::HashMap;

use crate::clock::Timestamp;
use crate::store::{Check, Entry, Namespace, Range, Record, Version, Write};

use super::overlay::covers;

/// Keys and ranges that were read.
#[derive(Default)]
pub(crate) struct Reads {
    keys: HashMap<Namespace, HashMap<String, Option<Entry>>>,
    ranges: Vec<Scanned>,
}

struct Scanned {
    range: Range,
    through: Option<String>,
    seen: Vec<(String, Version)>,
}

impl Reads {
    /// What `key` held when it was read: none if it was not read yet.
    pub(crate) fn key(&self, namespace: &Namespace, key: &str) -> Option<Option<&Record>> {
        let entry = self.keys.get(namespace)?.get(key)?;
        Some(entry.as_ref().map(|entry| &entry.record))
    }

    pub(crate) fn saw_key(&mut self, namespace: &Namespace, key: &str, entry: Option<Entry>) {
        match self.keys.get_mut(namespace) {
            Some(keys) => keys.insert(key.to_owned(), entry),
            None => self
                .keys
                .entry(namespace.clone())
                .or_default()
                .insert(key.to_owned(), entry),
        };
    }

    pub(crate) fn saw_range(&mut self, range: &Range, through: Option<String>, stored: &[Entry]) {
        let seen = stored
            .iter()
            .map(|entry| (entry.key.clone(), entry.version))
            .collect();
        self.ranges.push(Scanned {
            range: range.clone(),
            through,
            seen,
        });
    }

    /// This message itself wrote `writes` as `version`: from now on that is what was seen there.
    pub(crate) fn wrote(&mut self, writes: Vec<Write>, version: Version, now: Timestamp) {
        for write in writes {
            let (namespace, key, record) = match write {
                Write::Put {
                    namespace,
                    key,
                    record,
                } => (namespace, key, Some(record)),
                Write::Delete { namespace, key } => (namespace, key, None),
            };
            let live = record.filter(|record| record.is_live(now));
            for scanned in &mut self.ranges {
                scanned.wrote(&namespace, &key, live.is_some().then_some(version));
            }
            let entry = live.map(|record| Entry {
                key: key.clone(),
                version,
                record,
            });
            self.saw_key(&namespace, &key, entry);
        }
    }

    /// Everything read, as the checks of a batch.
    pub(crate) fn checks(&self) -> Vec<Check> {
        let keys = self.keys.iter().flat_map(|(namespace, keys)| {
            keys.iter().map(|(key, entry)| Check::Key {
                namespace: namespace.clone(),
                key: key.clone(),
                version: entry.as_ref().map(|entry| entry.version),
            })
        });
        let ranges = self.ranges.iter().map(|scanned| Check::Range {
            range: scanned.range.clone(),
            through: scanned.through.clone(),
            seen: scanned.seen.clone(),
        });
        keys.chain(ranges).collect()
    }
}

impl Scanned {
    fn wrote(&mut self, namespace: &Namespace, key: &str, version: Option<Version>) {
        let covered = covers(&self.range, namespace, key)
            && self.through.as_deref().is_none_or(|through| key <= through);
        if !covered {
            return;
        }
        match (
            self.seen
                .binary_search_by(|(seen, _)| seen.as_str().cmp(key)),
            version,
        ) {
            (Ok(at), Some(version)) => self.seen[at].1 = version,
            (Ok(at), None) => drop(self.seen.remove(at)),
            (Err(at), Some(version)) => self.seen.insert(at, (key.to_owned(), version)),
            (Err(_), None) => {}
        }
    }
}
