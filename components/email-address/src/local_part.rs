//! What comes before the `@`.

use crate::{InvalidAddress, nfc};

/// The longest local part, in bytes (RFC 5321 §4.5.3.1.1).
const MAX_BYTES: usize = 64;

/// The canonical form of `local`: in lower case.
///
/// The receiver may tell case apart (RFC 5321 §2.4). Nobody does, and who signs up as `Ada@` wants to sign in as `ada@`.
pub(crate) fn canonical(local: &str) -> Result<String, InvalidAddress> {
    check(local)?;
    // Lower-casing may leave a letter and a mark that compose.
    let canonical = nfc(&local.to_lowercase());
    // And it may be longer.
    check(&canonical)?;
    Ok(canonical)
}

/// Refuses what is no dot-string (RFC 5321 §4.1.2, RFC 6531 §3.3).
fn check(local: &str) -> Result<(), InvalidAddress> {
    let is_dot_string = local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext));
    if is_dot_string && local.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(InvalidAddress::LocalPart)
}

/// `atext` (RFC 5322 §3.2.3), and what RFC 6531 adds to it, but for white space.
fn is_atext(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character);
    }
    !character.is_whitespace()
}
