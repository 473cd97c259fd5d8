//! Who may do what with which profile.

use crate::ports::{Message, Principal};

/// The role that may change every profile.
const ADMIN: &str = "admin";

/// The scope that stands for all of them.
const EVERYTHING: &str = "*";

/// What is done with a profile, by the scope that a limited credential needs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// `profile:read`.
    Read,
    /// `profile:write`.
    Write,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "profile:read",
            Self::Write => "profile:write",
        }
    }
}

impl Message {
    /// Whether profiles may be made and removed: by services, and by components that were granted the command.
    pub(crate) fn may_keep_profiles(&self) -> bool {
        self.is_service || self.is_nested
    }

    /// Whether the profile of the account `auth_id` may be read. A component in between may no more than whoever it
    /// asks for.
    pub(crate) fn may_read(&self, auth_id: &str) -> bool {
        self.is_service
            || self
                .principal
                .as_ref()
                .is_some_and(|principal| principal.subject == auth_id && principal.may(Scope::Read))
    }
}

impl Principal {
    /// Whether the credential gives `scope`.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| {
            scopes
                .iter()
                .any(|given| given == scope.name() || given == EVERYTHING)
        })
    }

    /// Whether they may change every profile.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == ADMIN)
    }
}
