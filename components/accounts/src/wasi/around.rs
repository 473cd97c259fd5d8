//! The capabilities.

use super::Imports;
use crate::component::bindings::vestibule::capability::{audit, caller, limits, log};
use crate::ports::{Around, Message, Outcome, Plane, Principal};

impl Around for Imports {
    fn message(&self) -> Message {
        let message = caller::get();
        let plane = match message.plane {
            caller::Plane::Service => Plane::Service,
            caller::Plane::User => Plane::User,
            caller::Plane::Public => Plane::Public,
        };
        Message {
            plane,
            remote_address: message.remote_address,
            principal: message.principal.map(Principal::from),
        }
    }

    fn take(&self, bucket: &str, key: &str) -> Option<u64> {
        limits::take(bucket, key)
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
            Outcome::Failure => audit::Outcome::Failure,
        };
        let detail: Vec<_> = detail
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        audit::record(action, outcome, subject, &detail);
    }

    fn warn(&self, line: &str) {
        log::write(log::Level::Warn, line);
    }
}

impl From<caller::Principal> for Principal {
    fn from(principal: caller::Principal) -> Self {
        Self {
            subject: principal.subject,
            scopes: principal.scopes,
            session: principal.session,
            methods: principal.methods,
        }
    }
}
