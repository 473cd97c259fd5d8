//! A build in a file, with its signature in another one beside it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::signature::{Claim, MAX_SIGNATURE_BYTES, MalformedSignature, Signature};
use super::trust::{self, Untrusted};
use crate::config;
use crate::contract::{Contract, ContractError, MAX_COMPONENT_BYTES};
use crate::sandbox::Digest;

/// Why a file's build is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no build.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// `[deploy]` asks for a signature, or for other bytes.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
}

/// The build at `path` for `channel`, if `deploy` takes it with the signature beside it.
///
/// Its counter is held against nothing: who may write the files and the configuration of a host chooses the build, also
/// an older one. Where no key is trusted and none asked for, a signature means nothing and is left alone.
///
/// # Errors
/// [`Refused`].
pub fn read_trusted(
    deploy: &config::Deploy,
    channel: &str,
    path: &Path,
) -> Result<Vec<u8>, Refused> {
    let bytes = read(path)?;
    let with_signatures = deploy.require_signature || !deploy.trust.is_empty();
    if !with_signatures && !deploy.pinned.contains_key(channel) {
        return Ok(bytes);
    }
    let contract = Contract::read(&bytes)?;
    let mut channels = contract.channels.iter();
    let Some(exported) = channels.find(|found| *found.name == *channel) else {
        // It cannot serve the channel, which is said when it is loaded.
        return Ok(bytes);
    };
    let signature = match with_signatures {
        true => read_signature_of(path).map_err(|error| match error {
            SignatureFileError::Io(cause) => Refused::Io(cause),
            SignatureFileError::Malformed(cause) => Untrusted::from(cause).into(),
        })?,
        false => None,
    };
    let claim = Claim {
        digest: Digest::of(&bytes),
        channel,
        version: &exported.version,
        accepted: None,
    };
    trust::decide(deploy, &claim, signature.as_ref())?;
    Ok(bytes)
}

/// Where the signature of the build at `path` lies: `token.wasm.sig` beside `token.wasm`.
#[must_use]
pub fn signature_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// The bytes of the build at `path`.
///
/// # Errors
/// Whatever the system says, and [`io::ErrorKind::InvalidData`] for a file larger than [`MAX_COMPONENT_BYTES`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_up_to(path, MAX_COMPONENT_BYTES)
}

/// Why there is no signature in a file.
#[derive(Debug, thiserror::Error)]
pub enum SignatureFileError {
    /// What the system says, or [`io::ErrorKind::InvalidData`] for a file that is too large.
    #[error("the signature cannot be read: {0}")]
    Io(#[from] io::Error),
    /// What is wrong with its text.
    #[error(transparent)]
    Malformed(#[from] MalformedSignature),
}

/// The signature beside the build at `path`; none if there is no such file.
///
/// # Errors
/// [`SignatureFileError`].
pub fn read_signature_of(path: &Path) -> Result<Option<Signature>, SignatureFileError> {
    match read_signature(&signature_of(path)) {
        Err(SignatureFileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// The signature in the file at `path`.
///
/// # Errors
/// [`SignatureFileError`].
pub fn read_signature(path: &Path) -> Result<Signature, SignatureFileError> {
    Ok(Signature::parse(&read_up_to(path, MAX_SIGNATURE_BYTES)?)?)
}

pub(super) fn read_up_to(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    match bytes.len() > limit {
        true => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is larger than {limit} bytes"),
        )),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests;
