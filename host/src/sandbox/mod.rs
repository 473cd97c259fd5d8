//! Sandboxes: builds of components, checked and compiled, and a fresh instance of one for every call.

mod code_cache;
pub(crate) mod deployment;
mod deployments;
mod engine;
pub(crate) mod fault;
mod grants;
pub(crate) mod nested;
mod permits;
pub(crate) mod pin;
mod random;
pub(crate) mod state;
pub(crate) mod work;

pub use code_cache::CodeCache;
pub use deployment::{DeployError, Digest, EffectiveLimits};
pub(crate) use deployments::Deployments;
pub use deployments::GraphError;
pub use engine::{Engine, EngineError, MAX_MEMORY_BYTES};
pub use fault::Fault;
pub use grants::{Grant, GrantError, Grants, Missing};
pub(crate) use permits::Permits;
