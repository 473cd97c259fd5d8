//! PHC strings of argon2 and scrypt, read and written by RustCrypto's parser: its base64 is strict, its salts have at most 48 bytes, its
//! hashes at most 64.

use argon2::password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Version};

use super::Stored;
use crate::hashing::cost::Cost;
use crate::hashing::function::{Argon2, Function, Scrypt};

/// `$argon2id$v=19$m=65536,t=2,p=1$salt$hash`, or `argon2i` or `argon2d`. Without `v` it is of the version before it had one, 16.
pub(super) fn argon2(text: &str) -> Option<Stored> {
    let parsed = PasswordHash::new(text).ok()?;
    let algorithm = Algorithm::new(parsed.algorithm.as_str()).ok()?;
    let version = match parsed.version {
        Some(version) => Version::try_from(version).ok()?,
        None => Version::V0x10,
    };
    let params = &parsed.params;
    let pepper = params.get_str("keyid");
    let is_ours = algorithm == Algorithm::Argon2id && version == Version::V0x13;
    if pepper.is_some() && !is_ours {
        return None;
    }
    need_count(params, 3 + usize::from(pepper.is_some()))?;
    let cost = Cost {
        memory_kib: params.get_decimal("m")?,
        iterations: params.get_decimal("t")?,
        parallelism: params.get_decimal("p")?,
    };
    let function = Function::Argon2(Argon2 {
        algorithm,
        version,
        cost,
    });
    let pepper = pepper.map(str::to_owned);
    read(&parsed, function).map(|stored| Stored { pepper, ..stored })
}

/// `$scrypt$ln=17,r=8,p=1$salt$hash`.
pub(super) fn scrypt(text: &str) -> Option<Stored> {
    let parsed = PasswordHash::new(text).ok()?;
    if parsed.version.is_some() {
        return None;
    }
    let params = &parsed.params;
    need_count(params, 3)?;
    let scrypt = Scrypt {
        log_n: params.get_decimal("ln")?,
        r: params.get_decimal("r")?,
        p: params.get_decimal("p")?,
    };
    read(&parsed, Function::Scrypt(scrypt))
}

/// The PHC string of an argon2 hash of today's version.
pub(super) fn write(stored: &Stored) -> Option<String> {
    let Function::Argon2(argon2) = &stored.function else {
        return None;
    };
    let mut params = ParamsString::new();
    params.add_decimal("m", argon2.cost.memory_kib).ok()?;
    params.add_decimal("t", argon2.cost.iterations).ok()?;
    params.add_decimal("p", argon2.cost.parallelism).ok()?;
    if let Some(pepper) = &stored.pepper {
        params.add_str("keyid", pepper.as_str()).ok()?;
    }
    let written = PasswordHash {
        algorithm: Ident::new(argon2.algorithm.as_str()).ok()?,
        version: Some(argon2.version.into()),
        params,
        salt: Some(Salt::new(&stored.salt).ok()?),
        hash: Some(Output::new(&stored.hash).ok()?),
    };
    Some(written.to_string())
}

/// There are exactly so many parameters: one that is unknown or there twice could mean anything.
fn need_count(params: &ParamsString, count: usize) -> Option<()> {
    (params.iter().count() == count).then_some(())
}

fn read(parsed: &PasswordHash, function: Function) -> Option<Stored> {
    let salt = parsed.salt.as_ref()?.as_ref().to_vec();
    let hash = parsed.hash.as_ref()?.as_bytes().to_vec();
    Some(Stored::foreign(function, salt, hash))
}
