//! The doors of a sandbox: one file for each imported interface.
//!
//! Every file implements the interface's generated `Host` trait for [`State`]. All of them charge the call to the
//! message first and distrust every length and number that comes from the guest.

mod audit;
mod caller;
mod config;
mod events;
mod limits;
mod log;
mod macs;
mod mail;
mod passwords;
mod signing;
mod storage;
mod transaction;
mod wasi;

use wasmtime::component::{HasSelf, Linker};

use crate::sandbox::state::State;

pub(crate) mod bindings {
    //! Generated from `wit/`.
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "everything",
        imports: {
            "vestibule:capability/storage.get": async | trappable,
            "vestibule:capability/storage.get-many": async | trappable,
            "vestibule:capability/storage.scan": async | trappable,
            "vestibule:capability/transaction.keep": async | trappable,
            "vestibule:capability/signing.find": async | trappable,
            "vestibule:capability/signing.verify": async | trappable,
            "vestibule:capability/passwords.hash": async | trappable,
            "vestibule:capability/passwords.verify": async | trappable,
            "vestibule:capability/passwords.decoy": async | trappable,
            "vestibule:capability/limits.take": async | trappable,
            "vestibule:capability/limits.reset": async | trappable,
            default: trappable,
        },
    });
}

use bindings::vestibule::capability as wit;

/// Adds one interface to a linker.
type Adder = fn(&mut Linker<State>) -> wasmtime::Result<()>;

/// Every interface of `vestibule:capability`, by the name that grants it.
const CAPABILITIES: [(&str, Adder); 12] = [
    ("storage", |linker| {
        wit::storage::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("transaction", |linker| {
        wit::transaction::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("passwords", |linker| {
        wit::passwords::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("signing", |linker| {
        wit::signing::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("macs", |linker| {
        wit::macs::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("mail", |linker| {
        wit::mail::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("events", |linker| {
        wit::events::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("audit", |linker| {
        wit::audit::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("limits", |linker| {
        wit::limits::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("config", |linker| {
        wit::config::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("caller", |linker| {
        wit::caller::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
    ("log", |linker| {
        wit::log::add_to_linker::<_, HasSelf<State>>(linker, |state| state)
    }),
];

/// The names of all capabilities, as grants spell them.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CAPABILITIES.iter().map(|(name, _)| *name)
}

/// Adds the capability `name` to `linker`; false if there is none of that name.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, name: &str) -> wasmtime::Result<bool> {
    match CAPABILITIES.iter().find(|(known, _)| *known == name) {
        Some((_, add)) => add(linker).map(|()| true),
        None => Ok(false),
    }
}

/// Adds what the standard library of a guest imports of WASI: clocks, randomness, and an empty context for the rest.
pub(crate) fn add_wasi_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasi::add_to_linker(linker)
}
