//! Signatures that were found good lately.
//!
//! Verifying one costs more than everything else a verification does, and its result never changes. Whether the key
//! is still accepted is asked apart, before. A signature is remembered as a keyed hash of all that goes into the verification,
//! under a key that is made at the start and never leaves this process: nobody can make up one that meets another's.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::hmac;

use super::CryptoError;
use super::primitives::random_secret;

/// So many locks, so that cores seldom wait for each other. A power of two.
const SHARDS: usize = 16;

type Digest = [u8; 32];

/// A part of the table, under a lock of its own.
type Shard = Mutex<Box<[[Option<Digest>; 2]]>>;

/// A bounded table of digests: each has two places where it can be, and a new one drives out the older of what is there.
pub(super) struct SeenSignatures {
    key: hmac::Key,
    /// None of them if nothing is to be remembered.
    shards: Vec<Shard>,
}

impl SeenSignatures {
    /// A table for `capacity` signatures (rounded up); 0 for none.
    pub(super) fn new(capacity: usize) -> Result<Self, CryptoError> {
        let pairs = capacity.div_ceil(SHARDS * 2);
        let shards = if capacity == 0 { 0 } else { SHARDS };
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, random_secret()?.as_slice()),
            shards: (0..shards)
                .map(|_| Mutex::new(vec![[None; 2]; pairs].into_boxed_slice()))
                .collect(),
        })
    }

    /// True if this was found good before; else what `verify` finds, remembered if it is good.
    pub(super) fn remembered(
        &self,
        key_id: &str,
        message: &[u8],
        signature: &[u8],
        verify: impl FnOnce() -> bool,
    ) -> bool {
        if self.shards.is_empty() {
            return verify();
        }
        let digest = self.digest(key_id, message, signature);
        if self.contains(&digest) {
            return true;
        }
        let good = verify();
        if good {
            self.insert(digest);
        }
        good
    }

    fn digest(&self, key_id: &str, message: &[u8], signature: &[u8]) -> Digest {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [key_id.as_bytes(), signature, message] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }

    fn contains(&self, digest: &Digest) -> bool {
        let (shard, place) = self.place(digest);
        let pairs = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        pairs[place % pairs.len()].contains(&Some(*digest))
    }

    fn insert(&self, digest: Digest) {
        let (shard, place) = self.place(&digest);
        let mut pairs = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let place = place % pairs.len();
        let [newer, older] = &mut pairs[place];
        if *newer != Some(digest) {
            *older = newer.replace(digest);
        }
    }

    fn place(&self, digest: &Digest) -> (usize, usize) {
        let place =
            usize::from(digest[0]) | usize::from(digest[1]) << 8 | usize::from(digest[2]) << 16;
        (usize::from(digest[31]) % SHARDS, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_good_and_the_same_is_remembered() {
        let seen = SeenSignatures::new(64).unwrap();
        assert!(!seen.remembered("k", b"m", b"s", || false));
        assert!(!seen.remembered("k", b"m", b"s", || false));
        assert!(seen.remembered("k", b"m", b"s", || true));
        assert!(seen.remembered("k", b"m", b"s", || unreachable!()));
        for (key, message, signature) in [
            ("l", &b"m"[..], &b"s"[..]),
            ("k", b"n", b"s"),
            ("k", b"m", b"t"),
            ("km", b"", b"s"),
            ("k", b"sm", b""),
        ] {
            assert!(!seen.remembered(key, message, signature, || false));
        }
    }

    #[test]
    fn it_does_not_grow() {
        let seen = SeenSignatures::new(100).unwrap();
        let count = |seen: &SeenSignatures| -> usize {
            let full = |shard: &Shard| shard.lock().unwrap().iter().flatten().flatten().count();
            seen.shards.iter().map(full).sum()
        };
        for number in 0..10_000_u32 {
            assert!(seen.remembered("k", &number.to_be_bytes(), b"s", || true));
        }
        assert!((64..=128).contains(&count(&seen)), "{}", count(&seen));
        // The last one is still there.
        assert!(seen.remembered("k", &9_999_u32.to_be_bytes(), b"s", || unreachable!()));
    }

    #[test]
    fn it_can_be_off() {
        let seen = SeenSignatures::new(0).unwrap();
        assert!(seen.remembered("k", b"m", b"s", || true));
        assert!(!seen.remembered("k", b"m", b"s", || false));
    }
}
