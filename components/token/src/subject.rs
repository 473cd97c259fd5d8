//! Whose tokens.

use crate::error::{Error, Violation};

/// The longest subject, in bytes.
const MAX_BYTES: usize = 128;

/// Whether `id` can be a subject: 1 to 128 bytes without control characters.
pub(crate) fn is_valid(id: &str) -> bool {
    (1..=MAX_BYTES).contains(&id.len()) && !id.chars().any(char::is_control)
}

/// Refuses an `id` that cannot be a subject.
pub(crate) fn check(id: &str) -> Result<(), Error> {
    if is_valid(id) {
        return Ok(());
    }
    let message = "must be 1 to 128 bytes without control characters";
    Err(Error::ValidationFailed(Violation {
        path: "id",
        message,
    }))
}
