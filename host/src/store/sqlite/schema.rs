//! The file: its tables, its format number, and what is checked before it is used.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::OpenError;
use crate::store::Version;

/// What marks a file as ours, in its header: `Vstb`.
pub(crate) const APPLICATION_ID: i64 = 0x5673_7462;

/// The format this program writes, and the newest it reads. It stands in the header too (`user_version`).
pub(crate) const FORMAT: i64 = 1;

/// Up to this size a database is checked page by page whenever it is opened: it takes a few milliseconds. Beyond it, `doctor` does.
const CHECKED_AT_OPEN: u64 = 4 * 1024 * 1024;

/// The most the write-ahead log keeps on disk once a checkpoint emptied it, in bytes.
const LOG_LIMIT: i64 = 16 * 1024 * 1024;

/// How long another connection of this process may hold a lock we need.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Values may be megabytes (component builds), so rows are kept by number and found by a slim unique index, which also answers for
/// absent keys without touching a row; `value` stands last, so that the other columns are read without walking through it.
/// TEXT compares by bytes (BINARY collation), as the contract says.
///
/// Attempts are appended in the order of their versions and swept from the oldest. There is no index by id, which would cost every
/// commit a page at random: an attempt is only looked for after a failed fsync, and then a scan of the last hour is cheap enough.
const TABLES: &str = "
    CREATE TABLE entries (
        id         INTEGER PRIMARY KEY,
        namespace  TEXT    NOT NULL,
        key        TEXT    NOT NULL,
        version    INTEGER NOT NULL,
        schema     INTEGER NOT NULL,
        expires_at INTEGER,
        subject    TEXT,
        sealed     TEXT,
        value      BLOB    NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX entries_by_key ON entries (namespace, key);
    CREATE INDEX entries_by_subject ON entries (subject, namespace, key) WHERE subject IS NOT NULL;
    CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE attempts (
        version INTEGER PRIMARY KEY,
        id      BLOB    NOT NULL,
        at      INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX attempts_by_time ON attempts (at);

    CREATE TABLE meta (
        id           INTEGER PRIMARY KEY CHECK (id = 1),
        last_version INTEGER NOT NULL
    ) STRICT;
    INSERT INTO meta (id, last_version) VALUES (1, 0);
";

/// A checked database, open for writing.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) last_version: Version,
}

/// Opens `path` for the writer, makes it if there is none, and checks it.
pub(super) fn open(path: &Path, max_bytes: Option<u64>) -> Result<Opened, OpenError> {
    create_private(path).map_err(|cause| OpenError::Unopenable {
        path: path.to_owned(),
        source: Box::new(cause),
    })?;
    let connection = connect(path).map_err(|error| OpenError::of(path, error))?;
    verify(&connection, path)?;
    prepare(&connection, max_bytes).map_err(|error| OpenError::of(path, error))?;
    let last_version = connection
        .query_row("SELECT last_version FROM meta WHERE id = 1", [], |row| {
            row.get::<_, i64>(0)
        })
        .map_err(|error| OpenError::of(path, error))?;
    Ok(Opened {
        connection,
        last_version: last_version.unsigned_abs(),
    })
}

/// Opens `path`, which exists, with what all our connections share.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Each connection is used by one thread at a time, so SQLite's own mutexes are not needed. No URIs: a path is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Whatever somebody put into the schema, it calls no functions.
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

/// Whether `connection` is to a database of ours that this program can read. An empty one is made ours.
pub(super) fn verify(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::of(path, error);
    let header = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = header("application_id").map_err(failed)?;
    let format = header("user_version").map_err(failed)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    if application == 0 && format == 0 && tables == 0 {
        return create(connection).map_err(failed);
    }
    if application != APPLICATION_ID {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
        });
    }
    if format > FORMAT {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found: format,
            known: FORMAT,
        });
    }
    let bytes = header("page_count").map_err(failed)? * header("page_size").map_err(failed)?;
    if bytes.unsigned_abs() <= CHECKED_AT_OPEN {
        quick_check(connection, path)?;
    }
    Ok(())
}

/// Reads every page of the database.
pub(super) fn quick_check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| OpenError::of(path, error))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(OpenError::Corrupt {
        path: path.to_owned(),
        source: verdict.into(),
    })
}

/// All tables and both header numbers, or nothing.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         {TABLES}
         PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {FORMAT};
         COMMIT;"
    ))
}

/// The writer's settings.
fn prepare(connection: &Connection, max_bytes: Option<u64>) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The writer checkpoints itself, after it has answered.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_LIMIT, |_| Ok(()))?;
    // What was deleted is overwritten: a forgotten person is not to be found in the file's free pages.
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    connection.pragma_update(None, "cache_size", -4096)?;
    connection.set_prepared_statement_cache_capacity(32);
    if let Some(bytes) = max_bytes {
        let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
        connection.pragma_update_and_check(None, "max_page_count", pages.max(1), |_| Ok(()))?;
    }
    Ok(())
}

/// Makes `path` with mode 0600 if there is none; the log beside it inherits the mode. The folder is synced, so that a
/// database that has acknowledged a commit cannot lose its name.
fn create_private(path: &Path) -> std::io::Result<()> {
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match created {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}
