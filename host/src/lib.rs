//! Vestibule: an authentication backend whose every service is a sandboxed WebAssembly component.

pub mod clock;
pub mod config;
pub mod error;
pub mod hashing;
pub mod keyring;
pub mod message;
mod private_file;
pub mod service_keys;
pub mod store;
