//! The channel's own types from and to those of its WIT.

use super::bindings::vestibule::types::types;
use super::wit;
use crate::account::Account;
use crate::error::{Error, Violation};
use crate::role::Role;
use crate::secret::Secret;
use crate::service::{ImportOutcome, ImportedUser, Revocation, RevocationReason, SaveToken};

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Unknown => Self::Unknown,
            Error::NotFound => Self::NotFound,
            Error::Conflict => Self::Conflict,
            Error::ValidationFailed(violations) => Self::ValidationFailed(list(violations)),
            Error::DuplicateEmail => Self::DuplicateEmail,
            Error::AccessDenied => Self::AccessDenied,
            Error::TooManyRequests(retry_after) => Self::TooManyRequests(retry_after),
        }
    }
}

fn list(violations: Vec<Violation>) -> Vec<types::Violation> {
    let violation = |violation: Violation| types::Violation {
        path: violation.path.to_owned(),
        message: violation.message.into_owned(),
    };
    violations.into_iter().map(violation).collect()
}

impl From<Role> for wit::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Admin => Self::Admin,
            Role::OrganizationAdmin => Self::OrganizationAdmin,
        }
    }
}

impl From<wit::Role> for Role {
    fn from(role: wit::Role) -> Self {
        match role {
            wit::Role::User => Self::User,
            wit::Role::Admin => Self::Admin,
            wit::Role::OrganizationAdmin => Self::OrganizationAdmin,
        }
    }
}

impl From<Account> for wit::User {
    fn from(account: Account) -> Self {
        Self {
            is_email_verified: account.is_verified(),
            roles: account.roles.into_iter().map(wit::Role::from).collect(),
            registered_at: account.registered_at,
            id: account.id,
            email: account.email,
        }
    }
}

impl From<Account> for wit::Account {
    fn from(account: Account) -> Self {
        Self {
            is_email_verified: account.is_verified(),
            disabled: account.is_disabled(),
            credentials_since: account.credentials_since,
            // Whoever knows the settings says it.
            verify_by: None,
            roles: account.roles.into_iter().map(wit::Role::from).collect(),
            registered_at: account.registered_at,
            id: account.id,
            email: account.email,
        }
    }
}

impl From<wit::SaveTokenRequest> for SaveToken {
    fn from(request: wit::SaveTokenRequest) -> Self {
        Self {
            access_token: Secret::new(request.access_token),
            access_expires_at: request.access_token_expires_at,
            refresh_token: Secret::new(request.refresh_token),
            refresh_expires_at: request.refresh_token_expires_at,
            owner: request.user.id,
            previous: request.previous_refresh_token.map(Secret::new),
            scopes: request.scopes,
        }
    }
}

impl From<wit::RevokeTokenRequest> for Revocation {
    fn from(request: wit::RevokeTokenRequest) -> Self {
        let reason = match request.reason {
            None | Some(wit::RevocationReason::Rotation) => RevocationReason::Rotation,
            Some(wit::RevocationReason::Logout) => RevocationReason::Logout,
        };
        Self {
            access_token: request.access_token.map(Secret::new),
            refresh_token: Secret::new(request.refresh_token),
            owner: request.user.id,
            reason,
        }
    }
}

impl From<wit::ImportedUser> for ImportedUser {
    fn from(user: wit::ImportedUser) -> Self {
        let roles = |roles: Vec<wit::Role>| roles.into_iter().map(Role::from).collect();
        Self {
            id: user.id,
            email: user.email,
            password_hash: user.password_hash.map(Secret::new),
            roles: user.roles.map(roles),
            is_email_verified: user.is_email_verified.unwrap_or_default(),
            registered_at: user.registered_at,
            disabled: user.disabled.unwrap_or_default(),
            first_name: user.first_name,
            last_name: user.last_name,
        }
    }
}

impl From<ImportOutcome> for wit::ImportOutcome {
    fn from(outcome: ImportOutcome) -> Self {
        match outcome {
            ImportOutcome::Imported(id) => Self::Imported(id),
            ImportOutcome::Exists(id) => Self::Exists(id),
            ImportOutcome::DuplicateId => Self::DuplicateId,
            ImportOutcome::Refused(violations) => Self::Refused(list(violations)),
        }
    }
}
