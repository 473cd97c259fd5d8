//! Where a build comes from: a file, or an OCI registry.
//!
//! Builds are fetched by the command line and handed to a server's administration address. The server itself asks no
//! registry: it needs no way out of its network, holds no account of a registry, and cannot be made to ask addresses inside
//! its network; and a build goes through the same checks whatever way it came. The price is that its bytes travel twice.

mod artifact;
mod challenge;
mod error;
mod pull;
mod push;
mod reference;
mod registry;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use error::RegistryError;
pub use push::{Pushed, push};
pub use reference::{Reference, ReferenceError};

use super::file::{self, SignatureFileError};
use super::signature::Signature;
use crate::config;
use crate::contract::MAX_COMPONENT_BYTES;
use crate::sandbox::Digest;

/// Where a build is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// In a registry: `oci://ghcr.io/example/token:1.2.0`.
    Registry(Reference),
}

/// How much is fetched at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The size of a build in bytes.
    pub max_bytes: usize,
}

/// A build as it was fetched. Nobody has looked yet whether it is one, and whether its signature is good.
#[derive(Debug, Clone)]
pub struct Build {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of them.
    pub digest: Digest,
    /// The signature that lies beside it.
    pub signature: Option<Signature>,
}

/// Why a build cannot be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The file cannot be read.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The signature beside it, or where it was said to be.
    #[error("{}: {cause}", path.display())]
    Signature {
        /// Which file.
        path: PathBuf,
        /// Why.
        cause: SignatureFileError,
    },
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// Fetches a build with its signature: the one in the file `signature`, or else the one that lies beside the build.
/// `deploy` has the accounts at registries.
///
/// # Errors
/// [`FetchError`]. A signature that is there and cannot be read is an error, not as if there were none.
pub async fn fetch(
    source: &Source,
    signature: Option<&Path>,
    deploy: &config::Deploy,
    limits: Limits,
) -> Result<Build, FetchError> {
    let mut build = match source {
        Source::File(path) => from_file(path, signature.is_none(), limits)?,
        Source::Registry(reference) => pull::pull(reference, deploy, limits).await?,
    };
    if let Some(path) = signature {
        let read = file::read_signature(path).map_err(|cause| FetchError::Signature {
            path: path.to_owned(),
            cause,
        })?;
        build.signature = Some(read);
    }
    Ok(build)
}

fn from_file(path: &Path, with_signature: bool, limits: Limits) -> Result<Build, FetchError> {
    let bytes = file::read_up_to(path, limits.max_bytes).map_err(|cause| FetchError::File {
        path: path.to_owned(),
        cause,
    })?;
    let signature = match with_signature {
        false => None,
        true => file::read_signature_of(path).map_err(|cause| FetchError::Signature {
            path: file::signature_of(path),
            cause,
        })?,
    };
    Ok(Build {
        digest: Digest::of(&bytes),
        bytes,
        signature,
    })
}

impl Default for Limits {
    /// What can be a build at all.
    fn default() -> Self {
        Self {
            max_bytes: MAX_COMPONENT_BYTES,
        }
    }
}

impl Source {
    /// The source that `text` names: a registry if it begins with `oci://`, else a file.
    ///
    /// # Errors
    /// [`ReferenceError`] for what begins with `oci://` and goes on wrongly.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        match text.starts_with(reference::SCHEME) {
            true => text.parse().map(Self::Registry),
            false => Ok(Self::File(text.into())),
        }
    }
}
