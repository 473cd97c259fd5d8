//! One-time tokens: what a mail carries to prove that it was read.
//!
//! A token is 160 random bits in base64url. What is stored is a record under its keyed hash, with the account and the
//! address it was made for, so a stolen store gives nothing to present, and a token for an address that the account no
//! longer has is worth nothing. Of the tokens of an account for one purpose only the newest lives.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::account::Account;
use crate::error::Error;
use crate::keys;
use crate::ports::{Effects, Environment, Macs, Storage};
use crate::record;
use crate::secret::Secret;
use crate::settings::{HOUR, MINUTE, RESET_MAIL_BUCKET, VERIFICATION_MAIL_BUCKET};

/// 160 bits, in bytes (NIST SP 800-63B-4 §3.1.3.2 asks for 112 and more).
const RANDOM_BYTES: usize = 20;

/// How long it is in base64url.
const TEXT_BYTES: usize = 27;

/// The purpose of the keyed hash of an address for which a token is asked.
const ASKED: &str = "asked-address";

/// What is asked for by whoever signs up.
const ACCOUNT: &str = "account";

/// No account's id.
const NOBODY: &str = "";

/// What a token is for: each purpose has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To verify the address of a sign-up.
    SignUp,
    /// To set a new password.
    Reset,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::Reset => "reset",
        }
    }

    /// The purpose of the keyed hash.
    fn mac(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up-token",
            Self::Reset => "reset-token",
        }
    }

    /// What is taken from for each mail with such a token that a stranger asks for.
    pub(crate) fn bucket(self) -> &'static str {
        match self {
            Self::SignUp => VERIFICATION_MAIL_BUCKET,
            Self::Reset => RESET_MAIL_BUCKET,
        }
    }

    /// How long a token lives, in milliseconds: a day (NIST SP 800-63A-4 §3.8), an hour.
    fn lifetime(self) -> u64 {
        match self {
            Self::SignUp => 24 * HOUR,
            Self::Reset => HOUR,
        }
    }
}

/// A token's stored record (schema 1). Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OneTime {
    /// Whose.
    pub(crate) account: String,
    /// The canonical address it was made for.
    pub(crate) address: String,
    /// When it was made.
    pub(crate) issued_at: u64,
    /// When it dies.
    pub(crate) expires_at: u64,
    /// How many passwords were refused that came with it.
    #[serde(default)]
    pub(crate) refusals: u32,
    /// When it did what it is for; none: not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) used_at: Option<u64>,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// Which token of an account is its newest.
#[derive(Debug, Serialize, Deserialize)]
struct Newest {
    /// The record's key.
    key: String,
    issued_at: u64,
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// That a token or an account was asked for, for an address.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Where that is noted.
    key: String,
    /// Whether it was asked for within the last minute.
    pub(crate) too_often: bool,
}

/// A token that is stored, and where.
#[derive(Debug)]
pub(crate) struct Found {
    key: String,
    pub(crate) token: OneTime,
}

/// A new token. It is worth nothing until it is issued.
pub(crate) fn draw(chance: &impl Environment) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(chance.random::<RANDOM_BYTES>()))
}

/// The key of a token that never was: what is deleted where there is nothing to delete, so that it costs the same.
pub(crate) fn nothing_older() -> String {
    keys::decoy("older", 0)
}

/// The one-time tokens in a store.
pub(crate) struct OneTimeTokens<'a, P> {
    ports: &'a P,
    purpose: Purpose,
}

impl<'a, P: Storage + Macs + Effects + Environment> OneTimeTokens<'a, P> {
    pub(crate) fn new(ports: &'a P, purpose: Purpose) -> Self {
        Self { ports, purpose }
    }

    /// Makes `token` the account's newest: older ones die.
    pub(crate) fn issue(&self, account: &Account, token: &Secret) -> Result<(), Error> {
        let newest_key = self.newest_key(&account.id);
        let older: Option<Newest> = record::read(self.ports, &newest_key)?;
        let older = older.map_or_else(nothing_older, |older| older.key);
        self.ports.delete(&older);
        let now = self.ports.now();
        let record = OneTime {
            account: account.id.clone(),
            address: account.address.clone(),
            issued_at: now,
            expires_at: now.saturating_add(self.purpose.lifetime()),
            refusals: 0,
            used_at: None,
            later: Map::new(),
        };
        let tag = self
            .ports
            .mac(self.purpose.mac(), token.reveal().as_bytes());
        let key = keys::one_time(self.purpose.name(), &tag);
        let newest = Newest {
            key: key.clone(),
            issued_at: now,
            later: Map::new(),
        };
        self.store(&key, &record);
        self.ports.put(
            &newest_key,
            &record::bytes(&newest),
            Some(record.expires_at),
            Some(&account.id),
        );
        Ok(())
    }

