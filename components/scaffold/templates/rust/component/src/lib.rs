//! The {{channel}} channel: notes that people keep.
//!
//! [`service::Service`] is the whole behaviour, generic over its [`ports`] and free of any WebAssembly: tests run it
//! natively. Compiled for `wasm32-wasip2` the crate is a component of the world `vestibule:worlds/{{channel}}`, whose
//! imports are those ports.

pub mod error;
pub mod ports;
pub mod service;

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
