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
pub mod planes;
mod private_file;
mod router;
pub mod sandbox;
pub mod service_keys;
mod services;
pub mod store;
pub mod telemetry;
mod transaction;
#[cfg(feature = "http")]
pub mod transport;

pub use host::{Host, HostBuilder, StartError};
