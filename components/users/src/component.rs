//! The component: bindings, export, delegation.

use bindings::exports::vestibule::users::commands as wit;
use bindings::vestibule::types::types::Violation;

use crate::error::Error;
use crate::profile::{Change, Profile};
use crate::service::{Registration, Service};
use crate::wasi::Imports;

#[expect(
    unsafe_code,
    reason = "generated: the canonical ABI is made of pointers"
)]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "users",
        generate_all,
    });
    use super::Component;
    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    fn registration(request: wit::RegistrationRequest) -> Result<(), wit::Error> {
        let request = Registration {
            auth_id: request.auth_id,
            email: request.email,
            first_name: request.first_name,
            last_name: request.last_name,
        };
        Ok(service().registration(request)?)
    }

    fn get_user_by_auth_id(
        request: wit::GetUserByAuthIdRequest,
    ) -> Result<wit::FoundUser, wit::Error> {
        let profile = service().get_user_by_auth_id(&request.auth_id)?;
        Ok(wit::FoundUser {
            user: profile.map(wit::User::from),
        })
    }

    fn update_user(request: wit::UpdateUserRequest) -> Result<wit::UpdatedUser, wit::Error> {
        let change = Change {
            first_name: request.first_name,
            last_name: request.last_name,
        };
        let profile = service().update_user(&request.id, change)?;
        Ok(wit::UpdatedUser {
            user: profile.into(),
        })
    }

    fn delete_user(request: wit::DeleteUserRequest) -> Result<(), wit::Error> {
        Ok(service().delete_user(&request.auth_id)?)
    }
}

fn service() -> Service<'static, Imports> {
    Service::new(&Imports)
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Unknown => Self::Unknown,
            Error::NotFound => Self::NotFound,
            Error::ValidationFailed(violations) => {
                let violations = violations.into_iter().map(|violation| Violation {
                    path: violation.path.to_owned(),
                    message: violation.message,
                });
                Self::ValidationFailed(violations.collect())
            }
            Error::DuplicateAuthId => Self::DuplicateAuthId,
            Error::AccessDenied => Self::AccessDenied,
        }
    }
}

impl From<Profile> for wit::User {
    fn from(profile: Profile) -> Self {
        Self {
            id: profile.id,
            email: profile.email,
            first_name: profile.first_name,
            last_name: profile.last_name,
        }
    }
}
