//! The commands of the users channel.

use serde_json::json;
use uuid::Builder;

use crate::access::Scope;
use crate::error::Error;
use crate::fields;
use crate::ports::{Outcome, Ports};
use crate::profile::{Change, Profile};
use crate::profiles::Profiles;

/// Whose profile to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The account's id.
    pub auth_id: String,
    /// E-mail.
    pub email: String,
    /// First name; empty is none.
    pub first_name: Option<String>,
    /// Last name; perhaps empty.
    pub last_name: String,
}

/// The commands, over their ports.
#[derive(Debug)]
pub struct Service<'a, P> {
    ports: &'a P,
}

impl<'a, P: Ports> Service<'a, P> {
    /// The service of one message.
    pub fn new(ports: &'a P) -> Self {
        Self { ports }
    }

    /// Makes a profile.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what breaks a field's rule; [`Error::AccessDenied`] for who is no service and was
    /// not granted this; [`Error::DuplicateAuthId`] if the account has a profile.
    pub fn registration(&self, request: Registration) -> Result<(), Error> {
        let request = fields::registration(request)?;
        self.check_keeper("profile-create", &request.auth_id)?;
        if self.profiles().exists(&request.auth_id) {
            return Err(Error::DuplicateAuthId);
        }
        let now = self.ports.now();
        let id = Builder::from_unix_timestamp_millis(now, &self.ports.random()).into_uuid();
        let names = (request.first_name, request.last_name);
        let profile = Profile::new(id.to_string(), request.auth_id, request.email, names, now);
        self.profiles().add(&profile);
        self.tell("user-created", &profile, &[]);
        self.succeed("profile-create", &profile, &[]);
        Ok(())
    }

    /// The profile of the account `auth_id`, if it has one.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if `auth_id` cannot be one; [`Error::AccessDenied`] for somebody else's off the plane
    /// of services, whether there is one or not; [`Error::Unknown`] if the record cannot be read.
    pub fn get_user_by_auth_id(&self, auth_id: &str) -> Result<Option<Profile>, Error> {
        fields::auth_id(auth_id)?;
        if !self.ports.message().may_read(auth_id) {
            return Err(self.deny("profile-read", Some(auth_id)));
        }
        self.profiles().of(auth_id)
    }

    /// Changes the profile `id` and gives it as it is now.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] for what breaks a field's rule; [`Error::AccessDenied`] unless the principal owns the
    /// profile or is an admin, and may write; [`Error::NotFound`] for an admin if there is none; [`Error::Unknown`] if
    /// the record cannot be read.
    pub fn update_user(&self, id: &str, change: Change) -> Result<Profile, Error> {
        let change = fields::change(change)?;
        let mut profile = self.changeable(id)?;
        let changed = profile.apply(change, self.ports.now());
        if !changed.is_empty() {
            self.profiles().save(&profile);
            self.tell("user-updated", &profile, &changed);
            self.succeed("profile-update", &profile, &changed);
        }
        Ok(profile)
    }

    /// Removes the profile of the account `auth_id`, if it has one.
    ///
    /// # Errors
    /// [`Error::ValidationFailed`] if `auth_id` cannot be one; [`Error::AccessDenied`] for who is no service and was not
    /// granted this; [`Error::Unknown`] if the record cannot be read.
    pub fn delete_user(&self, auth_id: &str) -> Result<(), Error> {
        fields::auth_id(auth_id)?;
        self.check_keeper("profile-delete", auth_id)?;
        if let Some(profile) = self.profiles().of(auth_id)? {
            self.profiles().remove(&profile);
            self.tell("user-deleted", &profile, &[]);
            self.succeed("profile-delete", &profile, &[]);
        }
        Ok(())
    }

    /// The profile `id`, if the principal may change it. To whoever may not, one that does not exist is like one that is
    /// somebody else's.
    fn changeable(&self, id: &str) -> Result<Profile, Error> {
        let account = self.profiles().account(id);
        let principal = self.ports.message().principal;
        let Some(principal) = principal.filter(|principal| principal.may(Scope::Write)) else {
            return Err(self.deny("profile-update", account.as_deref()));
        };
        let is_admin = principal.is_admin();
        match account {
            Some(account) if is_admin || account == principal.subject => {
                self.profiles().of(&account)?.ok_or(Error::NotFound)
            }
            None if is_admin => Err(Error::NotFound),
            account => Err(self.deny("profile-update", account.as_deref())),
        }
    }

    fn check_keeper(&self, action: &str, auth_id: &str) -> Result<(), Error> {
        if self.ports.message().may_keep_profiles() {
            return Ok(());
        }
        Err(self.deny(action, Some(auth_id)))
    }

    /// Publishes what happened. Whoever wants to know more reads the profile, if they may: an event outlives it.
    fn tell(&self, event: &str, profile: &Profile, changed: &[&str]) {
        let mut payload =
            json!({"id": profile.id, "auth_id": profile.auth_id, "at": self.ports.now()});
        if !changed.is_empty() {
            payload["changed"] = json!(changed);
        }
        self.ports
            .publish(event, &payload.to_string(), &profile.auth_id);
    }

    fn succeed(&self, action: &str, profile: &Profile, changed: &[&str]) {
        let changed = changed.join(" ");
        let detail = [("profile", profile.id.as_str()), ("changed", &changed)];
        let detail = if changed.is_empty() {
            &detail[..1]
        } else {
            &detail[..]
        };
        let subject = Some(profile.auth_id.as_str());
        self.ports.record(action, Outcome::Success, subject, detail);
    }

    fn deny(&self, action: &str, auth_id: Option<&str>) -> Error {
        self.ports.record(action, Outcome::Denied, auth_id, &[]);
        Error::AccessDenied
    }

    fn profiles(&self) -> Profiles<'_, P> {
        Profiles::new(self.ports)
    }
}
