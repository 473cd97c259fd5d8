//! Files that are made by somebody else (SQLite) and must be whole, private and never replace another.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::sync_folder_of;

/// A file in the making, under a name of its own beside the one it is to get. Dropped before it is published, it is removed.
#[derive(Debug)]
pub(crate) struct NewFile {
    temporary: Temporary,
    path: PathBuf,
}

/// Why there is no new file.
#[derive(Debug)]
pub(crate) enum NewFileError {
    /// The name is taken.
    Exists,
    /// The operating system would not.
    Io(io::Error),
}

impl NewFile {
    /// Begins `path`: an empty file with mode 0600 under [`NewFile::temporary`].
    pub(crate) fn create(path: &Path) -> Result<Self, NewFileError> {
        let path = std::path::absolute(path).map_err(NewFileError::Io)?;
        if path.symlink_metadata().is_ok() {
            return Err(NewFileError::Exists);
        }
        let temporary = Temporary::create(&path).map_err(NewFileError::Io)?;
        Ok(Self { temporary, path })
    }

    /// Where a file that is to be `path` is written.
    pub(crate) fn temporary_of(path: &Path) -> PathBuf {
        Temporary::beside(path)
    }

    /// Where to write it; an absolute path.
    pub(crate) fn temporary(&self) -> &Path {
        &self.temporary.path
    }

    /// Makes it durable and gives it its name, unless somebody else took that meanwhile.
    pub(crate) fn publish(self) -> Result<(), NewFileError> {
        let published = File::open(self.temporary())
            .and_then(|file| file.sync_all())
            .and_then(|()| name_without_replacing(self.temporary(), &self.path))
            .and_then(|()| sync_folder_of(&self.path));
        published.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => NewFileError::Exists,
            _ => NewFileError::Io(error),
        })
    }
}

/// A link, as opposed to renaming, never replaces anything.
fn name_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    use io::ErrorKind::{PermissionDenied, Unsupported};
    match fs::hard_link(from, to) {
        // Some file systems have no links. There, a name that is taken in this very moment is not noticed.
        Err(error)
            if matches!(error.kind(), Unsupported | PermissionDenied)
                && to.symlink_metadata().is_err() =>
        {
            fs::rename(from, to)
        }
        linked => linked,
    }
}

/// A file beside another, removed on drop if it still has that name.
#[derive(Debug)]
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn beside(path: &Path) -> PathBuf {
        let mut partial = std::ffi::OsString::from(".");
        partial.push(path.file_name().unwrap_or_default());
        partial.push(".partial");
        path.with_file_name(partial)
    }

    /// An empty file `.<name>.partial` with mode 0600. One that is there was left by a process that was killed, and goes.
    fn create(beside: &Path) -> io::Result<Self> {
        if beside.file_name().is_none() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it names no file",
            ));
        }
        let path = Self::beside(beside);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is none, which is as good.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_never_replaces_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new");
        let early = NewFile::create(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(early.publish(), Err(NewFileError::Exists)));
        assert!(matches!(NewFile::create(&path), Err(NewFileError::Exists)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn one_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(NewFile::create(&folder.path().join("new")).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
