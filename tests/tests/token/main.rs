//! The token channel on SQLite, with many messages at once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod at_rest;
mod forgetting;
mod pair;
mod restart;
mod revoking;
mod rotating;
mod signing_keys;
mod swapping;
