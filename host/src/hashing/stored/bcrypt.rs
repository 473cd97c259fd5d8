//! `$2b$12$` and 53 characters: cost, salt and hash of bcrypt, in an alphabet of its own.
//!
//! `2a`, `2b` and `2y` are verified alike. They are names of the same function, given anew when implementations were mended: by `2a`
//! OpenBSD took passwords beyond 255 bytes modulo 256, and crypt_blowfish of before 2011 read some letters beyond ASCII wrong. Hashes
//! that those bugs made differ from what everybody else makes, and the people who have them must reset their password.

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;

use super::{Stored, decimal};
use crate::hashing::function::Function;

const BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);

/// 16 bytes.
const SALT_CHARS: usize = 22;

/// 23 bytes.
const HASH_CHARS: usize = 31;

pub(super) fn parse(cost: &str, salt_and_hash: &str) -> Option<Stored> {
    if cost.len() != 2 || salt_and_hash.len() != SALT_CHARS + HASH_CHARS {
        return None;
    }
    let (salt, hash) = salt_and_hash.split_at_checked(SALT_CHARS)?;
    Some(Stored::foreign(
        Function::Bcrypt {
            cost: decimal(cost)?,
        },
        BASE64.decode(salt).ok()?,
        BASE64.decode(hash).ok()?,
    ))
}
