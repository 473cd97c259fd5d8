//! The runtime, seen from outside: what a component can do, what it cannot, and what one message is.

mod capabilities;
mod code_cache;
mod contention;
mod grants;
mod hostile;
mod idempotency;
mod loading;
mod nest;
mod nested;
mod swap;
mod transaction;
mod trouble;
