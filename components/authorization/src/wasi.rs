//! The ports, over the component's imports.

mod channels;

use crate::component::bindings::vestibule::capability::{
    audit, caller, config, events, limits, log, macs, passwords, storage, transaction,
};
use crate::ports::{
    Caller, Config, Effects, Environment, Limits, Macs, Message, Outcome, Passwords, Ports,
    Principal, Storage, Verdict,
};
use crate::secret::Secret;

/// The largest page that the host gives.
const PAGE: u32 = 1_000;

/// The world around the component.
pub(crate) struct Imports;

impl Ports for Imports {}

impl Storage for Imports {
    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        storage::get_many(keys)
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        storage::get(key)
    }

    fn scan(&self, prefix: &str, after: Option<&str>) -> Vec<String> {
        storage::scan(prefix, after, PAGE)
            .into_iter()
            .map(|entry| entry.key)
            .collect()
    }

    fn put(&self, key: &str, value: &[u8], expires_at: Option<u64>, subject: Option<&str>) {
        let options = storage::PutOptions {
            expires_at,
            subject: subject.map(str::to_owned),
        };
        storage::put(key, value, &options);
    }

    fn delete(&self, key: &str) {
        storage::delete(key);
    }
}

impl Macs for Imports {
    fn mac(&self, purpose: &str, data: &[u8]) -> Vec<u8> {
        macs::mac(purpose, data).bytes
    }

    fn candidates(&self, purpose: &str, data: &[u8]) -> Vec<Vec<u8>> {
        macs::candidates(purpose, data)
            .into_iter()
            .map(|tag| tag.bytes)
            .collect()
    }
}

impl Passwords for Imports {
    fn hash(&self, password: &str) -> Secret {
        Secret::new(passwords::hash(password))
    }

    fn verify(&self, password: &str, hash: &Secret) -> Verdict {
        match passwords::verify(password, hash.reveal()) {
            passwords::Verdict::Mismatch => Verdict::Mismatch,
            passwords::Verdict::Match => Verdict::Match,
            passwords::Verdict::MatchNeedsRehash => Verdict::MatchNeedsRehash,
        }
    }

    fn decoy(&self, password: &str) {
        passwords::decoy(password);
    }

    fn accepts(&self, hash: &str) -> bool {
        passwords::accepts(hash)
    }
}

impl Effects for Imports {
    fn keep(&self) {
        transaction::keep();
    }

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

impl Limits for Imports {
    fn take(&self, bucket: &str, key: &str) -> Option<u64> {
        limits::take(bucket, key)
    }

    fn reset(&self, bucket: &str, key: &str) {
        limits::reset(bucket, key);
    }
}

impl Caller for Imports {
    fn message(&self) -> Message {
        let message = caller::get();
        Message {
            is_service: matches!(message.plane, caller::Plane::Service),
            is_nested: message.via.is_some(),
            is_operator: message.operator,
            remote_address: message.remote_address,
            principal: message.principal.map(Principal::from),
        }
    }

    fn establish(&self, principal: &Principal) -> bool {
        caller::establish(&principal.clone().into())
    }
}

impl From<caller::Principal> for Principal {
    fn from(principal: caller::Principal) -> Self {
        Self {
            subject: principal.subject,
            roles: principal.roles,
            session: principal.session,
            methods: principal.methods,
            authenticated_at: principal.authenticated_at,
        }
    }
}

impl From<Principal> for caller::Principal {
    fn from(principal: Principal) -> Self {
        Self {
            subject: principal.subject,
            roles: principal.roles,
            // A password is not limited.
            scopes: None,
            session: principal.session,
            methods: principal.methods,
            authenticated_at: principal.authenticated_at,
        }
    }
}

impl Config for Imports {
    fn get(&self, name: &str) -> Option<String> {
        config::get(name)
    }
}

impl Environment for Imports {
    fn now(&self) -> u64 {
        message_environment::now()
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        message_environment::random()
    }
}
