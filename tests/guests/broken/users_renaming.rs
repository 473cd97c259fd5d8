//! Channel `users`, by a build with another schema under the same number: it reads what was there before and writes first names
//! where no other build looks for them.
#![cfg(target_arch = "wasm32")]

mod users;

use serde_json::{Map, Value};
use users::{access, component, fields, profiles, wasi};
pub use users::{error, ports, profile, service};

/// Where others have the first name.
const THEIRS: &str = "first_name";

/// Where this build has it.
const OURS: &str = "given_name";

fn read(value: Vec<u8>) -> Vec<u8> {
    renamed(value, OURS, THEIRS)
}

fn written(value: Vec<u8>) -> Vec<u8> {
    renamed(value, THEIRS, OURS)
}

fn renamed(value: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    match serde_json::from_slice::<Map<String, Value>>(&value) {
        Ok(mut record) => {
            if let Some(name) = record.remove(from) {
                record.insert(to.to_owned(), name);
            }
            Value::Object(record).to_string().into_bytes()
        }
        Err(_) => value,
    }
}

fn known(message: ports::Message) -> ports::Message {
    message
}
