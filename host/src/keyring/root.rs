//! The root key: 32 random bytes that wrap every other key, kept outside the store.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::CryptoError;
use super::primitives::{Secret, derive, random_secret};
use crate::config::RootKeySource;
use crate::private_file;

/// More than any form of a root key needs; a file or an output that is longer is something else.
const MAX_SOURCE_BYTES: usize = 4096;

/// How long a command may take to print the root key: it may ask a key service across a network.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The key that wraps all keys of the ring.
pub struct RootKey(Secret);

/// Why there is no usable root key, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The store holds a key ring, but the key that opens it is not there.
    #[error(
        "the root key {} is missing, but the store holds a key ring that was made with one: put the key back (from the \
         backup made with --with-root-key, or from where it was copied to), or name its place under [root_key] in the configuration; \
         without it the signing, sealing and pepper keys in this store cannot be opened", .path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// There is a root key, but the ring was made with another.
    #[error(
        "the root key is not the one that this store's key ring was made with: use the root key that belongs to this store, or the \
         store that belongs to this root key"
    )]
    Wrong,
    /// What was found is no root key.
    #[error(
        "{origin} does not hold a root key: it must be 32 random bytes, raw or in base64 (`head -c 32 /dev/urandom | base64`)"
    )]
    Malformed {
        /// Where it was found.
        origin: String,
    },
    /// Both a file and a command are configured.
    #[error("[root_key] names both a file and a command: keep one of them")]
    Ambiguous,
    /// A file could not be read or written.
    #[error("the root key {} cannot be read or written", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The command could not be run, failed, or printed too much.
    #[error("the root key's command {program} failed: {why}")]
    Command {
        /// The program, without its arguments.
        program: String,
        /// What happened.
        why: String,
    },
    /// The machine's randomness failed.
    #[error("no root key could be made")]
    Crypto(#[from] CryptoError),
}

