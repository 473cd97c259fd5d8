//! Private keys in files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::keys::{MAX_PRIVATE_KEY_BYTES, PrivateKey, PrivateKeyError};
use crate::keyring::CryptoError;
use crate::private_file::{self, NewFile, NewFileError};

/// Why there is no key, or none was written. No variant holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The name is taken.
    #[error("{} exists: a key is never replaced; choose another name", .0.display())]
    Exists(PathBuf),
    /// There is no such file.
    #[error("there is no key at {}: make one with `vestibule component keygen`", .0.display())]
    Missing(PathBuf),
    /// What the system says, or [`io::ErrorKind::InvalidData`] for a file that is too large.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It holds something else.
    #[error("{}: {cause}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What it must be.
        cause: PrivateKeyError,
    },
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// Puts `key` into a new file at `path` that nobody but its owner may read (0600). It is there whole or not at all.
///
/// # Errors
/// [`KeyFileError`]: also if there is something at `path`.
pub fn create(path: &Path, key: &PrivateKey) -> Result<(), KeyFileError> {
    let failed = |error| match error {
        NewFileError::Exists => KeyFileError::Exists(path.to_owned()),
        NewFileError::Io(cause) => KeyFileError::Io {
            path: path.to_owned(),
            cause,
        },
    };
    let pem = key.to_pem()?;
    let file = NewFile::create(path).map_err(failed)?;
    fs::write(file.temporary(), pem.as_bytes()).map_err(|cause| failed(NewFileError::Io(cause)))?;
    file.publish().map_err(failed)
}

/// The key in the file at `path`.
///
/// # Errors
/// [`KeyFileError`].
pub fn read(path: &Path) -> Result<PrivateKey, KeyFileError> {
    let bytes = private_file::read(path, MAX_PRIVATE_KEY_BYTES)
        .map_err(|cause| KeyFileError::Io {
            path: path.to_owned(),
            cause,
        })?
        .ok_or_else(|| KeyFileError::Missing(path.to_owned()))?;
    PrivateKey::from_pem(&bytes).map_err(|cause| KeyFileError::Key {
        path: path.to_owned(),
        cause,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_written_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("release.pem");
        let key = PrivateKey::generate().unwrap();
        create(&path, &key).unwrap();
        assert_eq!(read(&path).unwrap().public(), key.public());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let error = create(&path, &PrivateKey::generate().unwrap()).unwrap_err();
        assert!(matches!(error, KeyFileError::Exists(_)), "{error}");
        assert_eq!(read(&path).unwrap().public(), key.public());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_to_nowhere_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, target) = (folder.path().join("key"), folder.path().join("elsewhere"));
        std::os::unix::fs::symlink(&target, &path).unwrap();
        let error = create(&path, &PrivateKey::generate().unwrap()).unwrap_err();
        assert!(matches!(error, KeyFileError::Exists(_)), "{error}");
        assert!(!target.exists());
    }

    #[test]
    fn what_holds_no_key_is_refused_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let error = read(&path).unwrap_err();
        assert!(matches!(error, KeyFileError::Missing(_)), "{error}");
        fs::write(&path, "S3CRET").unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, KeyFileError::Key { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("S3CRET"));
        fs::write(&path, [b'A'; MAX_PRIVATE_KEY_BYTES + 1]).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, KeyFileError::Io { .. }), "{error}");
    }
}
