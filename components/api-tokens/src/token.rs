//! A token's stored record: everything but its value.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ports::Account;

const HOUR: u64 = 60 * 60 * 1_000;

/// A token (schema 1). Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id, UUIDv7.
    pub uuid: String,
    /// The account it stands for.
    pub owner: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do; perhaps more than its owner may by now.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: u64,
    /// From this moment on it is worth nothing.
    pub expires_at: u64,
    /// The hour it was last used in; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<u64>,
    /// The last four characters of its value.
    pub last_four: String,
    /// The keyed hash of its value, base64url.
    pub tag: String,
    /// Since when its owner's credentials counted when it was made; 0 in records of before they did.
    #[serde(default)]
    pub credentials_since: u64,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    pub(crate) later: Map<String, Value>,
}

impl Token {
    /// Whether it is worth something at `now`.
    #[must_use]
    pub fn lives(&self, now: u64) -> bool {
        now < self.expires_at
    }

    /// Whether it was made under the credentials that count for its owner now: not before a password reset, nor for another
    /// account that had the owner's id.
    pub(crate) fn is_of(&self, owner: &Account) -> bool {
        self.credentials_since == owner.credentials_since
    }

    /// The token as it stands at `now`, `owner` being its owner's account: one of credentials that do not count any more has
    /// ended with them.
    pub(crate) fn standing_at(mut self, owner: Option<&Account>, now: u64) -> Self {
        if let Some(owner) = owner.filter(|owner| !self.is_of(owner)) {
            let ended_at = owner.credentials_since.min(now);
            self.expires_at = self.expires_at.min(ended_at);
        }
        self
    }

    /// Notes that it was used at `now`, and says whether that is news: it is once an hour, so that a token which is used
    /// all the time is not written all the time.
    pub(crate) fn touch(&mut self, now: u64) -> bool {
        let hour = now - now % HOUR;
        // Another host's clock may be ahead of ours.
        let is_news = self.last_used_at.is_none_or(|last| last < hour);
        if is_news {
            self.last_used_at = Some(hour);
        }
        is_news
    }

    /// Reads a stored record.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The record to store.
    pub(crate) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a record of texts and numbers is always JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        let record = serde_json::json!({
            "uuid": "t1", "owner": "a1", "name": "ci", "scopes": ["*"], "created_at": 5, "expires_at": 9,
            "last_four": "abcd", "tag": "t", "note": {"of": "a later build"},
        });
        Token::read(record.to_string().as_bytes()).unwrap()
    }

    // L03
    #[test]
    fn a_token_is_dead_from_its_end_on() {
        assert!(token().lives(8) && !token().lives(9) && !token().lives(u64::MAX));
    }

    fn owner(credentials_since: u64) -> Account {
        Account {
            roles: Vec::new(),
            is_verified: true,
            is_disabled: false,
            credentials_since,
        }
    }

    // L04
    #[test]
    fn a_token_ends_when_its_owners_credentials_begin_anew() {
        let made = Token {
            credentials_since: 5,
            expires_at: 100,
            ..token()
        };
        assert!(made.is_of(&owner(5)) && !made.is_of(&owner(6)) && !made.is_of(&owner(4)));
        let end = |owner: Option<&Account>, now| made.clone().standing_at(owner, now).expires_at;
        assert_eq!(end(Some(&owner(5)), 50), 100);
        assert_eq!(end(Some(&owner(40)), 50), 40);
        // Another host's clock was ahead; one that had ended before; an account that is gone.
        assert_eq!(end(Some(&owner(60)), 50), 50);
        assert_eq!(end(Some(&owner(200)), 150), 100);
        assert_eq!(end(None, 50), 100);
    }

    /// Records of before there were credentials are those of an account of before there were any.
    #[test]
    fn an_old_token_lives_with_an_old_account_until_its_password_is_reset() {
        assert_eq!(token().credentials_since, 0);
        assert!(token().is_of(&owner(0)) && !token().is_of(&owner(7)));
    }

    #[test]
    fn use_is_news_once_an_hour() {
        let mut token = token();
        let noon = 500_000 * HOUR;
        assert!(token.touch(noon + 5) && !token.touch(noon + HOUR - 1) && !token.touch(noon));
        assert_eq!(token.last_used_at, Some(noon));
        assert!(token.touch(noon + HOUR));
        assert_eq!(token.last_used_at, Some(noon + HOUR));
        // A clock that is behind changes nothing.
        assert!(!token.touch(noon));
    }

    #[test]
    fn fields_of_a_later_build_survive_a_rewrite() {
        let mut read = token();
        read.touch(HOUR);
        let rewritten: Value = serde_json::from_slice(&read.write()).unwrap();
        assert_eq!(
            rewritten["note"],
            serde_json::json!({"of": "a later build"})
        );
        assert_eq!(rewritten["last_used_at"], HOUR);
    }

    #[test]
    fn nonsense_is_no_record() {
        assert_eq!(Token::read(b"{}"), None);
        assert_eq!(Token::read(b"\xff"), None);
    }
}
