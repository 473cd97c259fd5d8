//! `save-token`.

use std::collections::BTreeSet;

use serde_json::Map;

use crate::account::Account;
use crate::error::Error;
use crate::fields::Check;
use crate::keys;
use crate::ports::Ports;
use crate::saved::{Access, Family, Found, MAX_TOKEN_BYTES, MIN_TOKEN_BYTES, Refresh};
use crate::secret::Secret;
use crate::service::Service;
use crate::settings::DAY;

/// How far ahead an expiry may be: a moment in microseconds is beyond it, one in seconds is past.
pub(in crate::service) const MAX_LIFETIME: u64 = 10 * 366 * DAY;

/// One message in so many goes on with what deletions left. If each did, those that are sent at once would remove the same
/// and have to wait for each other.
const TIDY_EVERY: u8 = 16;

const TOKEN: &str = "must be 20 bytes to 8 KiB";
const EXPIRY: &str = "must be in the future, in milliseconds, at most ten years ahead";

/// A pair of tokens to save. Moments are Unix milliseconds.
#[derive(Debug, Clone)]
pub struct SaveToken {
    /// Access token.
    pub access_token: Secret,
    /// When it expires.
    pub access_expires_at: u64,
    /// Refresh token.
    pub refresh_token: Secret,
    /// When it expires.
    pub refresh_expires_at: u64,
    /// Whose: an account's id.
    pub owner: String,
    /// The used refresh token that these follow from; none: they begin a family.
    pub previous: Option<Secret>,
    /// What they are limited to; none: whatever the owner's roles give.
    pub scopes: Option<Vec<String>>,
}

/// The family that a pair is saved in, and the refresh token before it.
struct Line {
    family: String,
    record: Family,
    previous: Option<Found<Refresh>>,
}

