//! Where profiles are stored.
//!
//! ```text
//! profile/<account id, base64url>   the record: most who look for one know the account
//! account/<profile id>              the account's id
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::error::Error;
use crate::ports::{Effects, Storage};
use crate::profile::Profile;

/// The profiles in a store.
pub(crate) struct Profiles<'a, P> {
    ports: &'a P,
}

impl<'a, P: Storage + Effects> Profiles<'a, P> {
    pub(crate) fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// Whether the account has a profile, readable or not.
    pub(crate) fn exists(&self, auth_id: &str) -> bool {
        self.ports.get(&record_key(auth_id)).is_some()
    }

    /// The account's profile; [`Error::Unknown`] if what is stored cannot be read.
    pub(crate) fn of(&self, auth_id: &str) -> Result<Option<Profile>, Error> {
        let key = record_key(auth_id);
        let Some(record) = self.ports.get(&key) else {
            return Ok(None);
        };
        let profile = Profile::read(&record).ok_or_else(|| {
            self.ports
                .complain(&format!("the record {key} cannot be read"));
            Error::Unknown
        })?;
        Ok(Some(profile))
    }

    /// The account whose profile has this id.
    pub(crate) fn account(&self, id: &str) -> Option<String> {
        // One spelling an id: another one would only be another way to ask.
        let known = Uuid::try_parse(id).is_ok_and(|uuid| uuid.as_hyphenated().to_string() == id);
        let account = known.then(|| self.ports.get(&account_key(id))).flatten()?;
        String::from_utf8(account).ok()
    }

    /// Stores a profile that is new.
    pub(crate) fn add(&self, profile: &Profile) {
        let subject = &profile.auth_id;
        self.ports
            .put(&account_key(&profile.id), subject.as_bytes(), subject);
        self.save(profile);
    }

    /// Stores a profile that changed.
    pub(crate) fn save(&self, profile: &Profile) {
        let key = record_key(&profile.auth_id);
        self.ports.put(&key, &profile.write(), &profile.auth_id);
    }

    /// Removes a profile.
    pub(crate) fn remove(&self, profile: &Profile) {
        self.ports.delete(&account_key(&profile.id));
        self.ports.delete(&record_key(&profile.auth_id));
    }
}

/// An account's id may contain anything, a slash too; base64url does not.
fn record_key(auth_id: &str) -> String {
    format!("profile/{}", URL_SAFE_NO_PAD.encode(auth_id))
}

fn account_key(id: &str) -> String {
    format!("account/{id}")
}
