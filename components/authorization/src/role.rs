//! What an account may do, in general.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Use what is their own. Everybody has it.
    User,
    /// Administer people.
    Admin,
    /// Administer the organization.
    OrganizationAdmin,
}

impl Role {
    /// Its name, as in a principal's roles and in scopes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Admin => "admin",
            Self::OrganizationAdmin => "organization-admin",
        }
    }

    /// What everybody has.
    #[must_use]
    pub fn everybodys() -> BTreeSet<Self> {
        BTreeSet::from([Self::User])
    }

    /// All roles: the owner's of an installation.
    #[must_use]
    pub fn all() -> BTreeSet<Self> {
        BTreeSet::from([Self::User, Self::Admin, Self::OrganizationAdmin])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_stored_by_its_name() {
        for role in Role::all() {
            let stored = serde_json::to_value(role).unwrap();
            assert_eq!(stored, role.name());
        }
    }
}