impl<P: Ports> Service<'_, P> {
    /// Saves a pair, both halves or none. The same data again changes nothing.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] for whoever is no service that calls from outside; [`Error::ValidationFailed`] for what
    /// breaks a rule; [`Error::NotFound`] for an owner who is unknown, disabled
    /// or pending for too long, and for a previous token that is not
    /// a used one of theirs in a living family; [`Error::Conflict`] if one of the tokens was saved with other data, or if
    /// another pair follows from the previous token already.
    pub fn save_token(&self, request: SaveToken) -> Result<(), Error> {
        self.need_service("token-save")?;
        let scopes = self.check(&request)?;
        let owner = self.accounts().find(&request.owner)?;
        let (now, grace) = (self.ports.now(), self.settings().verification_grace());
        let owner = owner.filter(|owner| !owner.is_disabled() && !owner.is_overdue(now, grace));
        let owner = owner.ok_or(Error::NotFound)?;
        if self.is_saved(&request, scopes.as_ref())? {
            return Ok(());
        }
        let line = self.line(&owner, request.previous.as_ref())?;
        self.store(&owner, &request, scopes, line);
        self.tidy();
        Ok(())
    }

    /// Removes some of the saved tokens of an account that is gone, now and then.
    fn tidy(&self) {
        let [chance] = self.ports.random::<1>();
        if !chance.is_multiple_of(TIDY_EVERY) {
            return;
        }
        let accounts = self.accounts();
        // A record that cannot be read is one that is there. The operator is told, and it is nothing to this caller.
        let exists = |id: &str| accounts.find(id).map_or(true, |found| found.is_some());
        self.saved().tidy(exists);
    }

    fn check(&self, request: &SaveToken) -> Result<Option<BTreeSet<String>>, Error> {
        let mut check = Check::default();
        let now = self.ports.now();
        let mut token = |path, token: &Secret| {
            if !(MIN_TOKEN_BYTES..=MAX_TOKEN_BYTES).contains(&token.reveal().len()) {
                check.refuse(path, TOKEN);
            }
        };
        token("access_token", &request.access_token);
        token("refresh_token", &request.refresh_token);
        if let Some(previous) = &request.previous {
            token("previous_refresh_token", previous);
        }
        let mut expiry = |path, moment: u64| {
            if moment <= now || moment - now > MAX_LIFETIME {
                check.refuse(path, EXPIRY);
            }
        };
        expiry("access_token_expires_at", request.access_expires_at);
        expiry("refresh_token_expires_at", request.refresh_expires_at);
        let scopes = request
            .scopes
            .as_ref()
            .map(|scopes| check.scopes(scopes.clone()));
        check.done(Some(scopes))
    }

    /// Whether this very pair was saved before.
    fn is_saved(
        &self,
        request: &SaveToken,
        scopes: Option<&BTreeSet<String>>,
    ) -> Result<bool, Error> {
        let access = self.saved().access(request.access_token.reveal())?;
        let refresh = self.saved().refresh(request.refresh_token.reveal())?;
        let (access, refresh) = match (access, refresh) {
            (None, None) => return Ok(false),
            (Some(access), Some(refresh)) => (access, refresh),
            _ => return Err(Error::Conflict),
        };
        let previous = match &request.previous {
            Some(previous) => self.saved().refresh(previous.reveal())?,
            None => None,
        };
        let is_one_pair = access.record.refresh == refresh.tag
            && refresh.record.access == access.tag
            && refresh.record.account == request.owner;
        let is_same = access.record.expires_at == request.access_expires_at
            && refresh.record.expires_at == request.refresh_expires_at
            && access.record.scopes.as_ref() == scopes
            && refresh.record.previous.is_some() == request.previous.is_some()
            // The record of the one before may have expired meanwhile.
            && previous.is_none_or(|previous| refresh.record.previous == Some(previous.tag));
        if is_one_pair && is_same {
            return Ok(true);
        }
        Err(Error::Conflict)
    }

    /// The family that the pair belongs to: that of the token before it, or a new one.
    ///
    /// Of all pairs that are to follow from a token the first is saved: a family has one end, or a copy of a token could
    /// live beside its owner's and never be found out.
    fn line(&self, owner: &Account, previous: Option<&Secret>) -> Result<Line, Error> {
        let Some(previous) = previous else {
            return Ok(Line {
                family: keys::encode(&self.ports.random::<16>()),
                record: Family {
                    epoch: owner.epoch,
                    credentials_since: owner.credentials_since,
                    created_at: self.ports.now(),
                    expires_at: 0,
                    later: Map::new(),
                },
                previous: None,
            });
        };
        let found = self.saved().refresh(previous.reveal())?;
        let found = found
            .filter(|found| found.record.account == owner.id && found.record.used_at.is_some());
        let found = found.ok_or(Error::NotFound)?;
        let family = found.record.family.clone();
        let record = self.saved().family(owner, &family)?;
        let record = record.ok_or(Error::NotFound)?;
        if found.record.next.is_some() {
            self.deny("token-save", Some(&owner.id), "has-a-successor");
            return Err(Error::Conflict);
        }
        Ok(Line {
            record,
            family,
            previous: Some(found),
        })
    }

    fn store(
        &self,
        owner: &Account,
        request: &SaveToken,
        scopes: Option<BTreeSet<String>>,
        line: Line,
    ) {
        let saved = self.saved();
        let access = Access {
            account: owner.id.clone(),
            family: line.family.clone(),
            refresh: saved.refresh_tag(request.refresh_token.reveal()),
            expires_at: request.access_expires_at,
            scopes,
            revoked_at: None,
            later: Map::new(),
        };
        let refresh = Refresh {
            account: owner.id.clone(),
            family: line.family.clone(),
            access: saved.access_tag(request.access_token.reveal()),
            previous: line.previous.as_ref().map(|found| found.tag.clone()),
            expires_at: request.refresh_expires_at,
            used_at: None,
            next: None,
            later: Map::new(),
        };
        if let Some(Found { tag, mut record }) = line.previous {
            record.next = Some(access.refresh.clone());
            saved.save_refresh(&tag, &record);
        }
        let family = Family {
            expires_at: line
                .record
                .expires_at
                .max(access.expires_at)
                .max(refresh.expires_at),
            ..line.record
        };
        saved.save_pair(&access, &refresh);
        saved.save_family(&owner.id, &line.family, &family);
        let detail = [("family", line.family.as_str())];
        self.succeed("token-save", &owner.id, &detail);
    }
}
