//! The authorization channel.

use super::{Imports, violations};
use crate::component::bindings::vestibule::authorization::commands as wit;
use crate::error::Refused;
use crate::ports::{Account, Accounts, Passwords, Person, SignUp, SignUps};

impl SignUps for Imports {
    fn sign_up(&self, request: &SignUp<'_>) -> Result<(), Refused> {
        let request = wit::SignUpRequest {
            email: request.email.to_owned(),
            password: request.password.to_owned(),
            first_name: request.first_name.map(str::to_owned),
            last_name: request.last_name.map(str::to_owned),
        };
        Ok(wit::sign_up(&request)?)
    }

    fn verify_email(&self, token: &str) -> Result<(), Refused> {
        let token = token.to_owned();
        Ok(wit::verify_email(&wit::VerifyEmailRequest { token })?)
    }

    fn start_verification(&self, email: &str) -> Result<(), Refused> {
        let email = email.to_owned();
        let request = wit::StartVerificationRequest { email };
        Ok(wit::start_verification(&request)?)
    }
}

impl Passwords for Imports {
    fn get_user(&self, email: &str, password: &str) -> Result<Option<Person>, Refused> {
        let request = wit::GetUserRequest {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        let found = wit::get_user(&request)?;
        Ok(found.user.map(|user| Person {
            id: user.id,
            is_email_verified: user.is_email_verified,
        }))
    }

    fn start_password_reset(&self, email: &str) -> Result<(), Refused> {
        let email = email.to_owned();
        let request = wit::StartPasswordResetRequest { email };
        Ok(wit::start_password_reset(&request)?)
    }

    fn reset_password(&self, token: &str, password: &str) -> Result<(), Refused> {
        let request = wit::ResetPasswordRequest {
            token: token.to_owned(),
            password: password.to_owned(),
        };
        Ok(wit::reset_password(&request)?)
    }

    fn change_password(&self, id: &str, current: &str, new: &str) -> Result<(), Refused> {
        let request = wit::ChangePasswordRequest {
            id: id.to_owned(),
            current: current.to_owned(),
            new: new.to_owned(),
        };
        Ok(wit::change_password(&request)?)
    }
}

impl Accounts for Imports {
    fn get_account(&self, id: &str) -> Result<Option<Account>, Refused> {
        let id = id.to_owned();
        let found = wit::get_account(&wit::GetAccountRequest { id })?;
        Ok(found.account.map(Account::from))
    }

    fn delete_account(&self, id: &str, password: &str) -> Result<(), Refused> {
        let request = wit::DeleteAccountRequest {
            id: id.to_owned(),
            password: Some(password.to_owned()),
        };
        Ok(wit::delete_account(&request)?)
    }
}

impl From<wit::Account> for Account {
    fn from(account: wit::Account) -> Self {
        Self {
            email: account.email,
            is_email_verified: account.is_email_verified,
            registered_at: account.registered_at,
            verify_by: account.verify_by,
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
            wit::Error::DuplicateEmail => Self::Other("duplicate-email"),
            wit::Error::AccessDenied => Self::AccessDenied,
            wit::Error::TooManyRequests(retry_after) => Self::TooManyRequests(retry_after),
        }
    }
}
