//! A profile's stored record.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A profile (schema 1). Moments are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The profile's own id, UUIDv7.
    pub id: String,
    /// The account it belongs to.
    pub auth_id: String,
    /// E-mail, in the form it was given.
    pub email: String,
    /// First name; never empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name; perhaps empty.
    pub last_name: String,
    /// When it was made.
    pub created_at: u64,
    /// When it was last changed.
    pub updated_at: u64,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// What is to change in a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// None: as it was. Empty: no first name any more.
    pub first_name: Option<String>,
    /// None: as it was. Never empty.
    pub last_name: Option<String>,
}

impl Profile {
    /// A profile that is made at `now`.
    pub(crate) fn new(
        id: String,
        auth_id: String,
        email: String,
        (first_name, last_name): (Option<String>, String),
        now: u64,
    ) -> Self {
        Self {
            id,
            auth_id,
            email,
            first_name,
            last_name,
            created_at: now,
            updated_at: now,
            later: Map::new(),
        }
    }

    /// Makes `change` at `now` and says which fields it changed.
    pub(crate) fn apply(&mut self, change: Change, now: u64) -> Vec<&'static str> {
        let mut changed = Vec::new();
        if let Some(first_name) = change.first_name {
            let first_name = Some(first_name).filter(|name| !name.is_empty());
            if self.first_name != first_name {
                self.first_name = first_name;
                changed.push("first_name");
            }
        }
        if let Some(last_name) = change.last_name
            && self.last_name != last_name
        {
            self.last_name = last_name;
            changed.push("last_name");
        }
        if !changed.is_empty() {
            self.updated_at = now;
        }
        changed
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

    fn profile() -> Profile {
        let names = (Some("Ada".to_owned()), "King".to_owned());
        Profile::new("p1".into(), "a1".into(), "ada@example.org".into(), names, 5)
    }

    #[test]
    fn only_what_is_given_changes() {
        let mut profile = profile();
        let nothing = Change {
            first_name: None,
            last_name: None,
        };
        assert!(profile.apply(nothing, 9).is_empty());
        let the_same = Change {
            first_name: Some("Ada".into()),
            last_name: Some("King".into()),
        };
        assert!(profile.apply(the_same, 9).is_empty());
        assert_eq!(profile.updated_at, 5);
        let cleared = Change {
            first_name: Some(String::new()),
            last_name: Some("Lovelace".into()),
        };
        assert_eq!(
            profile.apply(cleared.clone(), 9),
            ["first_name", "last_name"]
        );
        assert_eq!(
            (profile.first_name.as_deref(), profile.last_name.as_str()),
            (None, "Lovelace")
        );
        assert_eq!((profile.created_at, profile.updated_at), (5, 9));
        assert!(profile.apply(cleared, 10).is_empty());
    }

    #[test]
    fn fields_of_a_later_build_survive_a_rewrite() {
        let mut record: Value = serde_json::from_slice(&profile().write()).unwrap();
        record["pronouns"] = serde_json::json!(["she"]);
        let mut read = Profile::read(record.to_string().as_bytes()).unwrap();
        let change = Change {
            first_name: Some(String::new()),
            last_name: None,
        };
        read.apply(change, 9);
        let rewritten: Value = serde_json::from_slice(&read.write()).unwrap();
        assert_eq!(rewritten["pronouns"], record["pronouns"]);
        assert!(rewritten.get("first_name").is_none());
    }

    #[test]
    fn nonsense_is_no_record() {
        assert_eq!(Profile::read(b"{}"), None);
        assert_eq!(Profile::read(b"\xff"), None);
    }
}
