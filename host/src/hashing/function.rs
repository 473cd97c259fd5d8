//! The functions that stored hashes were made with.

use std::fmt;

use argon2::{Algorithm, Version};
use zeroize::Zeroizing;

use super::cost::Cost;

/// A function with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Function {
    /// Argon2: the only one that new hashes are made with.
    Argon2(Argon2),
    /// bcrypt (Provos and Mazières 1999) with 2^`cost` rounds.
    Bcrypt {
        /// Logarithm to the base of 2.
        cost: u32,
    },
    /// scrypt (RFC 7914).
    Scrypt(Scrypt),
    /// What Firebase made of scrypt: it encrypts the project's key, and the ciphertext is the hash.
    FirebaseScrypt {
        /// The key to encrypt by.
        scrypt: Scrypt,
        /// What is encrypted.
        signer_key: SignerKey,
    },
    /// PBKDF2 (RFC 8018 §5.2) with HMAC.
    Pbkdf2 {
        /// The hash function of the HMAC.
        digest: Digest,
        /// Iterations, for each block of output.
        iterations: u32,
    },
}

/// Argon2 of one of its three kinds, as RFC 9106 has it (version 0x13) or as it was before (0x10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Argon2 {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) cost: Cost,
}

/// The parameters of scrypt (RFC 7914 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scrypt {
    /// CPU and memory cost N, as logarithm to the base of 2.
    pub(super) log_n: u32,
    /// Block size.
    pub(super) r: u32,
    /// Parallelization. They are computed one after another.
    pub(super) p: u32,
}

/// What PBKDF2 hashes with (FIPS 180-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha512,
}

/// The key of a Firebase project, which is in every exported hash.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SignerKey(pub(super) Zeroizing<Vec<u8>>);

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignerKey(..)")
    }
}

impl Function {
    /// The function of new hashes.
    pub(super) fn of_today(cost: Cost) -> Self {
        Self::Argon2(Argon2 {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            cost,
        })
    }

    /// Whether it takes as long as a new hash of `cost`, as far as that can be told: only another argon2 compares.
    pub(super) fn takes_as_long_as(&self, cost: Cost) -> bool {
        matches!(self, Self::Argon2(argon2) if argon2.cost.work() >= cost.work())
    }

    /// The memory that it wants, in KiB; 0 if it is not worth counting.
    pub(super) fn memory_kib(&self) -> u32 {
        match self {
            Self::Argon2(argon2) => argon2.cost.memory_kib,
            Self::Scrypt(scrypt) | Self::FirebaseScrypt { scrypt, .. } => scrypt.memory_kib(),
            Self::Bcrypt { .. } | Self::Pbkdf2 { .. } => 0,
        }
    }
}

impl Scrypt {
    /// 128 · r · N bytes, in KiB.
    pub(super) fn memory_kib(self) -> u32 {
        let n = 1_u64.checked_shl(self.log_n).unwrap_or(u64::MAX);
        let bytes = n.saturating_mul(u64::from(self.r)).saturating_mul(128);
        u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
    }
}

impl Digest {
    /// The length of its output, in bytes.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}
