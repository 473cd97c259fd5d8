//! What can go wrong with a registry. No variant holds an account, a token, or an address that a registry sent: such an
//! address may itself let whoever has it in.

use super::super::signature::MalformedSignature;

/// Why a registry did not do its part.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is no HTTP client.
    #[error("no HTTP client: {0}")]
    Client(reqwest::Error),
    /// It was not reached, or the connection broke.
    #[error("the registry {registry} cannot be reached: {reason}")]
    Unreachable {
        /// Its host.
        registry: String,
        /// Why.
        reason: String,
    },
    /// It wants an account, or another one.
    #[error(
        "the registry {registry} lets nobody in {}; set host, username and password in [deploy.registries.NAME]",
        if *.with_account { "with the configured account" } else { "without an account" }
    )]
    Unauthorized {
        /// Its host.
        registry: String,
        /// Whether one is configured.
        with_account: bool,
    },
    /// Its way of letting somebody in is not one that is followed.
    #[error("the registry {registry} {what}")]
    Refused {
        /// Its host.
        registry: String,
        /// What it wants.
        what: &'static str,
    },
    /// There is no such artifact.
    #[error("the registry {registry} has no such repository, tag or digest")]
    NotFound {
        /// Its host.
        registry: String,
    },
    /// Any other answer.
    #[error("the registry {registry} answered with status {status}")]
    Status {
        /// Its host.
        registry: String,
        /// The HTTP status.
        status: u16,
    },
    /// It sends more than it may.
    #[error("{what} has more than {limit} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The artifact is no build.
    #[error("the artifact is no build of a component: {0}")]
    Artifact(&'static str),
    /// Other bytes than the reference or the manifest name.
    #[error("{0} is not what its digest says: it was altered, or damaged on the way")]
    Digest(&'static str),
    /// Its signature cannot be read.
    #[error("the artifact's annotation org.vestibule.signature: {0}")]
    Signature(#[from] MalformedSignature),
}