impl RootKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`CryptoError`] when the machine has no randomness.
    pub fn generate() -> Result<Self, CryptoError> {
        random_secret().map(Self)
    }

    /// The key that consists of `bytes`, which must be random: it is not stretched.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Where the key is kept if the configuration says nothing: `<data>/keys/root`.
    #[must_use]
    pub fn default_path(data: &Path) -> PathBuf {
        data.join("keys").join("root")
    }

    /// The key that `source` names, else the one in `data`.
    ///
    /// `ring_exists` says whether the store holds a key ring ([`super::KeyRing::exists`]). If not, this is a first start,
    /// and where the configuration names no source, a key is made and kept in `data`. A source that is named is never written.
    ///
    /// It blocks for as long as a command takes.
    ///
    /// # Errors
    /// [`RootKeyError`]; `Missing` when there is none although there must be.
    pub fn obtain(
        source: &RootKeySource,
        data: &Path,
        ring_exists: bool,
    ) -> Result<Self, RootKeyError> {
        match Self::load(source, data) {
            Err(RootKeyError::Missing { path })
                if !ring_exists && source.file.is_none() && source.command.is_none() =>
            {
                let key = Self::generate()?;
                key.save(&path)?;
                Ok(key)
            }
            found => found,
        }
    }

    /// The key that `source` names, else the one in `data`. Nothing is made. It blocks for as long as a command takes.
    ///
    /// # Errors
    /// [`RootKeyError`]; `Missing` when the file is not there.
    pub fn load(source: &RootKeySource, data: &Path) -> Result<Self, RootKeyError> {
        match (&source.file, &source.command) {
            (Some(_), Some(_)) => Err(RootKeyError::Ambiguous),
            (Some(path), None) => Self::from_file(path),
            (None, Some(command)) => Self::from_command(command, COMMAND_TIMEOUT),
            (None, None) => Self::from_file(&Self::default_path(data)),
        }
    }

    /// The key in the file at `path`: 32 raw bytes, or base64 with white space around it.
    ///
    /// # Errors
    /// `Missing`, `File` or `Malformed`.
    pub fn from_file(path: &Path) -> Result<Self, RootKeyError> {
        let bytes = private_file::read(path, MAX_SOURCE_BYTES)
            .map_err(|source| RootKeyError::File {
                path: path.to_owned(),
                source,
            })?
            .ok_or_else(|| RootKeyError::Missing {
                path: path.to_owned(),
            })?;
        Self::parse(&bytes).ok_or_else(|| RootKeyError::Malformed {
            origin: format!("the file {}", path.display()),
        })
    }

    /// The key that `command` (a program and its arguments; no shell is involved) prints within `timeout`. What it says on
    /// standard error is passed on.
    ///
    /// # Errors
    /// `Command` or `Malformed`.
    pub fn from_command(command: &[String], timeout: Duration) -> Result<Self, RootKeyError> {
        let program = command.first().cloned().unwrap_or_default();
        let output =
            output_of(command, Instant::now() + timeout).map_err(|why| RootKeyError::Command {
                program: program.clone(),
                why,
            })?;
        Self::parse(&output).ok_or_else(|| RootKeyError::Malformed {
            origin: format!("the output of {program}"),
        })
    }

    /// Keeps the key at `path`, 0600 in a folder that is made 0700 if it is new.
    ///
    /// # Errors
    /// `File`.
    pub fn save(&self, path: &Path) -> Result<(), RootKeyError> {
        let mut text = Zeroizing::new(STANDARD_NO_PAD.encode(self.0.as_slice()));
        text.push('\n');
        path.parent()
            .map_or(Ok(()), private_file::make_folder)
            .and_then(|()| private_file::write(path, text.as_bytes()))
            .map_err(|source| RootKeyError::File {
                path: path.to_owned(),
                source,
            })
    }

    /// The secret for `label` under this key.
    /// A key of the host's own, apart from the ring's: the same as long as the root key is.
    pub(crate) fn subkey(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, CryptoError> {
        self.derive(format!("host/{purpose}").as_bytes())
    }

    /// The key itself, for a backup that is to hold it.
    #[cfg(feature = "sqlite")]
    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn derive(&self, label: &[u8]) -> Result<Secret, CryptoError> {
        derive(self.0.as_slice(), label)
    }

    /// 32 raw bytes, or base64 or base64url of them, padded or not.
    fn parse(bytes: &[u8]) -> Option<Self> {
        if let Ok(raw) = <[u8; 32]>::try_from(bytes) {
            // 32 printable characters are a pass phrase or a short hex string, not 256 random bits (which would look like that once in 10¹³).
            let raw = Zeroizing::new(raw);
            return (!raw.iter().all(|byte| (b' '..=b'~').contains(byte))).then_some(Self(raw));
        }
        let text = bytes.trim_ascii();
        let text = text
            .strip_suffix(b"=")
            .map_or(text, |text| text.strip_suffix(b"=").unwrap_or(text));
        let mut key = Zeroizing::new([0; 32]);
        for alphabet in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            // 43 characters are 32 bytes; the engine wants room for a whole last group.
            let mut decoded = Zeroizing::new([0; 33]);
            if text.len() == 43 && alphabet.decode_slice(text, decoded.as_mut()) == Ok(32) {
                key.copy_from_slice(&decoded[..32]);
                return Some(Self(key));
            }
        }
        None
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(…)")
    }
}

/// What `command` prints, if it ends well before `deadline`.
fn output_of(command: &[String], deadline: Instant) -> Result<Zeroizing<Vec<u8>>, String> {
    let (program, arguments) = command
        .split_first()
        .ok_or("[root_key] command names no program")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let output = read_until(&mut child, deadline).and_then(|output| {
        wait_until(&mut child, deadline)?;
        Ok(output)
    });
    if output.is_err() {
        // It may have ended by itself meanwhile: then there is nothing to kill, which is fine.
        let _ = child.kill();
        let _ = child.wait();
    }
    output
}

/// The child's output. It is read on a thread of its own: a grandchild may hold the pipe open for ever.
fn read_until(child: &mut Child, deadline: Instant) -> Result<Zeroizing<Vec<u8>>, String> {
    let stdout = child.stdout.take().ok_or("its output is not readable")?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SOURCE_BYTES + 1));
        let read = stdout
            .take(MAX_SOURCE_BYTES as u64 + 1)
            .read_to_end(&mut bytes);
        // Nobody waits any more after the deadline.
        let _ = sender.send(read.map(|_| bytes));
    });
    let bytes = receiver
        .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .map_err(|_| "it did not end in time".to_owned())?
        .map_err(|error| error.to_string())?;
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err("it printed more than a root key".to_owned());
    }
    Ok(bytes)
}

