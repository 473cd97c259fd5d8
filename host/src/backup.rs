//! Backups: one file with everything, made while serving, and the way back into an empty data folder.
//!
//! A backup is an SQLite database with the store's own tables. With the root key, it has one table more, of one row, so that the file alone is
//! enough to go on, and must be guarded like the key.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use zeroize::Zeroizing;

use crate::data_folder::{DataFolder, DataFolderError, DataPaths};
use crate::keyring::RootKey;
use crate::private_file::{self, NewFile, NewFileError};
pub use crate::store::sqlite::BackupError;
use crate::store::sqlite::{APPLICATION_ID, FORMAT, SqliteStore};

/// The table of the root key. It is in backups only.
const ROOT_KEY_TABLE: &str = "backup_root_key";

/// Writes everything in `store` to the new file `path` (mode 0600), with the root key if one is given, while the store goes on serving.
///
/// # Errors
/// [`BackupError`]; there is no file then. A file that exists is never touched.
pub async fn write_backup(
    store: &SqliteStore,
    path: impl AsRef<Path>,
    root_key: Option<&[u8; 32]>,
) -> Result<(), BackupError> {
    let root_key = root_key.map(|key| Zeroizing::new(*key));
    store
        .backup_with(path.as_ref(), move |copy| match root_key {
            Some(key) => add_root_key(copy, &key),
            None => Ok(()),
        })
        .await
}

/// As [`write_backup`], with `root_key` in the file.
///
/// # Errors
/// As [`write_backup`].
pub async fn write_backup_with_root_key(
    store: &SqliteStore,
    path: impl AsRef<Path>,
    root_key: &RootKey,
) -> Result<(), BackupError> {
    write_backup(store, path, Some(root_key.expose())).await
}

/// What was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Whether the backup held the root key, which is at `keys/root` now. If not, the old one has to be put there before serving.
    pub root_key: bool,
}

/// Why nothing was restored. The sentences say what to do.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    /// There is something in the data folder.
    #[error(
        "the data folder {} is not empty (there is {found}): a backup is restored into an empty one; choose another with --data",
        path.display()
    )]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// The name of something in it.
        found: String,
    },
    /// The file cannot be read.
    #[error("cannot read the backup {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is something else.
    #[error("{} is not a Vestibule backup: give a file that `vestibule backup` wrote", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later version.
    #[error(
        "the backup {} was written by a newer Vestibule (format {found}, this one knows up to {known}): restore it with that version",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: i64,
        /// The newest format this program reads.
        known: i64,
    },
    /// The file is a backup, and not whole.
    #[error("the backup {} is damaged ({problem}): use another one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        problem: String,
    },
    /// The data folder could not be filled.
    #[error("cannot write to the data folder {}", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Puts the backup `file` into the data folder `data`, which must be empty or not exist. The backup is left as it is.
///
/// It blocks for as long as copying takes.
///
/// # Errors
/// [`RestoreError`]; the folder has no database then.
pub fn restore(file: impl AsRef<Path>, data: impl Into<PathBuf>) -> Result<Restored, RestoreError> {
    let file = file.as_ref();
    let paths = DataPaths::new(data);
    refuse_used_folder(&paths)?;
    let backup = open_backup(file)?;
    let folder = DataFolder::open(paths.root())?;
    let root_key = read_root_key(&backup).map_err(|error| not_readable(file, error))?;

    let unwritable = |source: Box<dyn std::error::Error + Send + Sync>| RestoreError::Unwritable {
        path: paths.root().to_owned(),
        source,
    };
    let database = NewFile::create(&folder.paths().database()).map_err(|error| match error {
        NewFileError::Exists => unwritable("there is a database".into()),
        NewFileError::Io(source) => unwritable(Box::new(source)),
    })?;
    copy_without_key(&backup, database.temporary()).map_err(|error| unwritable(Box::new(error)))?;
    if let Some(key) = &root_key {
        private_file::write(&folder.paths().root_key(), key.as_slice())
            .map_err(|error| unwritable(Box::new(error)))?;
    }
    // The database comes last: without it, the folder is not taken for a restored one.
    database.publish().map_err(|error| match error {
        NewFileError::Exists => unwritable("there is a database".into()),
        NewFileError::Io(source) => unwritable(Box::new(source)),
    })?;
    Ok(Restored {
        root_key: root_key.is_some(),
    })
}

