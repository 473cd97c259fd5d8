//! The saved tokens in a store.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Access, Family, MAX_TOKEN_BYTES, MIN_TOKEN_BYTES, Refresh};
use crate::account::Account;
use crate::error::Error;
use crate::keys;
use crate::ports::{Config, Effects, Environment, Macs, Storage};
use crate::record;
use crate::settings::Settings;

/// The purposes of the keyed hashes: a refresh token is no access token.
const ACCESS: &str = "saved-access-token";
const REFRESH: &str = "saved-refresh-token";

/// So many families, and so many pairs, one message removes of an account that went. Its sessions, API tokens and the rest go
/// with it, and all of that together may call the host 10 000 times.
const MAX_REMOVED: usize = 300;

/// So many of either a message removes that was sent for something else: its caller waits.
const MAX_TIDIED: usize = 50;

/// A token that is stored, and its tag.
#[derive(Debug)]
pub(crate) struct Found<T> {
    pub(crate) tag: String,
    pub(crate) record: T,
}

/// The saved tokens in a store.
pub(crate) struct SavedTokens<'a, P> {
    ports: &'a P,
}

impl<'a, P: Storage + Macs + Effects + Environment + Config> SavedTokens<'a, P> {
    pub(crate) fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// The record of the access token `text`, if it was saved and has not expired.
    pub(crate) fn access(&self, text: &str) -> Result<Option<Found<Access>>, Error> {
        self.find(ACCESS, text, keys::saved_access)
    }

    /// The record of the refresh token `text`, if it was saved and has not expired.
    pub(crate) fn refresh(&self, text: &str) -> Result<Option<Found<Refresh>>, Error> {
        self.find(REFRESH, text, keys::saved_refresh)
    }

    /// The record of the access token with this tag, if it has not expired.
    pub(crate) fn access_of(&self, tag: &str) -> Result<Option<Access>, Error> {
        record::read(self.ports, &keys::saved_access(tag))
    }

    /// The family, if it lives.
    pub(crate) fn family(&self, account: &Account, family: &str) -> Result<Option<Family>, Error> {
        let key = keys::saved_family(&account.id, family);
        let found: Option<Family> = record::read(self.ports, &key)?;
        let grace = Settings::new(self.ports).verification_grace();
        Ok(found.filter(|family| family.is_of(account, self.ports.now(), grace)))
    }

    /// The tag of an access token, to store it under.
    pub(crate) fn access_tag(&self, text: &str) -> String {
        keys::encode(&self.ports.mac(ACCESS, text.as_bytes()))
    }

    /// The tag of a refresh token, to store it under.
    pub(crate) fn refresh_tag(&self, text: &str) -> String {
        keys::encode(&self.ports.mac(REFRESH, text.as_bytes()))
    }

    /// Stores both halves of a pair.
    pub(crate) fn save_pair(&self, access: &Access, refresh: &Refresh) {
        let account = refresh.account.as_str();
        let until = access.expires_at.max(refresh.expires_at);
        let key = keys::saved_pair(account, &access.refresh, &refresh.access);
        self.ports.put(&key, &[], Some(until), Some(account));
        self.save_access(&refresh.access, access);
        self.save_refresh(&access.refresh, refresh);
    }

    /// Stores an access token.
    pub(crate) fn save_access(&self, tag: &str, access: &Access) {
        let key = keys::saved_access(tag);
        self.put(&key, access, access.expires_at, &access.account);
    }

    /// Stores a refresh token.
    pub(crate) fn save_refresh(&self, tag: &str, refresh: &Refresh) {
        let key = keys::saved_refresh(tag);
        self.put(&key, refresh, refresh.expires_at, &refresh.account);
    }

    /// Stores a family.
    pub(crate) fn save_family(&self, account: &str, id: &str, family: &Family) {
        let key = keys::saved_family(account, id);
        self.put(&key, family, family.expires_at, account);
    }

