//! SQLite's errors, as the store's.

use std::path::PathBuf;

use rusqlite::{Error, ErrorCode};

use crate::store::StoreError;

/// Why a database could not be opened. The sentences say what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system would not.
    #[error("cannot open the database {}", path.display())]
    Unopenable {
        /// Its file.
        path: PathBuf,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An SQLite database of another program.
    #[error(
        "{} is a database of another program: move it away, or choose another data folder",
        path.display()
    )]
    Foreign {
        /// Its file.
        path: PathBuf,
    },
    /// The format is younger than this program.
    #[error(
        "{} was written by a newer Vestibule (format {found}, this one knows up to {known}): run that version, or \
         restore a backup made by this one into an empty data folder",
        path.display()
    )]
    Newer {
        /// Its file.
        path: PathBuf,
        /// The format it has.
        found: i64,
        /// The newest format this program reads.
        known: i64,
    },
    /// It is no database, or a damaged one.
    #[error(
        "the database {} is damaged: keep the file, and restore a backup into an empty data folder",
        path.display()
    )]
    Corrupt {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl OpenError {
    /// What `error` means for somebody who opens `path`.
    pub(super) fn of(path: &std::path::Path, error: Error) -> Self {
        let path = path.to_owned();
        match store_error(error) {
            StoreError::Corrupt(source) => Self::Corrupt { path, source },
            StoreError::Unavailable(source) | StoreError::Full(source) => {
                Self::Unopenable { path, source }
            }
        }
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Unopenable { .. } => Self::Unavailable(Box::new(error)),
            OpenError::Foreign { .. } | OpenError::Newer { .. } | OpenError::Corrupt { .. } => {
                Self::Corrupt(Box::new(error))
            }
        }
    }
}

/// What `error` means for a caller of the store, if nothing was changed. SQLite's texts name tables and columns, never values.
pub(crate) fn store_error(error: Error) -> StoreError {
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => StoreError::Full(Box::new(error)),
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                StoreError::Corrupt(Box::new(error))
            }
            _ => StoreError::Unavailable(Box::new(error)),
        },
        // A column that does not hold what we write into it.
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..)
        | Error::QueryReturnedNoRows => StoreError::Corrupt(Box::new(error)),
        other => StoreError::Unavailable(Box::new(other)),
    }
}
