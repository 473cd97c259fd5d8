//! The token channel: access tokens (JSON Web Tokens, RFC 9068) and opaque refresh tokens that rotate (RFC 9700 §4.14.2).
//!
//! [`service::Service`] is the whole behaviour, generic over its [`ports`] and free of any WebAssembly: tests and
//! benchmarks run it natively. Compiled for `wasm32-wasip2` the crate is a component of the world
//! `vestibule:worlds/token`, whose imports are those ports.

pub mod access_token;
pub mod error;
pub mod family;
pub mod fuzz;
pub mod ports;
pub mod proof;
pub mod refresh_token;
pub mod service;
pub mod settings;

mod id;
mod provider;
mod sessions;
mod subject;

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
