//! Where families are stored, and which are whose.
//!
//! ```text
//! family/<id>                                    the record
//! session/<subject, base64url>/<begun>/<id>      nothing: the key says that the family is the subject's
//! denied/<jti>                                   nothing: the access token is blacklisted
//! ```
//!
//! `begun` is in milliseconds, padded, so that a subject's sessions come oldest first. An entry lives until its family ends
//! in any case; that of a family that ended by being idle is passed over.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::family::{Family, Standing};
use crate::id::Id;
use crate::ports::Storage;

/// How many keys storage takes at once.
const BATCH: usize = 1_000;

/// The families in a store.
pub(crate) struct Sessions<'a, S> {
    storage: &'a S,
}

/// A subject's entry, and its family if that still lives.
struct Entry {
    key: String,
    id: Option<Id>,
    family: Option<Family>,
}

impl<'a, S: Storage> Sessions<'a, S> {
    pub(crate) fn new(storage: &'a S) -> Self {
        Self { storage }
    }

    /// Stores a family that begins.
    pub(crate) fn begin(&self, id: Id, family: &Family) {
        self.storage.put(
            &entry_key(id, family),
            &[],
            family.expires_at,
            &family.subject,
        );
        self.save(id, family);
    }

    /// Stores a family that goes on.
    pub(crate) fn save(&self, id: Id, family: &Family) {
        self.storage.put(
            &family_key(id),
            &family.write(),
            family.idle_expires_at,
            &family.subject,
        );
    }

    /// A living family.
    pub(crate) fn find(&self, id: Id) -> Option<Family> {
        let found = self.storage.get_many(&[family_key(id)]);
        found
            .into_iter()
            .next()
            .flatten()
            .and_then(|record| Family::read(&record))
    }

    /// Ends a family: all its tokens are worth nothing from now on.
    pub(crate) fn end(&self, id: Id, family: &Family) {
        self.storage.delete(&family_key(id));
        self.storage.delete(&entry_key(id, family));
    }

    /// The living families of `subject`, oldest first.
    pub(crate) fn of(&self, subject: &str) -> Vec<(Id, Family)> {
        let entries = self.entries(subject).into_iter();
        entries
            .filter_map(|entry| Some((entry.id?, entry.family?)))
            .collect()
    }

    /// Ends all families of `subject` but the newest `kept`: of those that are access-only, or of the others.
    pub(crate) fn end_surplus(&self, subject: &str, access_only: bool, kept: usize) {
        let (mut living, stale) = self.split(subject);
        let same_kind = |family: &Family| family.access_only == access_only;
        living.retain(|entry| entry.family.as_ref().is_some_and(same_kind));
        let surplus = living.len().saturating_sub(kept);
        self.erase(living.iter().take(surplus).chain(&stale));
    }

    /// Ends all families of `subject` but `except`, and says how many lived.
    pub(crate) fn end_all(&self, subject: &str, except: Option<Id>) -> usize {
        let (mut living, stale) = self.split(subject);
        // Who lives has an id, so that no exception excepts nobody.
        living.retain(|entry| entry.id != except);
        self.erase(living.iter().chain(&stale));
        living.len()
    }

    /// Denies an access token until `dead_from`.
    pub(crate) fn deny(&self, token_id: &str, dead_from: u64, subject: &str) {
        self.storage
            .put(&denied_key(token_id), &[], dead_from, subject);
    }

    /// What an access token of `subject` in `session` stands on, if it is neither denied nor of a family that has ended.
    pub(crate) fn accept(&self, session: &str, token_id: &str, subject: &str) -> Option<Standing> {
        let id = Id::parse(session)?;
        let found = self
            .storage
            .get_many(&[family_key(id), denied_key(token_id)]);
        match found.as_slice() {
            [Some(record), None] => Standing::read(record, subject),
            _ => None,
        }
    }

    /// The entries of `subject` whose families live, oldest first, and the rest.
    fn split(&self, subject: &str) -> (Vec<Entry>, Vec<Entry>) {
        let entries = self.entries(subject).into_iter();
        entries.partition(|entry| entry.family.is_some())
    }

    fn erase<'e>(&self, entries: impl Iterator<Item = &'e Entry>) {
        for entry in entries {
            self.storage.delete(&entry.key);
            if let Some(id) = entry.id {
                self.storage.delete(&family_key(id));
            }
        }
    }

    fn entries(&self, subject: &str) -> Vec<Entry> {
        let prefix = prefix(subject);
        let mut entries = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let keys = self.storage.scan(&prefix, after.as_deref());
            let Some(last) = keys.last() else {
                return entries;
            };
            after = Some(last.clone());
            for keys in keys.chunks(BATCH) {
                entries.extend(self.resolve(keys));
            }
        }
    }

    fn resolve(&self, keys: &[String]) -> Vec<Entry> {
        let ids: Vec<Option<Id>> = keys
            .iter()
            .map(|key| key.rsplit('/').next().and_then(Id::parse))
            .collect();
        let families: Vec<String> = ids.iter().flatten().map(|id| family_key(*id)).collect();
        let mut records = self.storage.get_many(&families).into_iter();
        let entry = |(key, id): (&String, &Option<Id>)| {
            let record = id.and_then(|_| records.next()).flatten();
            Entry {
                key: key.clone(),
                id: *id,
                family: record.and_then(|record| Family::read(&record)),
            }
        };
        keys.iter().zip(&ids).map(entry).collect()
    }
}

fn family_key(id: Id) -> String {
    format!("family/{id}")
}

fn denied_key(token_id: &str) -> String {
    format!("denied/{token_id}")
}

/// A subject may contain anything, a slash too; base64url does not, so no subject's entries are another's.
fn prefix(subject: &str) -> String {
    format!("session/{}/", URL_SAFE_NO_PAD.encode(subject))
}

fn entry_key(id: Id, family: &Family) -> String {
    format!("{}{:020}/{id}", prefix(&family.subject), family.created_at)
}
