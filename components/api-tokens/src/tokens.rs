//! Where tokens are stored.
//!
//! ```text
//! token/<owner, base64url>/<uuid>   the record; until 30 days after the token's end
//! value/<tag, base64url>            owner and uuid; until the token's end
//! ```
//!
//! A uuid begins with the moment it was made, so that an owner's tokens come oldest first. A value is found by its keyed
//! hash: what is stored cannot be presented.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;
use crate::ports::{Effects, Macs, Storage};
use crate::token::Token;
use crate::value::TokenValue;

/// What the tags are for: a key of its own.
const PURPOSE: &str = "token-value";

/// How long a token is shown after its end.
const SHOWN_AFTER_END: u64 = 30 * 24 * 60 * 60 * 1_000;

/// The largest page that the host gives.
const PAGE: u32 = 1_000;

/// The tokens in a store.
pub(crate) struct Tokens<'a, P> {
    ports: &'a P,
}

/// What lies under a value's tag.
#[derive(Serialize, Deserialize)]
struct Place {
    owner: String,
    uuid: String,
}

impl<'a, P: Storage + Macs + Effects> Tokens<'a, P> {
    pub(crate) fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// The tag of a value that is new.
    pub(crate) fn tag(&self, value: &TokenValue) -> String {
        let tag = self.ports.mac(PURPOSE, value.as_str().as_bytes());
        URL_SAFE_NO_PAD.encode(tag)
    }

    /// The token that has this value, living or not.
    pub(crate) fn by_value(&self, value: &TokenValue) -> Result<Option<Token>, Error> {
        let tags: Vec<String> = self
            .ports
            .candidates(PURPOSE, value.as_str().as_bytes())
            .iter()
            .map(|tag| URL_SAFE_NO_PAD.encode(tag))
            .collect();
        let keys: Vec<String> = tags.iter().map(|tag| value_key(tag)).collect();
        let found = self.ports.get_many(&keys).into_iter().flatten().next();
        let Some(place) = found else {
            return Ok(None);
        };
        let place: Place =
            serde_json::from_slice(&place).map_err(|_| self.unreadable("a token's place"))?;
        let token = self.get(&place.owner, &place.uuid)?;
        // Only its newest value is a token's.
        Ok(token.filter(|token| tags.contains(&token.tag)))
    }

    /// The owner's token of this id.
    pub(crate) fn find(&self, owner: &str, uuid: &str) -> Result<Option<Token>, Error> {
        if is_uuid(uuid) {
            self.get(owner, uuid)
        } else {
            Ok(None)
        }
    }

    /// The owner's tokens after the one of this id, oldest first, at most `limit`.
    pub(crate) fn page(
        &self,
        owner: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Token>, Error> {
        let prefix = prefix(owner);
        let mut after = after.map(|uuid| format!("{prefix}{uuid}"));
        let mut tokens = Vec::new();
        while tokens.len() < limit {
            let missing = u32::try_from(limit - tokens.len())
                .unwrap_or(PAGE)
                .min(PAGE);
            let entries = self.ports.scan(&prefix, after.as_deref(), missing);
            let Some((last, _)) = entries.last() else {
                break;
            };
            after = Some(last.clone());
            for (key, record) in entries {
                tokens.push(self.read(&key, &record)?);
            }
        }
        Ok(tokens)
    }

    /// Stores a token that is new or changed, and where its value leads while it lives.
    pub(crate) fn save(&self, token: &Token) {
        self.save_record(token);
        let place = Place {
            owner: token.owner.clone(),
            uuid: token.uuid.clone(),
        };
        let place = serde_json::to_vec(&place).expect("a record of texts is always JSON");
        let key = value_key(&token.tag);
        self.ports.put(&key, &place, token.expires_at, &token.owner);
    }

    /// Stores a token whose value and end are as they were.
    pub(crate) fn save_record(&self, token: &Token) {
        let key = record_key(&token.owner, &token.uuid);
        let until = token.expires_at.saturating_add(SHOWN_AFTER_END);
        self.ports.put(&key, &token.write(), until, &token.owner);
    }

    /// Forgets a value: it leads nowhere any more.
    pub(crate) fn forget_value(&self, tag: &str) {
        self.ports.delete(&value_key(tag));
    }

    /// Removes a token.
    pub(crate) fn remove(&self, token: &Token) {
        self.forget_value(&token.tag);
        self.ports.delete(&record_key(&token.owner, &token.uuid));
    }

    /// Removes all tokens of an owner at `now`, those that cannot be read too, and says how many there were.
    pub(crate) fn remove_all(&self, owner: &str, now: u64) -> usize {
        let prefix = prefix(owner);
        let mut removed = 0;
        loop {
            // Removed entries are not seen again.
            let entries = self.ports.scan(&prefix, None, PAGE);
            if entries.is_empty() {
                return removed;
            }
            removed += entries.len();
            for (key, record) in entries {
                // The value of one that cannot be read leads to nothing from now on; one that has ended has none. What a
                // message may do is bounded, and this one deletes the account too.
                if let Some(token) = Token::read(&record).filter(|token| token.lives(now)) {
                    self.forget_value(&token.tag);
                }
                self.ports.delete(&key);
            }
        }
    }

    fn get(&self, owner: &str, uuid: &str) -> Result<Option<Token>, Error> {
        let key = record_key(owner, uuid);
        let record = self.ports.get(&key);
        record.map(|record| self.read(&key, &record)).transpose()
    }

    fn read(&self, key: &str, record: &[u8]) -> Result<Token, Error> {
        Token::read(record).ok_or_else(|| self.unreadable(&format!("the record {key}")))
    }

    fn unreadable(&self, what: &str) -> Error {
        self.ports.complain(&format!("{what} cannot be read"));
        Error::Unknown
    }
}

/// Whether `text` is a uuid in its one spelling: another one would only be another way to ask.
pub(crate) fn is_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|uuid| uuid.as_hyphenated().to_string() == text)
}

/// An account's id may contain anything, a slash too; base64url does not, so no owner's tokens are another's.
fn prefix(owner: &str) -> String {
    format!("token/{}/", URL_SAFE_NO_PAD.encode(owner))
}

fn record_key(owner: &str, uuid: &str) -> String {
    format!("{}{uuid}", prefix(owner))
}

fn value_key(tag: &str) -> String {
    format!("value/{tag}")
}
