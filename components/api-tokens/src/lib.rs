//! The api-tokens channel: long-living tokens for programs.
//!
//! [`service::Service`] is the whole behaviour, generic over its [`ports`] and free of any WebAssembly: tests run it
//! natively. Compiled for `wasm32-wasip2` the crate is a component of the world `vestibule:worlds/api-tokens`, whose
//! imports are those ports.

pub mod error;
pub mod ports;
pub mod service;
pub mod token;
pub mod value;

mod access;
pub mod authorize;
mod fields;
mod scopes;
mod tokens;

#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod sections;
#[cfg(target_arch = "wasm32")]
mod wasi;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
