//! Tokens that services made: `save-token`, `get-access-token`, `get-refresh-token`, `revoke-token`, `verify-scope`.

mod revoking;
mod saving;

use std::collections::BTreeSet;

use serde_json::json;

use super::Service;
use crate::account::Account;
use crate::error::Error;
use crate::ports::{Outcome, Ports};
use crate::saved::{Access, Found, Refresh, Standing};
use crate::secret::Secret;

pub use revoking::{Revocation, RevocationReason};
pub(super) use saving::MAX_LIFETIME;
pub use saving::SaveToken;

/// A saved access token that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedAccessToken {
    /// When it expires.
    pub expires_at: u64,
    /// Its owner, as they are now.
    pub owner: Account,
}

/// A saved refresh token that lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRefreshToken {
    /// When it expires.
    pub expires_at: u64,
    /// Its owner, as they are now.
    pub owner: Account,
}

impl<P: Ports> Service<'_, P> {
    /// The saved access token, if it lives. Changes nothing.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this.
    pub fn get_access_token(&self, token: &Secret) -> Result<Option<SavedAccessToken>, Error> {
        self.need_grant("token-read")?;
        let living = self.living_access(token.reveal())?;
        Ok(living.map(|(access, owner)| SavedAccessToken {
            expires_at: access.expires_at,
            owner,
        }))
    }

    /// The saved refresh token, if it lives. One that was used up longer ago than the grace ends its family.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this.
    pub fn get_refresh_token(&self, token: &Secret) -> Result<Option<SavedRefreshToken>, Error> {
        self.need_grant("token-read")?;
        let Some((found, owner)) = self.of_living_family(token.reveal())? else {
            return Ok(None);
        };
        let grace = self.settings().refresh_grace();
        match found.record.standing(self.ports.now(), grace) {
            Standing::Fresh => Ok(Some(SavedRefreshToken {
                expires_at: found.record.expires_at,
                owner,
            })),
            Standing::JustUsed => Ok(None),
            Standing::Replayed => {
                self.end_replayed(&found.record);
                Ok(None)
            }
        }
    }

    /// Whether the saved access token lives, is the account `id`'s and gives all of `scopes`.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this.
    pub fn verify_scope(&self, token: &Secret, id: &str, scopes: &[String]) -> Result<bool, Error> {
        self.need_grant("token-read")?;
        let living = self.living_access(token.reveal())?;
        Ok(living.is_some_and(|(access, owner)| {
            owner.id == id && gives(access.scopes.as_ref(), &owner, scopes)
        }))
    }

    /// The record of an access token that lives, and its owner.
    fn living_access(&self, token: &str) -> Result<Option<(Access, Account)>, Error> {
        let Some(Found { record, .. }) = self.saved().access(token)? else {
            return Ok(None);
        };
        if record.revoked_at.is_some() {
            return Ok(None);
        }
        let owner = self.owner(&record.account, &record.family)?;
        Ok(owner.map(|owner| (record, owner)))
    }

    /// The record of a refresh token whose family lives, and its owner.
    fn of_living_family(&self, token: &str) -> Result<Option<(Found<Refresh>, Account)>, Error> {
        let Some(found) = self.saved().refresh(token)? else {
            return Ok(None);
        };
        let owner = self.owner(&found.record.account, &found.record.family)?;
        Ok(owner.map(|owner| (found, owner)))
    }

    /// The owner of a family that lives.
    fn owner(&self, account: &str, family: &str) -> Result<Option<Account>, Error> {
        let Some(owner) = self.accounts().find(account)? else {
            return Ok(None);
        };
        let lives = self.saved().family(&owner, family)?.is_some();
        Ok(lives.then_some(owner))
    }

    /// Somebody has a copy of a token that was used up. Who, the thief or its owner, cannot be told, so both lose the
    /// family (RFC 9700 §4.14.2), and it stays lost whatever a caller makes of the answer.
    fn end_replayed(&self, refresh: &Refresh) {
        self.saved().end_family(&refresh.account, &refresh.family);
        let payload =
            json!({"subject": refresh.account, "family": refresh.family, "at": self.ports.now()});
        self.ports.publish(
            "token-family-reused",
            &payload.to_string(),
            &refresh.account,
        );
        let detail = [("family", refresh.family.as_str())];
        self.ports.record(
            "token-reuse",
            Outcome::Denied,
            Some(&refresh.account),
            &detail,
        );
        // Last: what is kept is what happened before.
        self.ports.keep();
    }
}

/// Whether a token gives every scope that is needed: by what it is limited to, else by the names of its owner's roles.
fn gives(granted: Option<&BTreeSet<String>>, owner: &Account, needed: &[String]) -> bool {
    needed.iter().all(|scope| match granted {
        Some(granted) => granted.contains(scope),
        None => owner.roles.iter().any(|role| role.name() == scope),
    })
}
