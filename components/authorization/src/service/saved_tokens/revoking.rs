//! `revoke-token`.

use crate::account::Account;
use crate::error::Error;
use crate::ports::Ports;
use crate::saved::{Access, Found, Refresh};
use crate::secret::Secret;
use crate::service::Service;

const ACTION: &str = "token-revoke";

/// Which pair to revoke.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// The access token of the pair, if the caller has it.
    pub access_token: Option<Secret>,
    /// Refresh token.
    pub refresh_token: Secret,
    /// Whose: an account's id.
    pub owner: String,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a pair is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RevocationReason {
    /// It is exchanged for a new one: this pair is used up.
    #[default]
    Rotation,
    /// Its owner leaves: the whole family ends.
    Logout,
}

impl<P: Ports> Service<'_, P> {
    /// Revokes a saved pair, and says whether this call did it. What is unknown, dead or another's is left alone.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever was not granted this.
    pub fn revoke_token(&self, request: &Revocation) -> Result<bool, Error> {
        self.need_grant(ACTION)?;
        let Some((found, owner)) = self.of_living_family(request.refresh_token.reveal())? else {
            return Ok(false);
        };
        if owner.id != request.owner {
            self.deny(ACTION, Some(&owner.id), "not-the-owner");
            return Ok(false);
        }
        match request.reason {
            RevocationReason::Logout => {
                self.saved().end_family(&owner.id, &found.record.family);
                self.note(&found.record, "logout");
                Ok(true)
            }
            RevocationReason::Rotation if found.record.used_at.is_some() => Ok(false),
            RevocationReason::Rotation => {
                self.use_up(found, &owner, request.access_token.as_ref())?;
                Ok(true)
            }
        }
    }

    /// Uses a pair up: its refresh token, its access token, and the access token that the caller named beside it.
    fn use_up(
        &self,
        found: Found<Refresh>,
        owner: &Account,
        named: Option<&Secret>,
    ) -> Result<(), Error> {
        let (saved, now) = (self.saved(), self.ports.now());
        let Found { tag, mut record } = found;
        if let Some(access) = saved.access_of(&record.access)? {
            self.revoke_access(&record.access, access);
        }
        let named = match named {
            Some(named) => saved.access(named.reveal())?,
            None => None,
        };
        if let Some(named) = named.filter(|named| named.record.account == owner.id) {
            self.revoke_access(&named.tag, named.record);
        }
        record.used_at = Some(now);
        saved.save_refresh(&tag, &record);
        self.note(&record, "rotation");
        Ok(())
    }

    fn revoke_access(&self, tag: &str, access: Access) {
        if access.revoked_at.is_none() {
            let revoked_at = Some(self.ports.now());
            self.saved().save_access(
                tag,
                &Access {
                    revoked_at,
                    ..access
                },
            );
        }
    }

    fn note(&self, refresh: &Refresh, reason: &str) {
        let detail = [("family", refresh.family.as_str()), ("reason", reason)];
        self.succeed(ACTION, &refresh.account, &detail);
    }
}
