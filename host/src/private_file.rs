//! Files that hold a secret: nobody but their owner reads them, and they are there whole or not at all.

#[cfg(feature = "sqlite")]
mod new;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

#[cfg(feature = "sqlite")]
pub(crate) use self::new::{NewFile, NewFileError};

/// The bytes of the file at `path`, at most `limit` of them; none if there is no such file.
///
/// A file that others may read is read all the same, with a warning: secrets mounted by an orchestrator often are.
///
/// # Errors
/// Whatever the system says, and [`io::ErrorKind::InvalidData`] for a file longer than `limit`.
pub(crate) fn read(path: &Path, limit: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    warn_if_open_to_others(&file, path)?;
    whole(file, limit).map(Some)
}

/// The same for a file that must be there, and is refused where anybody on the machine may read it. Its group may: that is how a
/// secret is shared with a service that does not own it.
///
/// # Errors
/// Whatever the system says; [`io::ErrorKind::PermissionDenied`] with what to do for a file that is open to all, and
/// [`io::ErrorKind::InvalidData`] for one longer than `limit`.
#[cfg(feature = "http")]
pub(crate) fn read_closed(path: &Path, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o007 != 0 {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "anybody on this machine may; `chmod o=` on it mends that",
            ));
        }
    }
    whole(file, limit)
}

fn whole(file: File, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // One byte more than allowed, so that a longer file shows; room for all of it, so that nothing is copied about.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is too long for what it should hold",
        ));
    }
    Ok(bytes)
}

/// Puts `bytes` at `path`, readable and writable by the owner only (0600), in place of what was there.
///
/// It is on the disk when this returns; a crash before leaves what was there.
///
/// # Errors
/// Whatever the system says.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    sync_folder_of(path)
}

/// Makes the folder at `path` and those above it, open to the owner only (0700) where it is new.
///
/// # Errors
/// Whatever the system says.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(unix)]
fn warn_if_open_to_others(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "a secret file is open to others than its owner; chmod 600 mends it");
    }
    Ok(())
}

#[cfg(not(unix))]
fn warn_if_open_to_others(_file: &File, _path: &Path) -> io::Result<()> {
    Ok(())
}

/// A rename is durable when its folder is.
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/secret");
        make_folder(path.parent().unwrap()).unwrap();
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(read(&path, 3).unwrap().unwrap().as_slice(), b"two");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn a_missing_file_is_none_and_a_long_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        assert!(read(&path, 3).unwrap().is_none());
        write(&path, b"four").unwrap();
        assert_eq!(
            read(&path, 3).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }

    #[test]
    fn a_draft_left_by_a_crash_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(folder.path().join("secret.new"), b"half").unwrap();
        write(&path, b"whole").unwrap();
        assert_eq!(read(&path, 9).unwrap().unwrap().as_slice(), b"whole");
    }
}
