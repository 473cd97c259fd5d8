//! The ports, over the component's imports.

use crate::component::bindings::vestibule::capability::{audit, caller, events, log, storage};
use crate::ports::{Caller, Effects, Environment, Message, Outcome, Ports, Principal, Storage};

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

    fn delete(&self, key: &str) {
        storage::delete(key);
    }
}

impl Effects for Imports {
    fn publish(&self, name: &str, payload: &str, about: &str) {
        events::publish(name, payload, Some(about));
    }

    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    ) {
        let outcome = match outcome {
            Outcome::Success => audit::Outcome::Success,
            Outcome::Denied => audit::Outcome::Denied,
        };
        let detail: Vec<_> = detail
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        audit::record(action, outcome, subject, &detail);
    }

    fn complain(&self, line: &str) {
        log::write(log::Level::Error, line);
    }
}

impl Caller for Imports {
    fn message(&self) -> Message {
        let message = caller::get();
        Message {
            is_service: message.plane == caller::Plane::Service,
            is_nested: message.via.is_some(),
            principal: message.principal.map(|principal| Principal {
                subject: principal.subject,
                roles: principal.roles,
                scopes: principal.scopes,
            }),
        }
    }
}

impl Environment for Imports {
    fn now(&self) -> u64 {
        message_environment::now()
    }

    fn random(&self) -> [u8; 10] {
        message_environment::random()
    }
}
