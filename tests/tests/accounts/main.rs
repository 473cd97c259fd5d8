//! The accounts channel with all others behind it, on SQLite: a person's whole life, what strangers can tell, many at once, and
//! what nobody should send.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod doors;
mod life;
mod many;
mod settings;
mod strangers;
mod world;