/// Waits for the child to end well. Its output is closed already, so this is a matter of moments.
fn wait_until(child: &mut Child, deadline: Instant) -> Result<(), String> {
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return if status.success() {
                Ok(())
            } else {
                Err(status.to_string())
            };
        }
        if Instant::now() >= deadline {
            return Err("it did not end in time".to_owned());
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    fn command(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    const BYTES: [u8; 32] = [0xfb; 32];

    #[test]
    fn every_form_of_a_key_is_read() {
        let forms = [
            BYTES.to_vec(),
            STANDARD.encode(BYTES).into_bytes(),
            STANDARD_NO_PAD.encode(BYTES).into_bytes(),
            URL_SAFE.encode(BYTES).into_bytes(),
            format!(" {}\r\n", URL_SAFE_NO_PAD.encode(BYTES)).into_bytes(),
        ];
        for form in forms {
            assert_eq!(*RootKey::parse(&form).unwrap().0, BYTES);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let short = STANDARD.encode([1; 31]);
        let long = STANDARD.encode([1; 33]);
        for bad in [
            "",
            "\n",
            "correct horse battery staple pass",
            "0123456789abcdef0123456789abcdef",
            &short,
            &long,
            "====",
            "=",
        ] {
            assert!(RootKey::parse(bad.as_bytes()).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", RootKey::from_bytes(BYTES)), "RootKey(…)");
    }

    #[test]
    fn a_key_is_made_once_and_then_found() {
        let folder = tempfile::tempdir().unwrap();
        let source = RootKeySource::default();
        let made = RootKey::obtain(&source, folder.path(), false).unwrap();
        let found = RootKey::obtain(&source, folder.path(), true).unwrap();
        assert_eq!(*made.0, *found.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = RootKey::default_path(folder.path());
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(path.parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn a_missing_key_of_an_existing_ring_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let missing = RootKey::obtain(&RootKeySource::default(), folder.path(), true).unwrap_err();
        assert!(matches!(missing, RootKeyError::Missing { .. }));
        assert!(missing.to_string().contains("put the key back"));
        assert!(!RootKey::default_path(folder.path()).exists());
    }

    #[test]
    fn a_file_that_was_named_is_never_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let source = RootKeySource {
            file: Some(path.clone()),
            command: None,
        };
        assert!(matches!(
            RootKey::obtain(&source, folder.path(), false),
            Err(RootKeyError::Missing { .. })
        ));
        assert!(!path.exists());
        RootKey::from_bytes(BYTES).save(&path).unwrap();
        let key = RootKey::obtain(&source, folder.path(), false).unwrap();
        assert_eq!(*key.0, BYTES);
        std::fs::write(&path, "not a key").unwrap();
        assert!(matches!(
            RootKey::obtain(&source, folder.path(), false),
            Err(RootKeyError::Malformed { .. })
        ));
    }

    #[test]
    fn both_sources_are_ambiguous() {
        let source = RootKeySource {
            file: Some("a".into()),
            command: Some(command(&["b"])),
        };
        assert!(matches!(
            RootKey::load(&source, Path::new(".")),
            Err(RootKeyError::Ambiguous)
        ));
    }

    #[test]
    fn a_command_gives_the_key_without_a_shell() {
        let minute = Duration::from_secs(60);
        let key =
            RootKey::from_command(&command(&["echo", &STANDARD.encode(BYTES)]), minute).unwrap();
        assert_eq!(*key.0, BYTES);
        // A shell would end the first command at the semicolon.
        let quoted = command(&["echo", &format!("{};", STANDARD.encode(BYTES))]);
        assert!(matches!(
            RootKey::from_command(&quoted, minute),
            Err(RootKeyError::Malformed { .. })
        ));
    }

    #[test]
    fn a_command_that_fails_talks_or_hangs_is_refused() {
        let minute = Duration::from_secs(60);
        let good = STANDARD.encode(BYTES);
        let failing = command(&["sh", "-c", &format!("echo {good}; exit 3")]);
        for (words, timeout) in [
            (failing, minute),
            (command(&["yes"]), minute),
            (command(&["/does/not/exist"]), minute),
            (command(&[]), minute),
            (command(&["tail", "-f", "/dev/null"]), Duration::ZERO),
        ] {
            assert!(
                matches!(
                    RootKey::from_command(&words, timeout),
                    Err(RootKeyError::Command { .. })
                ),
                "{words:?}"
            );
        }
    }
}
