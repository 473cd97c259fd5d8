//! A copy of the database while it is in use, and the thorough check of it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{SqliteStore, schema, store_error};
use crate::private_file::{NewFile, NewFileError};
use crate::store::StoreError;

/// Why a backup was not made. Nothing is left behind under its name.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something under that name.
    #[error("{} exists: a backup never replaces a file; choose another name", path.display())]
    Exists {
        /// The name.
        path: PathBuf,
    },
    /// The file could not be written.
    #[error("cannot write the backup {}", path.display())]
    Unwritable {
        /// The name.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// SQLite could not copy the database.
    #[error("cannot copy the database to {}", path.display())]
    Copy {
        /// The name.
        path: PathBuf,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SqliteStore {
    /// Writes a copy of everything committed so far to the new file `path`, readable by its owner only, while the store goes on serving.
    /// Freed pages are left out: nothing deleted is in it.
    ///
    /// # Errors
    /// [`BackupError`]; there is no file then. A file that exists is never touched.
    pub async fn backup_to(&self, path: impl AsRef<Path>) -> Result<(), BackupError> {
        self.backup_with(path.as_ref(), |_| Ok(())).await
    }

    /// As [`SqliteStore::backup_to`], with something added to the copy before it gets its name.
    pub(crate) async fn backup_with(
        &self,
        path: &Path,
        add: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), BackupError> {
        let (from, to) = (self.path().to_owned(), path.to_owned());
        // This takes as long as the database is large: not on an async thread.
        let copied = tokio::task::spawn_blocking(move || copy(&from, &to, add)).await;
        copied.unwrap_or_else(|stopped| {
            Err(BackupError::Copy {
                path: path.to_owned(),
                source: Box::new(stopped),
            })
        })
    }

    /// Reads every page, row and index of the database and compares them. Takes as long as the database is large.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with what was found first; [`StoreError::Unavailable`] if it could not be read.
    pub async fn check(&self) -> Result<(), StoreError> {
        let path = self.path().to_owned();
        tokio::task::spawn_blocking(move || check(&path))
            .await
            .map_err(|stopped| StoreError::Unavailable(Box::new(stopped)))?
    }
}

fn copy(
    from: &Path,
    to: &Path,
    add: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<(), BackupError> {
    let file = NewFile::create(to).map_err(|error| refused(to, error))?;
    let failed = |error| BackupError::Copy {
        path: to.to_owned(),
        source: Box::new(error),
    };
    vacuum_into(from, file.temporary()).map_err(failed)?;
    let copy = schema::connect(file.temporary()).map_err(failed)?;
    // Nothing but the file itself: no journal beside it that could hold what is added.
    copy.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))
        .map_err(failed)?;
    add(&copy).map_err(failed)?;
    copy.close().map_err(|(_, error)| failed(error))?;
    file.publish().map_err(|error| refused(to, error))
}

/// Copies the database as one transaction sees it; the writer goes on meanwhile.
fn vacuum_into(from: &Path, to: &Path) -> rusqlite::Result<()> {
    let to = to
        .to_str()
        .ok_or_else(|| rusqlite::Error::InvalidPath(to.to_owned()))?;
    schema::connect(from)?.execute("VACUUM INTO ?1", [to])?;
    Ok(())
}

fn refused(path: &Path, error: NewFileError) -> BackupError {
    let path = path.to_owned();
    match error {
        NewFileError::Exists => BackupError::Exists { path },
        NewFileError::Io(source) => BackupError::Unwritable { path, source },
    }
}

fn check(path: &Path) -> Result<(), StoreError> {
    let connection = schema::connect(path).map_err(store_error)?;
    let verdict: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(store_error)?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(StoreError::Corrupt(verdict.into()))
}
