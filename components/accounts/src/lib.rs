//! The accounts channel: what people do with their account, and the one that strangers and users reach.
//!
//! It decides who may ask and how often; everything else is decided by the channels it calls, in the same transaction.
//! [`service::Service`] is the whole behaviour, generic over its [`ports`] and free of any WebAssembly: tests run it
//! natively. Compiled for `wasm32-wasip2` the crate is a component of the world `vestibule:worlds/accounts`, whose imports
//! are those ports.

pub mod error;
pub mod ports;
pub mod service;

mod limits;
mod person;

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
