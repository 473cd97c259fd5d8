//! Channel `users`, by a build that never comes to an end with what it has stored.
#![cfg(target_arch = "wasm32")]

mod users;

use users::{access, component, fields, profiles, wasi};
pub use users::{error, ports, profile, service};

fn read(_value: Vec<u8>) -> Vec<u8> {
    loop {
        std::hint::spin_loop();
    }
}

fn written(value: Vec<u8>) -> Vec<u8> {
    value
}

fn known(message: ports::Message) -> ports::Message {
    message
}
