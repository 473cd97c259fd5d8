//! The accounts channel with all others behind it, on SQLite: a person's whole life, what strangers can tell, and many at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod doors;
mod life;
mod many;
mod overload;
mod strangers;
mod world;
