//! Builds of components: where one comes from, whose word is taken for it, and which of those that were deployed serves.
//!
//! Where from: [`source`] files and registries, [`mod@file`] a build in a file. Whose word: [`keys`] of those who sign builds, [`signature`] what they sign
//! and how it is written down, [`trust`] whether an installation takes their word, [`tagged`] digests as they are written.
//!
//! What a host starts with is part of its program or named by its configuration. What is deployed while it serves is kept in the
//! store, so that it serves after a restart too, and on every host of the store. Three kinds of entries say all of it:
//!
//! * the bytes of a build, in chunks;
//! * what is known of a build ([`BuildRecord`]);
//! * which build serves a channel ([`DeploymentRecord`]), one entry a channel, changed by compare.
//!
//! A deploy is decided by the one commit of that last entry. Whatever ends the process before leaves the build that served, and
//! whatever ends it after leaves the new one.

mod audit;
mod bytes;
pub mod check;
pub mod file;
#[cfg(feature = "cli")]
pub mod key_file;
pub mod keys;
mod ledger;
mod options;
pub(crate) mod probe;
mod problem;
mod provenance;
mod record;
mod refused;
pub mod signature;
#[cfg(feature = "cli")]
pub mod source;
pub mod tagged;
#[cfg(test)]
mod tests;
pub mod trust;

pub(crate) use audit::{Act, audited};
pub(crate) use ledger::Seen;
pub use ledger::{Builds, BuildsError};
pub use options::{DeployOptions, Deployed, RollbackOptions};
pub use provenance::{Configured, Provenance};
pub use record::{BuildRecord, Chosen, DeploymentRecord, Highest};
pub use refused::Refused;

use crate::store::Namespace;

/// Where records lie: `channel/<channel>` and `build/<channel>/<digest>`.
fn records() -> Namespace {
    Namespace::reserved("builds")
}

/// Where bytes lie. Apart from the records, so that whoever looks through those reads no megabytes.
fn chunks() -> Namespace {
    Namespace::reserved("build-bytes")
}
