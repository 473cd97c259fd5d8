//! Vestibule: an authentication backend whose every service is a sandboxed WebAssembly component.

pub mod clock;
pub mod config;
pub mod contract;
pub mod error;
pub mod message;
pub mod store;
pub mod telemetry;
