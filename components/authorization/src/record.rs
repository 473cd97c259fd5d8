//! Stored records: JSON with named fields, of which a build keeps those that it does not know.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::ports::{Effects, Storage};

/// Reads the record under `key`, if there is one.
///
/// # Errors
/// [`Error::Unknown`] if it cannot be read, and the operator is told.
pub(crate) fn read<T: DeserializeOwned>(
    ports: &(impl Storage + Effects),
    key: &str,
) -> Result<Option<T>, Error> {
    ports
        .get(key)
        .map(|bytes| parse(ports, key, &bytes))
        .transpose()
}

/// Reads a record that was got already.
///
/// # Errors
/// As [`read`].
pub(crate) fn parse<T: DeserializeOwned>(
    ports: &impl Effects,
    key: &str,
    bytes: &[u8],
) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        // What serde says may repeat a value; where it stands says enough.
        ports.complain(&format!(
            "the record `{key}` cannot be read (line {}, column {})",
            error.line(),
            error.column()
        ));
        Error::Unknown
    })
}

/// The bytes to store.
pub(crate) fn bytes(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("a record of texts and numbers is always JSON")
}
