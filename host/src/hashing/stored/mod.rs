//! Stored hashes as text. Those made here are PHC strings, `$argon2id$v=19$m=19456,t=2,p=1,keyid=…$salt$hash`; those of other systems have
//! the forms that are most common for their function.
//!
//! This is the one place that knows which forms there are: another one is another line of [`parse`].

mod bcrypt;
mod firebase;
mod pbkdf2;
mod phc;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::hashing::function::{Digest, Function};

/// Longer than any text that is accepted.
const MAX_CHARS: usize = 512;

/// A stored hash.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) function: Function,
    /// The name of the pepper, if one went in; only in argon2id of our own. It is the text of `keyid`: key names are made so that they
    /// are base64 of 8 bytes, which is what that parameter wants.
    pub(super) pepper: Option<String>,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl fmt::Debug for Stored {
    /// Leaves salt and hash out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("function", &self.function)
            .field("pepper", &self.pepper)
            .finish_non_exhaustive()
    }
}

impl Stored {
    /// A hash of another system: no pepper of ours went in.
    fn foreign(function: Function, salt: Vec<u8>, hash: Vec<u8>) -> Self {
        Self {
            function,
            pepper: None,
            salt,
            hash,
        }
    }

    /// The text of a hash made here; none for a function that makes none, or for lengths that do not fit.
    pub(super) fn write(&self) -> Option<String> {
        phc::write(self)
    }
}

/// The stored hash that `text` is, if it is one of a known form. What it costs is not looked at.
pub(super) fn parse(text: &str) -> Option<Stored> {
    if text.len() > MAX_CHARS {
        return None;
    }
    let fields: Vec<&str> = text.split('$').collect();
    match fields.as_slice() {
        ["", "argon2d" | "argon2i" | "argon2id", ..] => phc::argon2(text),
        // Not "2x": it marks hashes that a bug made, most passwords with umlauts among them.
        ["", "2a" | "2b" | "2y", cost, salt_and_hash] => bcrypt::parse(cost, salt_and_hash),
        ["", "scrypt", ..] => phc::scrypt(text),
        ["", "fbscrypt", params, salt, hash] => firebase::parse(params, salt, hash),
        ["", "pbkdf2-sha256", params, salt, hash] => {
            pbkdf2::parse(Digest::Sha256, params, salt, hash)
        }
        ["", "pbkdf2-sha512", params, salt, hash] => {
            pbkdf2::parse(Digest::Sha512, params, salt, hash)
        }
        ["pbkdf2_sha256", iterations, salt, hash] => pbkdf2::django(iterations, salt, hash),
        _ => None,
    }
}

/// A number in decimal digits and nothing else.
fn decimal(text: &str) -> Option<u32> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}
