//! Every capability, used by a guest that has it, on every backend. Each one's refusal stands in `grants`.

mod effects;
mod keys;
mod log;
mod storage;
mod surroundings;

use vestibule_tests::harness::{self, HarnessBuilder};
use vestibule_tests::store::Backend;

/// A host with one guest that has these grants.
pub(crate) fn probe(
    backend: Backend,
    build: &[u8],
    channel: &str,
    grants: &[&str],
) -> HarnessBuilder {
    harness::on(backend).component(build).grant(channel, grants)
}