    /// The token that `text` is, if it lives. What was never one of ours is refused before anything is read.
    pub(crate) fn find(&self, text: &str) -> Result<Option<Found>, Error> {
        if text.len() != TEXT_BYTES || URL_SAFE_NO_PAD.decode(text).is_err() {
            return Ok(None);
        }
        let tags = self.ports.candidates(self.purpose.mac(), text.as_bytes());
        let name = self.purpose.name();
        let keys: Vec<String> = tags.iter().map(|tag| keys::one_time(name, tag)).collect();
        let found = self.ports.get_many(&keys).into_iter().zip(keys);
        let Some((bytes, key)) = found
            .into_iter()
            .find_map(|(bytes, key)| Some((bytes?, key)))
        else {
            return Ok(None);
        };
        let token: OneTime = record::parse(self.ports, &key, &bytes)?;
        let lives = self.ports.now() < token.expires_at;
        Ok(lives.then_some(Found { key, token }))
    }

    /// Whether a token was made for the account within the last minute; for nobody the same work.
    pub(crate) fn was_just_issued(&self, account: Option<&Account>) -> Result<bool, Error> {
        let newest = record::read(self.ports, &self.newest_key_of(account))?;
        Ok(self.is_fresh(newest.as_ref()))
    }

    /// That somebody asks for a token for this address, and whether that was so within the last minute, or somebody signed up
    /// with it, if the token is for that. `account` is whose the address is, if it may get one.
    pub(crate) fn ask(&self, account: Option<&Account>, address: &str) -> Result<Asked, Error> {
        let tag = self.ports.mac(ASKED, address.as_bytes());
        let key = keys::asked(self.purpose.name(), &tag);
        let mut places = vec![self.newest_key_of(account), key.clone()];
        if self.purpose == Purpose::SignUp {
            places.push(keys::asked(ACCOUNT, &tag));
        }
        let too_often = self.is_any_fresh(&places)?;
        Ok(Asked { key, too_often })
    }

    /// That somebody signs up with this address, and whether that was so within the last minute.
    pub(crate) fn sign_up(&self, address: &str) -> Result<Asked, Error> {
        let key = keys::asked(ACCOUNT, &self.ports.mac(ASKED, address.as_bytes()));
        let too_often = self.is_any_fresh(std::slice::from_ref(&key))?;
        Ok(Asked { key, too_often })
    }

    /// Notes for a minute that it was asked for.
    pub(crate) fn note(&self, asked: &Asked) {
        let now = self.ports.now();
        let newest = Newest {
            key: nothing_older(),
            issued_at: now,
            later: Map::new(),
        };
        let until = now.saturating_add(MINUTE);
        self.ports
            .put(&asked.key, &record::bytes(&newest), Some(until), None);
    }

    /// Stores a token that changed.
    pub(crate) fn save(&self, found: &Found) {
        self.store(&found.key, &found.token);
    }

    /// Ends the account's tokens for this purpose.
    pub(crate) fn revoke(&self, account: &str) -> Result<(), Error> {
        let key = self.newest_key(account);
        if let Some(newest) = record::read::<Newest>(self.ports, &key)? {
            self.ports.delete(&newest.key);
            self.ports.delete(&key);
        }
        Ok(())
    }

    /// Keeps a token that was used, until `until`, to know it again. It is no longer the account's newest.
    pub(crate) fn retire(&self, mut found: Found, until: u64) {
        found.token.used_at = Some(self.ports.now());
        found.token.expires_at = until;
        self.ports.delete(&self.newest_key(&found.token.account));
        self.save(&found);
    }

    fn store(&self, key: &str, token: &OneTime) {
        self.ports.put(
            key,
            &record::bytes(token),
            Some(token.expires_at),
            Some(&token.account),
        );
    }

    fn is_any_fresh(&self, places: &[String]) -> Result<bool, Error> {
        let mut is_any = false;
        for (bytes, place) in self.ports.get_many(places).into_iter().zip(places) {
            let newest = bytes.map(|bytes| record::parse(self.ports, place, &bytes));
            is_any |= self.is_fresh(newest.transpose()?.as_ref());
        }
        Ok(is_any)
    }

    fn is_fresh(&self, newest: Option<&Newest>) -> bool {
        let now = self.ports.now();
        newest.is_some_and(|newest| now.saturating_sub(newest.issued_at) < MINUTE)
    }

    fn newest_key_of(&self, account: Option<&Account>) -> String {
        self.newest_key(account.map_or(NOBODY, |account| &account.id))
    }

    fn newest_key(&self, account: &str) -> String {
        keys::newest(self.purpose.name(), account)
    }
}
