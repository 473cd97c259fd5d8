//! Builds that were deployed: their bytes, and which of them serves each channel.
//!
//! What a host starts with is part of its program or named by its configuration. What is deployed while it serves is kept in the
//! store, so that it serves after a restart too, and on every host of the store. Three kinds of entries say all of it:
//!
//! * the bytes of a build, in chunks ([`bytes`]);
//! * what is known of a build ([`BuildRecord`]);
//! * which build serves a channel ([`DeploymentRecord`]), one entry a channel, changed by compare.
//!
//! A deploy is decided by the one commit of that last entry. Whatever ends the process before leaves the build that served, and
//! whatever ends it after leaves the new one.

mod audit;
mod bytes;
pub mod check;
mod ledger;
mod options;
pub(crate) mod probe;
mod problem;
mod provenance;
mod record;
mod refused;
#[cfg(test)]
mod tests;

pub(crate) use audit::{Act, audited};
pub(crate) use ledger::Seen;
pub use ledger::{Builds, BuildsError};
pub use options::{DeployOptions, Deployed, RollbackOptions};
pub use provenance::{Provenance, Unsigned};
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
