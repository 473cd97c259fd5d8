//! The runtime, seen from outside: what a component can do, what it cannot, and what one message is.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod capabilities;
mod code_cache;
mod contention;
mod footprint;
mod grants;
mod hang_up;
mod hostile;
mod idempotency;
mod lines;
mod loading;
mod nest;
mod nested;
mod swap;
mod transaction;
mod trap_reports;
mod trouble;
