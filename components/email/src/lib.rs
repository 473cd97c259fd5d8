//! The email channel: the words, links and looks of mails to people.
//!
//! [`service::Service`] is the whole behaviour, generic over its [`ports`] and free of any WebAssembly: tests run it
//! natively. Compiled for `wasm32-wasip2` the crate is a component of the world `vestibule:worlds/email`, whose imports
//! are those ports.
//!
//! A mail's words are written once, in `letter.rs`; `templates/` lays them out as text and as HTML. Templates are
//! compiled: one that names something that is not there does not build.

pub mod error;
pub mod ports;
pub mod service;
pub mod token;

mod brand;
mod colour;
mod fields;
mod kind;
mod letter;
mod link;
mod name;

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
