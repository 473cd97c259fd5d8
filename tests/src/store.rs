//! The backends that every suite runs on.

use std::sync::Arc;

use tempfile::TempDir;
use vestibule::store::Store;
use vestibule::store::memory::MemoryStore;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};

/// A kind of store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// In memory.
    Memory,
    /// SQLite, in a folder of the test's own.
    Sqlite,
}

impl Backend {
    /// An empty store, and the folder it lies in if it lies anywhere.
    ///
    /// # Panics
    /// If there is no room for a temporary folder.
    #[must_use]
    pub fn open(self) -> (Arc<dyn Store>, Option<TempDir>) {
        match self {
            Self::Memory => (Arc::new(MemoryStore::new()), None),
            Self::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let path = folder.path().join("vestibule.db");
                let store =
                    SqliteStore::open(path, SqliteOptions::default()).expect("an empty database");
                (Arc::new(store), Some(folder))
            }
        }
    }
}
