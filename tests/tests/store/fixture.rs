//! A fresh store of each kind.

use std::ops::Deref;
use std::sync::Arc;

use tempfile::TempDir;
use vestibule::store::memory::MemoryStore;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule::store::{Entry, Range, Snapshot, Store};
use vestibule_tests::batch::namespace;

/// A store, and the folder it lives in.
pub(crate) struct Fixture {
    pub(crate) store: Arc<dyn Store>,
    _folder: Option<TempDir>,
}

impl Deref for Fixture {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        self.store.as_ref()
    }
}

pub(crate) fn memory() -> Fixture {
    Fixture {
        store: Arc::new(MemoryStore::new()),
        _folder: None,
    }
}

pub(crate) fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.db");
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    Fixture {
        store: Arc::new(store),
        _folder: Some(folder),
    }
}

/// The value under `key` in the usual namespace at moment 0, as text.
pub(crate) async fn value(snapshot: &mut dyn Snapshot, key: &str) -> Option<String> {
    let entry = snapshot.get(&namespace(), key, 0).await.unwrap()?;
    Some(String::from_utf8(entry.record.value).unwrap())
}

/// The keys in `range` at moment 0.
pub(crate) async fn keys(snapshot: &mut dyn Snapshot, range: &Range) -> Vec<String> {
    let entries = snapshot.scan(range, usize::MAX, usize::MAX, 0).await;
    names(entries.unwrap())
}

/// The keys of `entries`.
pub(crate) fn names(entries: Vec<Entry>) -> Vec<String> {
    entries.into_iter().map(|entry| entry.key).collect()
}
