//! What the writer does with one batch inside its transaction.

use rusqlite::{Connection, params};

use super::statement::{Walk, scan, scan_versions_of, text, to_db, version};
use crate::clock::Timestamp;
use crate::store::{
    ATTEMPT_LIFETIME_MS, AttemptId, Batch, Check, Namespace, Range, Version, Write,
};

/// How many attempts one sweep removes at most: they lie side by side, so that this takes milliseconds.
const ATTEMPTS_A_SWEEP: i64 = 16 * 1024;

/// Whether all checks of `batch` hold.
pub(super) fn holds(connection: &Connection, batch: &Batch) -> rusqlite::Result<bool> {
    for check in &batch.checks {
        let holds = match check {
            Check::Key {
                namespace,
                key,
                version: seen,
            } => version(connection, namespace, key, batch.now)? == *seen,
            Check::Range {
                range,
                through,
                seen,
            } => range_holds(connection, range, through.as_deref(), seen, batch.now)?,
            Check::Subject { subject, seen } => {
                subject_holds(connection, subject, seen, batch.now)?
            }
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether `range` up to `through` holds exactly `seen`. Reads no further than to the first difference.
fn range_holds(
    connection: &Connection,
    range: &Range,
    through: Option<&str>,
    seen: &[(String, Version)],
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let mut expected = seen.iter();
    let mut same = true;
    scan(connection, Walk::Versions, range, now, |row| {
        let key = text(row, 0)?;
        if through.is_some_and(|through| key > through) {
            return Ok(false);
        }
        let version = row.get::<_, i64>(1)?.unsigned_abs();
        same = expected
            .next()
            .is_some_and(|(seen_key, seen_version)| seen_key == key && *seen_version == version);
        Ok(same)
    })?;
    Ok(same && expected.next().is_none())
}

/// Whether `subject` has exactly the entries `seen`. Reads no further than to the first difference.
fn subject_holds(
    connection: &Connection,
    subject: &str,
    seen: &[(Namespace, String, Version)],
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let mut expected = seen.iter();
    let mut same = true;
    scan_versions_of(connection, subject, now, |row| {
        let (namespace, key) = (text(row, 0)?, text(row, 1)?);
        let version = row.get::<_, i64>(2)?.unsigned_abs();
        same = expected
            .next()
            .is_some_and(|(seen, seen_key, seen_version)| {
                seen.as_str() == namespace && seen_key == key && *seen_version == version
            });
        Ok(same)
    })?;
    Ok(same && expected.next().is_none())
}

/// Makes the writes of `batch` as `version`, in their order, and notes its attempt.
pub(super) fn write(
    connection: &Connection,
    batch: &Batch,
    version: Version,
) -> rusqlite::Result<()> {
    for write in &batch.writes {
        match write {
            Write::Put {
                namespace,
                key,
                record,
            } => connection
                .prepare_cached(
                    "INSERT INTO entries (namespace, key, version, schema, expires_at, subject, sealed, value)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                     ON CONFLICT (namespace, key) DO UPDATE SET
                         version = excluded.version, schema = excluded.schema, expires_at = excluded.expires_at,
                         subject = excluded.subject, sealed = excluded.sealed, value = excluded.value",
                )?
                .execute(params![
                    namespace.as_str(),
                    key,
                    to_db(version),
                    record.schema,
                    record.expires_at.map(to_db),
                    record.subject,
                    record.sealed,
                    record.value,
                ])?,
            Write::Delete { namespace, key } => connection
                .prepare_cached("DELETE FROM entries WHERE namespace = ?1 AND key = ?2")?
                .execute(params![namespace.as_str(), key])?,
        };
    }
    connection
        .prepare_cached("INSERT INTO attempts (version, id, at) VALUES (?1, ?2, ?3)")?
        .execute(params![to_db(version), batch.attempt.0, to_db(batch.now)])?;
    Ok(())
}

/// Notes that versions up to `version` are used.
pub(super) fn set_last_version(connection: &Connection, version: Version) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE meta SET last_version = ?1 WHERE id = 1")?
        .execute([to_db(version)])?;
    Ok(())
}

/// Removes at most `limit` entries that are not live at `now`, and old attempts. Returns how many entries and rows went.
pub(super) fn sweep(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> rusqlite::Result<(usize, usize)> {
    let entries = connection
        .prepare_cached(
            "DELETE FROM entries WHERE id IN (
                 SELECT id FROM entries INDEXED BY entries_by_expiry
                 WHERE expires_at IS NOT NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute(params![
            to_db(now),
            i64::try_from(limit).unwrap_or(i64::MAX)
        ])?;
    let horizon = to_db(now.saturating_sub(ATTEMPT_LIFETIME_MS));
    let attempts = connection
        .prepare_cached(
            "DELETE FROM attempts WHERE version IN (
                 SELECT version FROM attempts INDEXED BY attempts_by_time
                 WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute(params![horizon, ATTEMPTS_A_SWEEP])?;
    Ok((entries, entries + attempts))
}

/// The version `attempt` was committed as. Walks through the last hour's attempts, newest first.
pub(super) fn find_attempt(
    connection: &Connection,
    attempt: AttemptId,
) -> rusqlite::Result<Option<Version>> {
    use rusqlite::OptionalExtension as _;
    connection
        .prepare_cached("SELECT version FROM attempts WHERE id = ?1 ORDER BY version DESC LIMIT 1")?
        .query_row([attempt.0], |row| row.get::<_, i64>(0))
        .optional()
        .map(|version| version.map(i64::unsigned_abs))
}
