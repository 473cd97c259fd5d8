//! Sandboxes: builds of components, checked and compiled, and a fresh instance of one for every call.

mod code_cache;
mod deploy_error;
pub(crate) mod deployment;
mod deployments;
mod digest;
mod engine;
pub(crate) mod fault;
mod grants;
mod graph;
mod limits;
pub(crate) mod nested;
mod permits;
pub(crate) mod pin;
mod random;
pub(crate) mod state;
mod trace;
pub(crate) mod turns;
pub(crate) mod work;

pub use code_cache::CodeCache;
pub use deploy_error::DeployError;
pub(crate) use deployments::Deployments;
pub use digest::{Digest, DigestError};
pub use engine::{Engine, EngineError, MAX_MEMORY_BYTES};
pub use fault::Fault;
pub use grants::{Grant, GrantError, Grants, Missing};
pub(crate) use graph::Graph;
pub use graph::GraphError;
pub use limits::EffectiveLimits;
pub(crate) use permits::Permits;