fn add_root_key(copy: &Connection, key: &[u8; 32]) -> rusqlite::Result<()> {
    copy.execute_batch(&format!(
        "CREATE TABLE {ROOT_KEY_TABLE} (id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL) STRICT"
    ))?;
    copy.execute(
        &format!("INSERT INTO {ROOT_KEY_TABLE} (id, key) VALUES (1, ?1)"),
        [key],
    )?;
    Ok(())
}

/// Looks before anything is made. The lock, and the folders that opening makes, hold nothing.
fn refuse_used_folder(paths: &DataPaths) -> Result<(), RestoreError> {
    let not_empty = |found: &Path| RestoreError::NotEmpty {
        path: paths.root().to_owned(),
        found: found
            .strip_prefix(paths.root())
            .unwrap_or(found)
            .display()
            .to_string(),
    };
    for folder in [paths.root().to_owned(), paths.keys(), paths.cache()] {
        // What is no folder, or cannot be read, is refused when it is opened.
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            // A restore that was killed leaves half a copy, which the next one replaces.
            let half = NewFile::temporary_of(&paths.database());
            if ![paths.lock(), paths.keys(), paths.cache(), half].contains(&path) {
                return Err(not_empty(&path));
            }
        }
    }
    Ok(())
}

/// Opens `file` without being able to change it, and checks that it is a whole backup.
fn open_backup(file: &Path) -> Result<Connection, RestoreError> {
    let failed = |error| not_readable(file, error);
    let path = fs::canonicalize(file).map_err(|error| RestoreError::Unreadable {
        path: file.to_owned(),
        source: Box::new(error),
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let backup = Connection::open_with_flags(path, flags).map_err(failed)?;
    // It may be anybody's file: whatever stands in its schema calls no functions.
    backup
        .pragma_update(None, "trusted_schema", false)
        .map_err(failed)?;
    let header = |name| backup.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if header("application_id").map_err(failed)? != APPLICATION_ID {
        return Err(RestoreError::NotABackup {
            path: file.to_owned(),
        });
    }
    let found = header("user_version").map_err(failed)?;
    if found > FORMAT {
        return Err(RestoreError::Newer {
            path: file.to_owned(),
            found,
            known: FORMAT,
        });
    }
    let problem: String = backup
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(failed)?;
    if problem != "ok" {
        return Err(RestoreError::Damaged {
            path: file.to_owned(),
            problem,
        });
    }
    Ok(backup)
}

/// What `error` says of a file that was to be a backup.
fn not_readable(file: &Path, error: rusqlite::Error) -> RestoreError {
    let path = file.to_owned();
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => RestoreError::NotABackup { path },
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => RestoreError::Damaged {
            path,
            problem: error.to_string(),
        },
        _ => RestoreError::Unreadable {
            path,
            source: Box::new(error),
        },
    }
}

fn read_root_key(backup: &Connection) -> rusqlite::Result<Option<Zeroizing<[u8; 32]>>> {
    let tables: i64 = backup.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1",
        [ROOT_KEY_TABLE],
        |row| row.get(0),
    )?;
    if tables == 0 {
        return Ok(None);
    }
    backup
        .query_row(
            &format!("SELECT key FROM {ROOT_KEY_TABLE} WHERE id = 1"),
            [],
            |row| row.get(0).map(Zeroizing::new),
        )
        .optional()
}

/// Copies `backup` to the empty file `to`, and leaves no trace of the root key in it, nor in a journal beside it.
fn copy_without_key(backup: &Connection, to: &Path) -> rusqlite::Result<()> {
    let name = to
        .to_str()
        .ok_or_else(|| rusqlite::Error::InvalidPath(to.to_owned()))?;
    backup.execute("VACUUM INTO ?1", [name])?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(to, flags)?;
    copy.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
    copy.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    copy.execute_batch(&format!("DROP TABLE IF EXISTS {ROOT_KEY_TABLE}"))?;
    copy.close().map_err(|(_, error)| error)
}
