//! The ports, over the component's imports.

use crate::component::bindings::vestibule::capability::{
    audit, caller, config, events, macs, signing, storage, transaction,
};
use crate::ports::{
    Algorithm, Caller, Config, Effects, Environment, Macs, Message, Outcome, Plane, Ports,
    Principal, Signing, SigningKey, Storage,
};

/// The largest page that the host gives.
const PAGE: u32 = 1_000;

/// The world around the component.
pub(crate) struct Imports;

impl Ports for Imports {
    type Signing = Self;
}

impl Storage for Imports {
    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        storage::get_many(keys)
    }

    fn scan(&self, prefix: &str, after: Option<&str>) -> Vec<String> {
        storage::scan(prefix, after, PAGE)
            .into_iter()
            .map(|entry| entry.key)
            .collect()
    }

    fn put(&self, key: &str, value: &[u8], expires_at: u64, subject: &str) {
        let options = storage::PutOptions {
            expires_at: Some(expires_at),
            subject: Some(subject.to_owned()),
        };
        storage::put(key, value, &options);
    }

    fn delete(&self, key: &str) {
        storage::delete(key);
    }
}

impl Signing for Imports {
    fn current() -> SigningKey {
        signing::current().into()
    }

    fn find(key_id: &str) -> Option<SigningKey> {
        signing::find(key_id).map(SigningKey::from)
    }

    fn sign(key_id: &str, message: &[u8]) -> Vec<u8> {
        signing::sign(key_id, message)
    }

    fn verify(key_id: &str, message: &[u8], signature: &[u8]) -> bool {
        signing::verify(key_id, message, signature)
    }
}

impl From<signing::Key> for SigningKey {
    fn from(key: signing::Key) -> Self {
        let algorithm = match key.algorithm {
            signing::Algorithm::Eddsa => Algorithm::EdDsa,
            signing::Algorithm::Es256 => Algorithm::Es256,
        };
        Self {
            id: key.id,
            algorithm,
        }
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

impl Effects for Imports {
    fn keep(&self) {
        transaction::keep();
    }

    fn publish(&self, name: &str, payload: &str, about: Option<&str>) {
        events::publish(name, payload, about);
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
}

impl Caller for Imports {
    fn message(&self) -> Message {
        let message = caller::get();
        let plane = match message.plane {
            caller::Plane::Service => Plane::Service,
            caller::Plane::User => Plane::User,
            caller::Plane::Public => Plane::Public,
        };
        Message {
            plane,
            via: message.via,
            service_key: message.service_key,
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
            scopes: principal.scopes,
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
            scopes: principal.scopes,
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

    fn random(&self) -> [u8; 16] {
        message_environment::random()
    }
}
