//! Vestibule: an authentication backend whose every service is a sandboxed WebAssembly component.

#[cfg(feature = "sqlite")]
pub mod backup;
pub mod clock;
pub mod config;
pub mod data_folder;
pub mod error;
pub mod keyring;
pub mod message;
mod private_file;
pub mod service_keys;
pub mod store;
