//! The ports, over the component's imports.

use crate::component::bindings::vestibule::capability::{caller, config, storage};
use crate::ports::{Caller, Config, Ports, Storage};

/// The world around the component.
pub(crate) struct Imports;

impl Ports for Imports {}

impl Storage for Imports {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        storage::get(key)
    }

    fn put(&self, key: &str, value: &[u8], subject: &str) {
        let options = storage::PutOptions {
            expires_at: None,
            subject: Some(subject.to_owned()),
        };
        storage::put(key, value, &options);
    }
}

impl Config for Imports {
    fn get(&self, name: &str) -> Option<String> {
        config::get(name)
    }
}

impl Caller for Imports {
    fn subject(&self) -> Option<String> {
        caller::get().principal.map(|principal| principal.subject)
    }
}
