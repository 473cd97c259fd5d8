//! The other channels, over the component's imports: nested calls.

use super::Imports;
use crate::channels::{Channels, Failed, Mails, Notice, PersonName, Profiles, Sessions, Unsent};
use crate::component::bindings::vestibule::{
    email::commands as email, token::commands as token, users::commands as users,
};
use crate::secret::Secret;

impl Channels for Imports {}

impl Mails for Imports {
    fn send_verification(&self, to: &str, token: &Secret, about: &str) -> Result<(), Unsent> {
        let request = email::SendVerifyEmailRequest {
            email: to.to_owned(),
            token: token.reveal().to_owned(),
            // Strangers would write to others by a name of their choice.
            first_name: None,
            last_name: None,
            about: Some(about.to_owned()),
        };
        email::send_verify_email(&request).map_err(Unsent::from)
    }

    fn send_reset(&self, to: &str, token: &Secret, about: &str) -> Result<(), Unsent> {
        let request = email::SendForgotPasswordEmailRequest {
            email: to.to_owned(),
            token: token.reveal().to_owned(),
            first_name: None,
            last_name: None,
            about: Some(about.to_owned()),
        };
        email::send_forgot_password_email(&request).map_err(Unsent::from)
    }

    fn send_notice(&self, to: &str, notice: Notice, about: &str) -> Result<(), Unsent> {
        let kind = match notice {
            Notice::PasswordChanged => email::Notice::PasswordChanged,
            Notice::SignUpAttempt => email::Notice::SignUpAttempt,
        };
        let request = email::SendNoticeRequest {
            email: to.to_owned(),
            kind,
            about: Some(about.to_owned()),
        };
        email::send_notice(&request).map_err(Unsent::from)
    }

    fn withdraw(&self, to: &str) -> Result<(), Unsent> {
        let request = email::WithdrawMailsRequest {
            email: to.to_owned(),
        };
        email::withdraw_mails(&request).map_err(Unsent::from)
    }
}

impl From<email::Error> for Unsent {
    fn from(error: email::Error) -> Self {
        Self::Failed(Failed(match error {
            email::Error::TooManyRequests(_) => return Self::TooMany,
            email::Error::Unknown => "unknown",
            email::Error::ValidationFailed(_) => "validation-failed",
            email::Error::AccessDenied => "access-denied",
        }))
    }
}

impl Sessions for Imports {
    fn end_sessions(&self, id: &str, except_session: Option<&str>) -> Result<(), Failed> {
        let request = token::RevokeSubjectRequest {
            id: id.to_owned(),
            except_session_id: except_session.map(str::to_owned),
        };
        token::revoke_subject(&request).map_err(|error| {
            Failed(match error {
                token::Error::ValidationFailed(_) => "validation-failed",
                token::Error::Unauthenticated => "unauthenticated",
                token::Error::AccessDenied => "access-denied",
                token::Error::TooManyRequests(_) => "too-many-requests",
            })
        })
    }
}

impl Profiles for Imports {
    fn add_profile(&self, id: &str, email: &str, name: &PersonName) -> Result<(), Failed> {
        let request = users::RegistrationRequest {
            auth_id: id.to_owned(),
            email: email.to_owned(),
            first_name: name.first.clone(),
            last_name: name.last.clone(),
        };
        match users::registration(&request) {
            // It was there before its account: a service may have made it.
            Ok(()) | Err(users::Error::DuplicateAuthId) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    fn remove_profile(&self, id: &str) -> Result<(), Failed> {
        let request = users::DeleteUserRequest {
            auth_id: id.to_owned(),
        };
        users::delete_user(&request).map_err(|error| failed(&error))
    }
}

fn failed(error: &users::Error) -> Failed {
    Failed(match error {
        users::Error::Unknown => "unknown",
        users::Error::NotFound => "not-found",
        users::Error::Conflict => "conflict",
        users::Error::ValidationFailed(_) => "validation-failed",
        users::Error::DuplicateAuthId => "duplicate-auth-id",
        users::Error::AccessDenied => "access-denied",
        users::Error::TooManyRequests(_) => "too-many-requests",
    })
}
