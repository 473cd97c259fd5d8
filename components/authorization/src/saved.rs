//! Tokens that services made and save here: what is stored of them.
//!
//! A pair is two records under the keyed hashes of its halves, so that a stolen store gives nothing to present. All pairs
//! that follow from each other are a *family*. A token lives as long as
//!
//! * its own record says so: not expired, not revoked, not used up,
//! * its family's record is there,
//! * that is of the account's present epoch, and was made since its credentials count, and
//! * the account's address was proved when it began, or may still be proved: whoever has tokens of an address that is not
//!   theirs keeps them no longer than they could keep a session.
//!
//! So one delete ends a family, and one write to the account ends them all. An account that goes takes them with it: one
//! that is imported later with the same id has credentials since another moment. The records of tokens outlast the end of
//! their family until they expire: a pair that was revoked cannot be saved again, and a used refresh token is known when
//! it comes back.

mod store;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::account::Account;

pub(crate) use store::{Found, SavedTokens};

/// The shortest token, in bytes: 20 characters of base64url are 120 bits.
pub(crate) const MIN_TOKEN_BYTES: usize = 20;

/// The longest token, in bytes.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A saved access token's record (schema 1). Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Access {
    /// Whose.
    pub(crate) account: String,
    /// Its family.
    pub(crate) family: String,
    /// The tag of the refresh token of its pair.
    pub(crate) refresh: String,
    /// When it expires.
    pub(crate) expires_at: u64,
    /// What it is limited to; none: whatever its owner's roles give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scopes: Option<BTreeSet<String>>,
    /// When it was revoked; none: it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_at: Option<u64>,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    pub(crate) later: Map<String, Value>,
}

/// A saved refresh token's record (schema 1). Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refresh {
    /// Whose.
    pub(crate) account: String,
    /// Its family.
    pub(crate) family: String,
    /// The tag of the access token of its pair.
    pub(crate) access: String,
    /// The tag of the refresh token that it follows from; none: it began its family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<String>,
    /// When it expires.
    pub(crate) expires_at: u64,
    /// When it was exchanged for a new pair; none: it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) used_at: Option<u64>,
    /// The tag of the refresh token that it was exchanged for; none: nothing was saved after it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    pub(crate) later: Map<String, Value>,
}

/// A family's record (schema 1): it lives as long as this is there. Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Family {
    /// The account's epoch when it began.
    pub(crate) epoch: u64,
    /// Since when the account's credentials counted then.
    #[serde(default)]
    pub(crate) credentials_since: u64,
    /// When it began.
    pub(crate) created_at: u64,
    /// When the last of its tokens expires.
    pub(crate) expires_at: u64,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    pub(crate) later: Map<String, Value>,
}

impl Family {
    /// Whether it lives at `now`, as far as `account` is concerned, whose address was to be proved within `grace`
    /// milliseconds.
    pub(crate) fn is_of(&self, account: &Account, now: u64, grace: u64) -> bool {
        self.epoch == account.epoch
            && self.credentials_since == account.credentials_since
            && !account.is_disabled()
            && (now < account.due(grace) || account.was_verified_at(self.created_at))
    }
}

/// What a saved refresh token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may be exchanged.
    Fresh,
    /// It was exchanged within the grace: somebody asks at the same time.
    JustUsed,
    /// It was exchanged longer ago: somebody has a copy.
    Replayed,
}

impl Refresh {
    /// What it is worth at `now`, while its family lives. The grace ends `grace` milliseconds after the use: at that moment
    /// it is over.
    pub(crate) fn standing(&self, now: u64, grace: u64) -> Standing {
        match self.used_at {
            None => Standing::Fresh,
            Some(used_at) if now.saturating_sub(used_at) < grace => Standing::JustUsed,
            Some(_) => Standing::Replayed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grace_ends_at_its_last_millisecond() {
        let record = r#"{"account":"u1","family":"f","access":"a","expires_at":9,"used_at":5000}"#;
        let used: Refresh = serde_json::from_str(record).unwrap();
        assert_eq!(used.standing(4_999, 30_000), Standing::JustUsed);
        assert_eq!(used.standing(34_999, 30_000), Standing::JustUsed);
        assert_eq!(used.standing(35_000, 30_000), Standing::Replayed);
        assert_eq!(used.standing(5_000, 0), Standing::Replayed);
        let fresh = Refresh {
            used_at: None,
            ..used
        };
        assert_eq!(fresh.standing(99_999, 0), Standing::Fresh);
    }

    #[test]
    fn fields_of_a_later_build_survive_a_rewrite() {
        let access =
            r#"{"account":"u1","family":"f","refresh":"r","expires_at":9,"device":"phone"}"#;
        let family = r#"{"epoch":1,"created_at":2,"expires_at":3,"device":"phone"}"#;
        let access: Access = serde_json::from_str(access).unwrap();
        let family: Family = serde_json::from_str(family).unwrap();
        for rewritten in [serde_json::to_value(access), serde_json::to_value(family)] {
            assert_eq!(rewritten.unwrap()["device"], "phone");
        }
    }
}
