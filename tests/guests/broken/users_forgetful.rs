//! Channel `users`, by a build that writes only the fields it knows: what a later build wrote is lost when it rewrites a record.
#![cfg(target_arch = "wasm32")]

mod users;

use serde_json::{Map, Value};
use users::{access, component, fields, profiles, wasi};
pub use users::{error, ports, profile, service};

/// The fields of its records.
const KNOWN: [&str; 7] = [
    "id",
    "auth_id",
    "email",
    "first_name",
    "last_name",
    "created_at",
    "updated_at",
];

fn read(value: Vec<u8>) -> Vec<u8> {
    value
}

fn written(value: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice::<Map<String, Value>>(&value) {
        Ok(mut record) => {
            record.retain(|name, _| KNOWN.contains(&name.as_str()));
            Value::Object(record).to_string().into_bytes()
        }
        Err(_) => value,
    }
}

fn known(message: ports::Message) -> ports::Message {
    message
}
