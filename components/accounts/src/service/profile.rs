//! Who one is, as the installation knows it.

use email_address::EmailAddress;

use super::Service;
use crate::error::Error;
use crate::person::Needs;
use crate::ports::{Account, Ports, User};

const READ: Needs = Needs::Scopes(&["profile:read"]);

/// A change is answered with all of the profile, so it needs both.
const WRITE: Needs = Needs::Scopes(&["profile:read", "profile:write"]);

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnProfile {
    /// The account's id.
    pub id: String,
    /// E-mail, in the form it was given.
    pub email: String,
    /// Whether the address was proved.
    pub is_email_verified: bool,
    /// First name.
    pub first_name: Option<String>,
    /// Last name; none for an account without a profile.
    pub last_name: Option<String>,
    /// When the account began, in Unix milliseconds.
    pub registered_at: u64,
}

impl<P: Ports> Service<'_, P> {
    /// Whether the address of one's account is verified; not, if `email` is another one.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] without a credential that has `profile:read` or is not limited; [`Error::NotFound`] for
    /// somebody who has no account; [`Error::TooManyRequests`].
    pub fn is_email_verified(&self, email: Option<&str>) -> Result<bool, Error> {
        let person = self.admit("is-email-verified", READ)?;
        let account = self.account(&person.subject);
        let account = self.granted("is-email-verified", Some(&person.subject), account)?;
        let another = email.filter(|email| !email.is_empty() && !is_same(email, &account.email));
        Ok(account.is_email_verified && another.is_none())
    }

    /// One's account and profile.
    ///
    /// # Errors
    /// As [`is_email_verified`](Self::is_email_verified).
    pub fn profile(&self) -> Result<OwnProfile, Error> {
        let person = self.admit("profile", READ)?;
        let profile = self.read(&person.subject);
        self.granted("profile", Some(&person.subject), profile)
    }

    /// Changes one's names: what is not given stays, an empty first name goes.
    ///
    /// # Errors
    /// [`Error::AccessDenied`] without a credential that has `profile:read` and `profile:write` or is not limited;
    /// [`Error::NotFound`] for somebody who has no account or no profile; [`Error::ValidationFailed`] for a name that
    /// breaks a rule; [`Error::TooManyRequests`].
    pub fn update_profile(
        &self,
        first_name: Option<&str>,
        last_name: Option<&str>,
    ) -> Result<OwnProfile, Error> {
        let person = self.admit("update-profile", WRITE)?;
        let changed = self.change(&person.subject, first_name, last_name);
        self.decided("update-profile", Some(&person.subject), changed)
    }

    fn read(&self, id: &str) -> Result<OwnProfile, Error> {
        let account = self.account(id)?;
        let user = self.ports.get_user_by_auth_id(id)?;
        Ok(OwnProfile::new(id, account, user))
    }

    fn change(
        &self,
        id: &str,
        first_name: Option<&str>,
        last_name: Option<&str>,
    ) -> Result<OwnProfile, Error> {
        let account = self.account(id)?;
        let user = self.ports.get_user_by_auth_id(id)?;
        let user = user.ok_or(Error::NotFound)?;
        let user = self.ports.update_user(&user.id, first_name, last_name)?;
        Ok(OwnProfile::new(id, account, Some(user)))
    }

    fn account(&self, id: &str) -> Result<Account, Error> {
        self.ports.get_account(id)?.ok_or(Error::NotFound)
    }
}

/// Whether two texts are one address.
fn is_same(one: &str, other: &str) -> bool {
    let canonical = |text| EmailAddress::parse(text).map(|address| address.canonical().to_owned());
    matches!((canonical(one), canonical(other)), (Ok(one), Ok(other)) if one == other)
}

impl OwnProfile {
    fn new(id: &str, account: Account, user: Option<User>) -> Self {
        let (first_name, last_name) = user
            .map(|user| (user.first_name, Some(user.last_name)))
            .unwrap_or_default();
        Self {
            id: id.to_owned(),
            email: account.email,
            is_email_verified: account.is_email_verified,
            first_name,
            last_name,
            registered_at: account.registered_at,
        }
    }
}
