//! Builds that are deployed while the host serves: over the runtime harness, and over HTTP and the program.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod bad_input;
mod checks;
mod life;
mod several;
mod trouble;
mod world;
