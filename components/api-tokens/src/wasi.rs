//! The ports, over the component's imports.

use crate::component::bindings::vestibule::authorization::commands as authorization;
use crate::component::bindings::vestibule::capability::{
    audit, caller, config, limits, log, macs, storage,
};
use crate::ports::{
    Account, Accounts, Caller, Config, Effects, Environment, Macs, Message, Outcome, Ports,
    Principal, Storage, Unanswered,
};

/// The world around the component.
pub(crate) struct Imports;

impl Ports for Imports {}

impl Storage for Imports {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        storage::get(key)
    }

    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        storage::get_many(keys)
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Vec<(String, Vec<u8>)> {
        storage::scan(prefix, after, limit)
            .into_iter()
            .map(|entry| (entry.key, entry.value))
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

impl Accounts for Imports {
    fn account(&self, id: &str) -> Result<Option<Account>, Unanswered> {
        use authorization::Error;
        let request = authorization::GetAccountRequest { id: id.to_owned() };
        let found = authorization::get_account(&request).map_err(|error| match error {
            Error::TooManyRequests(milliseconds) => Unanswered::TooManyRequests(milliseconds),
            Error::Unknown => Unanswered::Refused("unknown"),
            Error::NotFound => Unanswered::Refused("not-found"),
            Error::Conflict => Unanswered::Refused("conflict"),
            Error::ValidationFailed(_) => Unanswered::Refused("validation-failed"),
            Error::DuplicateEmail => Unanswered::Refused("duplicate-email"),
            Error::AccessDenied => Unanswered::Refused("access-denied"),
        })?;
        Ok(found.account.map(|account| Account {
            roles: account.roles.into_iter().map(role).collect(),
            is_verified: account.is_email_verified,
            is_disabled: account.disabled,
            credentials_since: account.credentials_since,
        }))
    }
}

fn role(role: authorization::Role) -> String {
    match role {
        authorization::Role::User => "user",
        authorization::Role::Admin => "admin",
        authorization::Role::OrganizationAdmin => "organization-admin",
    }
    .to_owned()
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

    fn take(&self, bucket: &str, key: &str) -> Option<u64> {
        limits::take(bucket, key)
    }
}

impl Caller for Imports {
    fn message(&self) -> Message {
        let message = caller::get();
        Message {
            is_service: message.plane == caller::Plane::Service,
            principal: message.principal.map(|principal| Principal {
                subject: principal.subject,
                roles: principal.roles,
                scopes: principal.scopes,
                methods: principal.methods,
                authenticated_at: principal.authenticated_at,
            }),
        }
    }

    fn establish(&self, principal: &Principal) -> bool {
        let principal = principal.clone();
        caller::establish(&caller::Principal {
            subject: principal.subject,
            roles: principal.roles,
            scopes: principal.scopes,
            session: None,
            methods: principal.methods,
            authenticated_at: principal.authenticated_at,
        })
    }
}

impl Config for Imports {
    fn setting(&self, name: &str) -> Option<String> {
        config::get(name)
    }
}

impl Environment for Imports {
    fn now(&self) -> u64 {
        message_environment::now()
    }

    fn random(&self) -> [u8; 64] {
        message_environment::random()
    }
}
