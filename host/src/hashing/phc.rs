//! Stored hashes as text: PHC strings, `$argon2id$v=19$m=19456,t=2,p=1,keyid=…$salt$hash`.
//!
//! This is the one place that knows which forms of stored hashes there are: another one is another case of [`Stored`].

use argon2::password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt};

use super::cost::Cost;

/// Longer than any PHC string that is accepted.
const MAX_CHARS: usize = 512;

/// Argon2 version 1.3, the only one that RFC 9106 has.
const VERSION: u32 = 19;

/// A stored hash.
#[derive(Debug)]
pub(super) enum Stored {
    /// Argon2id.
    Argon2id(Argon2id),
}

/// An argon2id hash.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Argon2id {
    pub(super) cost: Cost,
    /// The name of the pepper, if one went in. It is the text of `keyid`: key names are made so that they are base64 of 8 bytes,
    /// which is what that parameter wants.
    pub(super) pepper: Option<String>,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl std::fmt::Debug for Argon2id {
    /// Leaves salt and hash out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Argon2id")
            .field("cost", &self.cost)
            .field("pepper", &self.pepper)
            .finish_non_exhaustive()
    }
}

/// The stored hash that `text` is, if it is one.
pub(super) fn parse(text: &str) -> Option<Stored> {
    if text.len() > MAX_CHARS {
        return None;
    }
    let parsed = PasswordHash::new(text).ok()?;
    match parsed.algorithm.as_str() {
        "argon2id" => argon2id(&parsed).map(Stored::Argon2id),
        _ => None,
    }
}

fn argon2id(parsed: &PasswordHash) -> Option<Argon2id> {
    let params = &parsed.params;
    let pepper = params.get_str("keyid");
    // Exactly these: one that is unknown or there twice could mean anything.
    let expected = 3 + usize::from(pepper.is_some());
    if parsed.version != Some(VERSION) || params.iter().count() != expected {
        return None;
    }
    Some(Argon2id {
        cost: Cost {
            memory_kib: params.get_decimal("m")?,
            iterations: params.get_decimal("t")?,
            parallelism: params.get_decimal("p")?,
        },
        pepper: pepper.map(str::to_owned),
        salt: parsed.salt.as_ref()?.as_ref().to_vec(),
        hash: parsed.hash.as_ref()?.as_bytes().to_vec(),
    })
}

impl Argon2id {
    /// The PHC string; none for lengths that do not fit one.
    pub(super) fn write(&self) -> Option<String> {
        let mut params = ParamsString::new();
        params.add_decimal("m", self.cost.memory_kib).ok()?;
        params.add_decimal("t", self.cost.iterations).ok()?;
        params.add_decimal("p", self.cost.parallelism).ok()?;
        if let Some(pepper) = &self.pepper {
            params.add_str("keyid", pepper.as_str()).ok()?;
        }
        let written = PasswordHash {
            algorithm: Ident::new("argon2id").ok()?,
            version: Some(VERSION),
            params,
            salt: Some(Salt::new(&self.salt).ok()?),
            hash: Some(Output::new(&self.hash).ok()?),
        };
        Some(written.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    fn read(text: &str) -> Option<Argon2id> {
        parse(text).map(|Stored::Argon2id(stored)| stored)
    }

    #[test]
    fn what_is_written_is_read() {
        let stored = Argon2id {
            cost: Cost {
                memory_kib: 19456,
                iterations: 2,
                parallelism: 1,
            },
            pepper: Some("AbCdEfGhIj4".into()),
            salt: vec![1; 16],
            hash: vec![2; 32],
        };
        let text = stored.write().unwrap();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid=AbCdEfGhIj4$"));
        assert_eq!(read(&text), Some(stored));
    }

    #[test]
    fn a_known_string_is_read() {
        let stored = read(TEXT).unwrap();
        assert_eq!((stored.cost.memory_kib, stored.cost.iterations), (65536, 2));
        assert_eq!(stored.salt, b"somesalt");
        assert_eq!((stored.hash.len(), stored.pepper), (32, None));
    }

    #[test]
    fn what_is_incomplete_or_unknown_is_refused() {
        for bad in [
            String::new(),
            "$".into(),
            "password".into(),
            TEXT.replace("argon2id", "argon2d"),
            TEXT.replace("argon2id", "bcrypt"),
            TEXT.replace("v=19", "v=16"),
            TEXT.replace("v=19$", ""),
            TEXT.replace("m=65536,", ""),
            TEXT.replace(",t=2", ""),
            TEXT.replace(",p=1", ""),
            TEXT.replace("p=1", "p=1,p=2"),
            TEXT.replace("p=1", "p=1,x=2"),
            TEXT.replace("m=65536", "m=-1"),
            TEXT.replace("m=65536", "m=99999999999999999999"),
            TEXT[..TEXT.len() - 44].into(),
            format!("{TEXT}$more"),
            TEXT.replace("CTFh", "CT!h"),
            format!("{TEXT}{}", "A".repeat(500)),
            TEXT.replace("c29tZXNhbHQ", &"A".repeat(80)),
            TEXT.replace("c29tZXNhbHQ", "é"),
        ] {
            assert!(parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_hash() {
        let debug = format!("{:?}", read(TEXT).unwrap());
        assert!(!debug.contains("hash") && !debug.contains("salt"));
    }
}
