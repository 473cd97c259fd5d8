//! The bundled component of channel `users`, between whose service and imports something is done to what passes.

#[path = "../../../components/users/src/access.rs"]
pub(crate) mod access;
#[path = "../../../components/users/src/component.rs"]
pub(crate) mod component;
#[path = "../../../components/users/src/error.rs"]
pub mod error;
#[path = "../../../components/users/src/fields.rs"]
pub(crate) mod fields;
#[path = "../../../components/users/src/wasi.rs"]
mod genuine;
#[path = "../../../components/users/src/ports.rs"]
pub mod ports;
#[path = "../../../components/users/src/profile.rs"]
pub mod profile;
#[path = "../../../components/users/src/profiles.rs"]
pub(crate) mod profiles;
#[path = "../../../components/users/src/sections.rs"]
pub(crate) mod sections;
#[path = "../../../components/users/src/service.rs"]
pub mod service;

/// The ports as the component finds them.
pub(crate) mod wasi {
    use super::genuine::Imports as Genuine;
    use super::ports::{Caller, Effects, Environment, Message, Outcome, Ports, Storage};

    /// The imports, and what the build does to them.
    pub(crate) struct Imports;

    impl Ports for Imports {}

    impl Storage for Imports {
        fn get(&self, key: &str) -> Option<Vec<u8>> {
            Genuine.get(key).map(crate::read)
        }

        fn put(&self, key: &str, value: &[u8], subject: &str) {
            Genuine.put(key, &crate::written(value.to_vec()), subject);
        }

        fn delete(&self, key: &str) {
            Genuine.delete(key);
        }
    }

    impl Effects for Imports {
        fn publish(&self, name: &str, payload: &str, about: &str) {
            Genuine.publish(name, payload, about);
        }

        fn record(
            &self,
            action: &str,
            outcome: Outcome,
            subject: Option<&str>,
            detail: &[(&str, &str)],
        ) {
            Genuine.record(action, outcome, subject, detail);
        }

        fn complain(&self, line: &str) {
            Genuine.complain(line);
        }
    }

    impl Caller for Imports {
        fn message(&self) -> Message {
            crate::known(Genuine.message())
        }
    }

    impl Environment for Imports {
        fn now(&self) -> u64 {
            Genuine.now()
        }

        fn random(&self) -> [u8; 10] {
            Genuine.random()
        }
    }
}
