//! Vestibule: an authentication backend whose every service is a sandboxed WebAssembly component.

mod audit;
#[cfg(feature = "sqlite")]
pub mod backup;
mod buckets;
mod capability;
pub mod clock;
pub mod config;
pub mod contract;
pub mod data_folder;
pub mod error;
pub mod hashing;
pub mod host;
pub mod keyring;
pub mod message;
pub mod outbox;
mod router;
pub mod sandbox;
pub mod service_keys;
mod services;
mod private_file;
pub mod service_keys;
pub mod store;
pub mod telemetry;
mod transaction;

pub use host::{Host, HostBuilder, StartError};
