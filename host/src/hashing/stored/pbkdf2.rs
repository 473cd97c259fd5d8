//! PBKDF2 in three forms: PHC, `$pbkdf2-sha256$i=600000,l=32$salt$hash`; that of Python's passlib, `$pbkdf2-sha256$600000$salt$hash`, where
//! a dot stands for base64's plus; and Django's, `pbkdf2_sha256$600000$salt$hash`, where the salt is text and base64 is padded.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{Stored, decimal};
use crate::hashing::function::{Digest, Function};

pub(super) fn parse(digest: Digest, params: &str, salt: &str, hash: &str) -> Option<Stored> {
    match params.strip_prefix("i=") {
        Some(params) => phc(digest, params, salt, hash),
        None => passlib(digest, params, salt, hash),
    }
}

/// The length, if it is there, is that of the hash.
fn phc(digest: Digest, params: &str, salt: &str, hash: &str) -> Option<Stored> {
    let hash = STANDARD_NO_PAD.decode(hash).ok()?;
    let (iterations, length) = match params.split_once(",l=") {
        Some((iterations, length)) => (iterations, usize::try_from(decimal(length)?).ok()?),
        None => (params, hash.len()),
    };
    let function = Function::Pbkdf2 {
        digest,
        iterations: decimal(iterations)?,
    };
    let salt = STANDARD_NO_PAD.decode(salt).ok()?;
    (hash.len() == length).then(|| Stored::foreign(function, salt, hash))
}

fn passlib(digest: Digest, iterations: &str, salt: &str, hash: &str) -> Option<Stored> {
    let decode = |text: &str| {
        let is_theirs = !text.contains('+');
        let bytes = STANDARD_NO_PAD.decode(text.replace('.', "+"));
        bytes.ok().filter(|_| is_theirs)
    };
    let function = Function::Pbkdf2 {
        digest,
        iterations: decimal(iterations)?,
    };
    Some(Stored::foreign(function, decode(salt)?, decode(hash)?))
}

pub(super) fn django(iterations: &str, salt: &str, hash: &str) -> Option<Stored> {
    let function = Function::Pbkdf2 {
        digest: Digest::Sha256,
        iterations: decimal(iterations)?,
    };
    let hash = STANDARD.decode(hash).ok()?;
    Some(Stored::foreign(function, salt.as_bytes().to_vec(), hash))
}
