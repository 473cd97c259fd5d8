//! The queries that readers and the writer share.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::clock::Timestamp;
use crate::store::{Entry, MAX_TIMESTAMP, Namespace, Range, Record, Version};

/// SQLite's integers are signed. Versions never come near, and moments beyond are kept as the last one.
pub(super) fn to_db(number: u64) -> i64 {
    i64::try_from(number.min(MAX_TIMESTAMP)).unwrap_or(i64::MAX)
}

/// The entry under `key`, if it is live at `now`.
pub(super) fn get(
    connection: &Connection,
    namespace: &Namespace,
    key: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Entry>> {
    let mut statement = connection.prepare_cached(
        "SELECT version, schema, expires_at, subject, sealed, value FROM entries WHERE namespace = ?1 AND key = ?2",
    )?;
    let mut rows = statement.query(params![namespace.as_str(), key])?;
    match rows.next()? {
        Some(row) if is_live(row, now)? => Ok(Some(entry(row, key.to_owned())?)),
        _ => Ok(None),
    }
}

/// The version under `key`, if it is live at `now`.
pub(super) fn version(
    connection: &Connection,
    namespace: &Namespace,
    key: &str,
    now: Timestamp,
) -> rusqlite::Result<Option<Version>> {
    connection
        .prepare_cached(
            "SELECT version FROM entries WHERE namespace = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
        )?
        .query_row(params![namespace.as_str(), key, to_db(now)], |row| {
            row.get::<_, i64>(0)
        })
        .optional()
        .map(|version| version.map(i64::unsigned_abs))
}

/// Gives the rows of `range` that are live at `now` to `each` until it has had enough (answers false). `walk` says what a
/// row holds, and in which order of keys they come.
pub(super) fn scan(
    connection: &Connection,
    walk: Walk<'_>,
    range: &Range,
    now: Timestamp,
    mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    use std::ops::Bound;
    let (start, exclusive) = match range.start() {
        Bound::Excluded(key) => (key, true),
        Bound::Included(key) => (key, false),
        Bound::Unbounded => ("", false),
    };
    let end = range.end();
    let end = match (end.as_deref(), walk.before()) {
        (Some(end), Some(before)) => Some(end.min(before)),
        (end, before) => end.or(before),
    };
    let mut statement = connection.prepare_cached(walk.sql(exclusive, end.is_some()))?;
    let mut rows = statement.query(params![
        range.namespace.as_str(),
        start,
        to_db(now),
        end.unwrap_or_default()
    ])?;
    while let Some(row) = rows.next()? {
        if !each(row)? {
            break;
        }
    }
    Ok(())
}

/// What [`scan`] reads of each row, and from where.
#[derive(Clone, Copy)]
pub(super) enum Walk<'a> {
    /// `key, version`, ascending.
    Versions,
    /// What [`entry`] takes, and then `key`; ascending.
    Entries,
    /// The same, descending from the last key before this one.
    EntriesBack(Option<&'a str>),
}

impl Walk<'_> {
    fn before(&self) -> Option<&str> {
        match self {
            Self::Versions | Self::Entries => None,
            Self::EntriesBack(before) => *before,
        }
    }

    /// Without an upper bound `?4` still stands in the text, so that the parameters are always the same four.
    fn sql(self, exclusive: bool, bounded: bool) -> &'static str {
        macro_rules! sql {
            ($columns:literal, $order:literal, $start:literal, $end:literal) => {
                concat!(
                    "SELECT ",
                    $columns,
                    " FROM entries INDEXED BY entries_by_key WHERE namespace = ?1 AND key ",
                    $start,
                    " ?2 AND (expires_at IS NULL OR expires_at > ?3) AND ",
                    $end,
                    " ORDER BY key",
                    $order
                )
            };
        }
        macro_rules! bounds {
            ($columns:literal, $order:literal) => {
                match (exclusive, bounded) {
                    (true, true) => sql!($columns, $order, ">", "key < ?4"),
                    (true, false) => sql!($columns, $order, ">", "?4 = ''"),
                    (false, true) => sql!($columns, $order, ">=", "key < ?4"),
                    (false, false) => sql!($columns, $order, ">=", "?4 = ''"),
                }
            };
        }
        match self {
            Self::Versions => bounds!("key, version", ""),
            Self::Entries => {
                bounds!(
                    "version, schema, expires_at, subject, sealed, value, key",
                    ""
                )
            }
            Self::EntriesBack(_) => {
                bounds!(
                    "version, schema, expires_at, subject, sealed, value, key",
                    " DESC"
                )
            }
        }
    }
}

/// Gives the rows `namespace, key, version` of `subject` that are live at `now`, ascending, to `each` until it has had enough.
pub(super) fn scan_versions_of(
    connection: &Connection,
    subject: &str,
    now: Timestamp,
    mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT namespace, key, version FROM entries INDEXED BY entries_by_subject
         WHERE subject = ?1 AND (expires_at IS NULL OR expires_at > ?2) ORDER BY namespace, key",
    )?;
    let mut rows = statement.query(params![subject, to_db(now)])?;
    while let Some(row) = rows.next()? {
        if !each(row)? {
            break;
        }
    }
    Ok(())
}

/// The entry in a row of `version, schema, expires_at, subject, sealed, value`.
pub(super) fn entry(row: &Row<'_>, key: String) -> rusqlite::Result<Entry> {
    Ok(Entry {
        key,
        version: row.get::<_, i64>(0)?.unsigned_abs(),
        record: Record {
            schema: row.get(1)?,
            expires_at: row.get::<_, Option<i64>>(2)?.map(i64::unsigned_abs),
            subject: row.get(3)?,
            sealed: row.get(4)?,
            value: row.get(5)?,
        },
    })
}

/// The text in column `index`, without copying it.
pub(super) fn text<'a>(row: &'a Row<'_>, index: usize) -> rusqlite::Result<&'a str> {
    match row.get_ref(index)? {
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).map_err(|error| rusqlite::Error::Utf8Error(index, error))
        }
        other => Err(rusqlite::Error::InvalidColumnType(
            index,
            String::new(),
            other.data_type(),
        )),
    }
}

/// As [`entry`], judged before the value is read.
fn is_live(row: &Row<'_>, now: Timestamp) -> rusqlite::Result<bool> {
    let expires_at: Option<i64> = row.get(2)?;
    Ok(expires_at.is_none_or(|at| at > to_db(now)))
}
