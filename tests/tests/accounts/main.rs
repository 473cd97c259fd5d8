//! The accounts channel with all others behind it, on SQLite: a person's whole life, what strangers can tell, what each plane
//! reaches, builds that mean harm, and many at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod credentials;
mod doors;
mod imported;
mod killed;
mod life;
mod many;
mod overgranted;
mod overload;
mod planes;
mod replaced;
mod script;
mod statuses;
mod strangers;
mod world;