    /// Ends a family: all its tokens are worth nothing from now on.
    pub(crate) fn end_family(&self, account: &str, id: &str) {
        self.ports.delete(&keys::saved_family(account, id));
    }

    /// Removes what is stored of the tokens of an account that goes, as much as one message may. What is left is dead, since
    /// there is no account, and noted until `until`, for [`tidy`](Self::tidy).
    pub(crate) fn erase(&self, account: &str, until: u64) {
        if !self.erase_some(account, MAX_REMOVED) {
            let key = keys::leftover(account);
            self.ports.put(&key, &[], Some(until), Some(account));
        }
    }

    /// Goes on where deletions left something, with one account.
    ///
    /// If there is an account with the id again, what is left is left to expire: it lies among what is the new one's. It is
    /// dead there too, being of other credentials.
    pub(crate) fn tidy(&self, exists: impl FnOnce(&str) -> bool) {
        let first = self.ports.scan(keys::LEFTOVERS, None).into_iter().next();
        let Some(key) = first else { return };
        match keys::leftover_account(&key) {
            Some(account) if !exists(&account) => self.go_on(&account, MAX_TIDIED),
            _ => self.ports.delete(&key),
        }
    }

    /// Goes on with an account, if its deletion left something.
    pub(crate) fn erase_more(&self, account: &str) {
        self.go_on(account, MAX_REMOVED);
    }

    fn go_on(&self, account: &str, at_most: usize) {
        let note = keys::leftover(account);
        if Storage::get(self.ports, &note).is_some() && self.erase_some(account, at_most) {
            self.ports.delete(&note);
        }
    }

    /// Removes so many families and pairs of an account, and says whether that was all.
    fn erase_some(&self, account: &str, at_most: usize) -> bool {
        let (families, no_more_families) = self.first(&keys::saved_families(account), at_most);
        let (pairs, no_more_pairs) = self.first(&keys::saved_pairs(account), at_most);
        for key in families {
            self.ports.delete(&key);
        }
        for key in pairs {
            let mut tags = key.rsplit('/');
            if let (Some(access), Some(refresh)) = (tags.next(), tags.next()) {
                self.ports.delete(&keys::saved_access(access));
                self.ports.delete(&keys::saved_refresh(refresh));
            }
            self.ports.delete(&key);
        }
        no_more_families && no_more_pairs
    }

    /// The first keys under `prefix`, at most so many, and whether there are no more.
    fn first(&self, prefix: &str, at_most: usize) -> (Vec<String>, bool) {
        let mut keys = Vec::new();
        loop {
            let page = self.ports.scan(prefix, keys.last().map(String::as_str));
            if page.is_empty() {
                return (keys, true);
            }
            keys.extend(page);
            if keys.len() > at_most {
                keys.truncate(at_most);
                return (keys, false);
            }
        }
    }

    /// Looks a token up under every accepted key. What is too short or too long was never saved.
    fn find<T: DeserializeOwned>(
        &self,
        purpose: &str,
        text: &str,
        key: fn(&str) -> String,
    ) -> Result<Option<Found<T>>, Error> {
        if !(MIN_TOKEN_BYTES..=MAX_TOKEN_BYTES).contains(&text.len()) {
            return Ok(None);
        }
        let tags = self.ports.candidates(purpose, text.as_bytes());
        let tags: Vec<String> = tags.iter().map(|tag| keys::encode(tag)).collect();
        let keys: Vec<String> = tags.iter().map(|tag| key(tag)).collect();
        let found = self.ports.get_many(&keys).into_iter().zip(tags);
        let found = found
            .into_iter()
            .find_map(|(bytes, tag)| Some((bytes?, tag)));
        found
            .map(|(bytes, tag)| {
                let record = record::parse(self.ports, &key(&tag), &bytes)?;
                Ok(Found { tag, record })
            })
            .transpose()
    }

    fn put(&self, key: &str, value: &impl Serialize, expires_at: u64, account: &str) {
        self.ports
            .put(key, &record::bytes(value), Some(expires_at), Some(account));
    }
}
