//! The ports, over the component's imports.

use crate::component::bindings::vestibule::capability::{audit, caller, config, limits, log, mail};
use crate::ports::{Caller, Config, Effects, Limits, Mail, Mails, Message, Outcome, Ports};

/// The world around the component.
pub(crate) struct Imports;

impl Ports for Imports {}

impl Mails for Imports {
    fn send(&self, mail: Mail) {
        mail::send(&mail::Message {
            to: mail.to,
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
            expires_at: mail.expires_at,
            supersedes: Some(mail.supersedes.to_owned()),
            about: mail.about,
        });
    }

    fn withdraw(&self, to: &str, name: &str) {
        mail::withdraw(to, name);
    }
}

impl Limits for Imports {
    fn take(&self, bucket: &str, key: &str) -> Option<u64> {
        limits::take(bucket, key)
    }
}

impl Config for Imports {
    fn get(&self, name: &str) -> Option<String> {
        config::get(name)
    }
}

impl Effects for Imports {
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
        }
    }

    fn now(&self) -> u64 {
        message_environment::now()
    }
}
