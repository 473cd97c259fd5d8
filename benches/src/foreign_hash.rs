//! Hashes of passwords as another system would hand them over: argon2id without our pepper.

use anyhow::{Result, anyhow};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The PHC string of `password` at this cost, one pass and one lane.
pub(crate) fn phc(password: &str, memory_kib: u32) -> Result<String> {
    let salt = [8; 16];
    let mut hash = [0; 32];
    let params =
        Params::new(memory_kib, 1, 1, Some(hash.len())).map_err(|cause| anyhow!("{cause}"))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &salt, &mut hash)
        .map_err(|cause| anyhow!("{cause}"))?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!(
        "$argon2id$v=19$m={memory_kib},t=1,p=1${salt}${hash}"
    ))
}
