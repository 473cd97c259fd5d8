//! Vestibule: an authentication backend whose every service is a sandboxed WebAssembly component.

#[cfg(feature = "sqlite")]
pub mod backup;
pub mod clock;
pub mod config;
pub mod data_folder;
pub mod error;
pub mod message;
pub mod store;
