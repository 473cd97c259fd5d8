//! `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=…$salt$hash`: the form in which Supabase imports what Firebase exports.
//!
//! `n` is the memory cost, `r` the rounds, `ss` the salt separator and `sk` the signer key of the project, as Firebase's console shows
//! them. Salt and hash are each person's. All are base64 with padding.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Stored, decimal};
use crate::hashing::function::{Function, Scrypt, SignerKey};

/// The names of the parameters, in their order.
const NAMES: [&str; 6] = ["v", "n", "r", "p", "ss", "sk"];

pub(super) fn parse(params: &str, salt: &str, hash: &str) -> Option<Stored> {
    let [version, log_n, r, p, separator, signer_key] = values(params)?;
    if version != "1" {
        return None;
    }
    let scrypt = Scrypt {
        log_n: decimal(log_n)?,
        r: decimal(r)?,
        p: decimal(p)?,
    };
    // The separator is only ever appended to the salt.
    let salt = [
        STANDARD.decode(salt).ok()?,
        STANDARD.decode(separator).ok()?,
    ]
    .concat();
    let hash = STANDARD.decode(hash).ok()?;
    let signer_key = Zeroizing::new(STANDARD.decode(signer_key).ok()?);
    // The hash is the key, encrypted.
    (hash.len() == signer_key.len()).then(|| {
        let signer_key = SignerKey(signer_key);
        Stored::foreign(Function::FirebaseScrypt { scrypt, signer_key }, salt, hash)
    })
}

/// The values of all parameters, if it is exactly these.
fn values(params: &str) -> Option<[&str; 6]> {
    let mut values = [""; NAMES.len()];
    let mut params = params.split(',');
    for (name, value) in NAMES.iter().zip(&mut values) {
        *value = params.next()?.strip_prefix(name)?.strip_prefix('=')?;
    }
    params.next().is_none().then_some(values)
}
