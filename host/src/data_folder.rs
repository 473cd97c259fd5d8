//! The folder where everything is kept, and how files are put into it.
//!
//! ```text
//! <data>/                0700
//!   lock                 held by the process that uses the folder, by flock
//!   vestibule.db         the database (and vestibule.db-wal, -shm while it is open)
//!   keys/                0700
//!     root               0600, the root key
//!   operator.key         0600, one line
//!   cache/               compiled code
//! ```

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::private_file::make_folder;

/// Where things are in a data folder, whether or not it exists or is ours.
#[derive(Debug, Clone)]
pub struct DataPaths {
    root: PathBuf,
}

impl DataPaths {
    /// The paths in the folder `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.root.join("vestibule.db")
    }

    /// The folder of keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The root key: 32 bytes, raw or in base64.
    #[must_use]
    pub fn root_key(&self) -> PathBuf {
        self.keys().join("root")
    }

    /// The operator's service key, one line.
    #[must_use]
    pub fn operator_key(&self) -> PathBuf {
        self.root.join("operator.key")
    }

    /// The folder of compiled code, which may be deleted at any time.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// The file that is locked.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }
}

/// A data folder in use by this process. Dropping it lets another process have it; so does any end of this one, `kill -9` included.
#[derive(Debug)]
pub struct DataFolder {
    paths: DataPaths,
    _lock: File,
}

/// Why a data folder cannot be used. The sentences say what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// It cannot be made, or nothing can be written in it.
    #[error(
        "the data folder {} cannot be written to: make it a folder that this user owns, or choose another with --data",
        path.display()
    )]
    NotWritable {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Another process has it.
    #[error(
        "the data folder {} is in use by another process: stop that one, or choose another folder with --data",
        path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// Others on this machine can read the root key.
    #[error(
        "the root key {} can be read by others (mode {mode:o}): run `chmod 600` on it, and `chmod 700` on its folder",
        path.display()
    )]
    ExposedKey {
        /// The key's file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl DataFolder {
    /// Takes the folder `path` for this process; makes it, for its owner only, if there is none.
    ///
    /// # Errors
    /// [`DataFolderError`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DataFolderError> {
        let paths = DataPaths::new(path);
        let not_writable = |source| DataFolderError::NotWritable {
            path: paths.root.clone(),
            source,
        };
        make_folder(&paths.root).map_err(not_writable)?;
        let lock = lock(&paths)?;
        make_folder(&paths.keys()).map_err(not_writable)?;
        make_folder(&paths.cache()).map_err(not_writable)?;
        refuse_exposed_key(&paths)?;
        Ok(Self { paths, _lock: lock })
    }

    /// Where things are in it.
    #[must_use]
    pub fn paths(&self) -> &DataPaths {
        &self.paths
    }
}

/// Locks the folder. The lock goes with the process, so nothing is left of it after `kill -9`.
fn lock(paths: &DataPaths) -> Result<File, DataFolderError> {
    let not_writable = |source| DataFolderError::NotWritable {
        path: paths.root.clone(),
        source,
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(paths.lock())
        .map_err(not_writable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DataFolderError::InUse {
            path: paths.root.clone(),
        }),
        Err(TryLockError::Error(source)) => Err(not_writable(source)),
    }
}

/// Refuses a root key that others can read. Who shares one on purpose configures a file elsewhere.
fn refuse_exposed_key(paths: &DataPaths) -> Result<(), DataFolderError> {
    let path = paths.root_key();
    let mode = match std::fs::metadata(&path) {
        Ok(found) => found.mode() & 0o777,
        // There is none yet, or whoever reads it will say why it cannot.
        Err(_) => return Ok(()),
    };
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(DataFolderError::ExposedKey { path, mode })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn it_is_made_for_its_owner_only() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temporary.path().join("new/data")).unwrap();
        assert_eq!(mode(folder.paths().root()), 0o700);
        assert_eq!(mode(&folder.paths().keys()), 0o700);
        assert_eq!(mode(&folder.paths().lock()), 0o600);
    }

    #[test]
    fn it_belongs_to_one_at_a_time() {
        let temporary = tempfile::tempdir().unwrap();
        let first = DataFolder::open(temporary.path()).unwrap();
        let refused = DataFolder::open(temporary.path()).unwrap_err();
        assert!(matches!(&refused, DataFolderError::InUse { .. }));
        let said = refused.to_string();
        assert!(said.contains(&temporary.path().display().to_string()));
        assert!(said.contains("another process"));
        drop(first);
        DataFolder::open(temporary.path()).unwrap();
    }

    #[test]
    fn a_place_that_cannot_be_written_to_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("file");
        std::fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("data")] {
            let refused = DataFolder::open(&path).unwrap_err();
            assert!(matches!(&refused, DataFolderError::NotWritable { .. }));
            assert!(refused.to_string().contains(&path.display().to_string()));
        }
    }

    #[test]
    fn a_root_key_that_others_can_read_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temporary.path()).unwrap();
        let key = folder.paths().root_key();
        crate::private_file::write(&key, &[7; 32]).unwrap();
        drop(folder);
        drop(DataFolder::open(temporary.path()).unwrap());
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = DataFolder::open(temporary.path()).unwrap_err();
        assert!(matches!(
            refused,
            DataFolderError::ExposedKey { mode: 0o640, .. }
        ));
    }
}
