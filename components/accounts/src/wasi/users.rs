//! The users channel.

use super::{Imports, violations};
use crate::component::bindings::vestibule::users::commands as wit;
use crate::error::Refused;
use crate::ports::{Profiles, User};

impl Profiles for Imports {
    fn get_user_by_auth_id(&self, auth_id: &str) -> Result<Option<User>, Refused> {
        let auth_id = auth_id.to_owned();
        let found = wit::get_user_by_auth_id(&wit::GetUserByAuthIdRequest { auth_id })?;
        Ok(found.user.map(User::from))
    }

    fn update_user(
        &self,
        id: &str,
        first_name: Option<&str>,
        last_name: Option<&str>,
    ) -> Result<User, Refused> {
        let request = wit::UpdateUserRequest {
            id: id.to_owned(),
            first_name: first_name.map(str::to_owned),
            last_name: last_name.map(str::to_owned),
        };
        Ok(wit::update_user(&request)?.user.into())
    }
}

impl From<wit::User> for User {
    fn from(user: wit::User) -> Self {
        Self {
            id: user.id,
            first_name: user.first_name,
            last_name: user.last_name,
        }
    }
}

impl From<wit::Error> for Refused {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Unknown => Self::Other("unknown"),
            wit::Error::NotFound => Self::NotFound,
            wit::Error::Conflict => Self::Other("conflict"),
            wit::Error::ValidationFailed(broken) => Self::ValidationFailed(violations(broken)),
            wit::Error::DuplicateAuthId => Self::Other("duplicate-auth-id"),
            wit::Error::AccessDenied => Self::AccessDenied,
            wit::Error::TooManyRequests(retry_after) => Self::TooManyRequests(retry_after),
        }
    }
}
