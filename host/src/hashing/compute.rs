//! Hashes, computed: one file knows the crates for it.

use std::hint::black_box;
use std::num::NonZeroU32;

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use super::SALT_BYTES;
use super::function::{Argon2, Digest, Function, Scrypt, SignerKey};
use super::own::{Input, Worker};

/// So much of a password bcrypt reads, in bytes.
const BCRYPT_BYTES: usize = 72;

/// One hash to compute.
pub(super) enum Task {
    /// One of today.
    Own {
        input: Input,
        salt: [u8; SALT_BYTES],
    },
    /// One that was stored and is not of today.
    Other(Other),
}

/// A hash of any function.
pub(super) struct Other {
    pub(super) input: Zeroizing<Vec<u8>>,
    pub(super) function: Function,
    pub(super) salt: Vec<u8>,
    /// The length of the hash, in bytes.
    pub(super) length: usize,
    /// Whether a hash of today is computed afterwards, for nothing but the time that it takes.
    pub(super) is_padded: bool,
}

/// A hash. An empty one is equal to no stored one: the input cannot have been what was hashed.
pub(super) type Hash = Zeroizing<Vec<u8>>;

/// The hash of `task`; none if there is not enough memory.
pub(super) fn compute(task: &Task, worker: &mut Worker) -> Option<Hash> {
    let other = match task {
        Task::Own { input, salt } => return worker.hash(input, salt),
        Task::Other(other) => other,
    };
    let hash = compute_other(other)?;
    if other.is_padded {
        worker.hash(&[0; 32], &[0; SALT_BYTES])?;
    }
    Some(hash)
}

fn compute_other(task: &Other) -> Option<Hash> {
    match &task.function {
        Function::Argon2(function) => {
            compute_argon2(*function, &task.input, &task.salt, task.length)
        }
        Function::Bcrypt { cost } => bcrypt(*cost, task),
        Function::Scrypt(function) => scrypt(*function, task, task.length),
        Function::FirebaseScrypt { scrypt, signer_key } => firebase(*scrypt, signer_key, task),
        Function::Pbkdf2 { digest, iterations } => pbkdf2(*digest, *iterations, task),
    }
}

/// Argon2 of any kind, in memory that is given back.
pub(super) fn compute_argon2(
    function: Argon2,
    input: &[u8],
    salt: &[u8],
    length: usize,
) -> Option<Hash> {
    let params = function.cost.params(length)?;
    let mut hash = Zeroizing::new(vec![0; length]);
    argon2::Argon2::new(function.algorithm, function.version, params)
        .hash_password_into(input, salt, &mut hash)
        .ok()?;
    Some(hash)
}

/// bcrypt as its implementations have always done it: of a longer password the first 72 bytes count, of a shorter one
/// the NUL behind it, too. A NUL inside was the end of the password for some of them and not for others, and for the
/// algorithm "abc" and "abc\0abc" are the same: such a password is nobody's.
fn bcrypt(cost: u32, task: &Other) -> Option<Hash> {
    let salt = <[u8; 16]>::try_from(task.salt.as_slice()).ok()?;
    let mut key = Zeroizing::new([0; BCRYPT_BYTES]);
    let read = task.input.len().min(BCRYPT_BYTES);
    key[..read].copy_from_slice(&task.input[..read]);
    let with_end = (read + 1).min(BCRYPT_BYTES);
    let mut hash = Zeroizing::new(bcrypt::bcrypt(cost, salt, &key[..with_end]).to_vec());
    let is_possible = !task.input.contains(&0);
    // 23 of the 24 bytes are stored.
    hash.truncate(if is_possible { task.length } else { 0 });
    Some(hash)
}

fn scrypt(function: Scrypt, task: &Other, length: usize) -> Option<Hash> {
    let log_n = u8::try_from(function.log_n).ok()?;
    let params = scrypt::Params::new(log_n, function.r, function.p).ok()?;
    // The crate ends the process if it gets no memory: so ask before it does.
    let mut trial = Vec::<u8>::new();
    let kib = usize::try_from(function.memory_kib()).ok()?;
    trial.try_reserve_exact(kib.checked_mul(1024)?).ok()?;
    drop(black_box(trial));
    let mut hash = Zeroizing::new(vec![0; length]);
    scrypt::scrypt(&task.input, &task.salt, &params, &mut hash).ok()?;
    Some(hash)
}

/// The project's key in AES-256 in counter mode from 0, under the key that scrypt makes of the password.
fn firebase(function: Scrypt, signer_key: &SignerKey, task: &Other) -> Option<Hash> {
    let key = scrypt(function, task, 32)?;
    let key = UnboundCipherKey::new(&AES_256, &key).ok()?;
    let mut hash = signer_key.0.clone();
    let counter = EncryptionContext::Iv128(FixedLength::from([0; 16]));
    EncryptingKey::ctr(key)
        .and_then(|key| key.less_safe_encrypt(&mut hash, counter))
        .ok()?;
    Some(hash)
}

fn pbkdf2(digest: Digest, iterations: u32, task: &Other) -> Option<Hash> {
    let algorithm = match digest {
        Digest::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Digest::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
    };
    let iterations = NonZeroU32::new(iterations)?;
    let mut hash = Zeroizing::new(vec![0; task.length]);
    pbkdf2::derive(algorithm, iterations, &task.salt, &task.input, &mut hash);
    Some(hash)
}
