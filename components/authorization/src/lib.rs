//! The authorization channel: who has an account, which password is theirs, whether their address is verified, what they
//! may do; and the tokens that services save.
//!
//! [`service::Service`] is the whole behaviour, generic over its [`ports`] and [`channels`] and free of any WebAssembly:
//! tests run it natively. Compiled for `wasm32-wasip2` the crate is a component of the world
//! `vestibule:worlds/authorization`, whose imports are those ports.

pub mod account;
pub mod channels;
pub mod error;
pub mod ports;
pub mod role;
pub mod secret;
pub mod service;
pub mod settings;

mod accounts;
mod fields;
mod guard;
mod keys;
mod one_time;
mod password;
mod record;
mod saved;
mod sources;
mod tries;

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
