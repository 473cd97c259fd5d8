//! The token channel on SQLite, with many messages at once.

mod at_rest;
mod pair;
mod restart;
mod revoking;
mod rotating;
mod signing_keys;
