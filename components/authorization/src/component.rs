//! The component: bindings, export, delegation.

mod convert;

use bindings::exports::vestibule::authorization::commands as wit;

use crate::account::Account;
use crate::secret::Secret;
use crate::service::{NewToken, Registration, Service, SignUp};
use crate::wasi::Imports;

#[expect(
    unsafe_code,
    reason = "generated: the canonical ABI is made of pointers"
)]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "authorization",
        generate_all,
    });
    use super::Component;
    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    fn registration(request: wit::RegistrationRequest) -> Result<wit::Registered, wit::Error> {
        let registered = service().registration(&Registration {
            email: request.email,
            password: Secret::new(request.password),
            owner: request.owner.unwrap_or_default(),
        })?;
        Ok(wit::Registered {
            id: registered.id,
            signup_token: registered.signup_token.reveal().to_owned(),
        })
    }

    fn sign_up(request: wit::SignUpRequest) -> Result<(), wit::Error> {
        Ok(service().sign_up(&SignUp {
            email: request.email,
            password: Secret::new(request.password),
            first_name: request.first_name,
            last_name: request.last_name,
        })?)
    }

    fn cancel_registration(request: wit::CancelRegistrationRequest) -> Result<(), wit::Error> {
        Ok(service().cancel_registration(&request.id)?)
    }

    fn get_user(request: wit::GetUserRequest) -> Result<wit::FoundUser, wit::Error> {
        let found = service().get_user(&request.email, &Secret::new(request.password))?;
        Ok(wit::FoundUser {
            user: found.map(wit::User::from),
        })
    }

    fn save_token(request: wit::SaveTokenRequest) -> Result<(), wit::Error> {
        Ok(service().save_token(request.into())?)
    }

    fn get_access_token(
        request: wit::GetAccessTokenRequest,
    ) -> Result<wit::FoundAccessToken, wit::Error> {
        let token = Secret::new(request.access_token);
        let found = service().get_access_token(&token)?;
        Ok(wit::FoundAccessToken {
            token: found.map(|found| wit::SavedAccessToken {
                access_token: token.reveal().to_owned(),
                access_token_expires_at: found.expires_at,
                user: found.owner.into(),
            }),
        })
    }

    fn get_refresh_token(
        request: wit::GetRefreshTokenRequest,
    ) -> Result<wit::FoundRefreshToken, wit::Error> {
        let token = Secret::new(request.refresh_token);
        let found = service().get_refresh_token(&token)?;
        Ok(wit::FoundRefreshToken {
            token: found.map(|found| wit::SavedRefreshToken {
                refresh_token: token.reveal().to_owned(),
                refresh_token_expires_at: found.expires_at,
                user: found.owner.into(),
            }),
        })
    }

    fn revoke_token(request: wit::RevokeTokenRequest) -> Result<wit::Revocation, wit::Error> {
        let revoked = service().revoke_token(&request.into())?;
        Ok(wit::Revocation { revoked })
    }

    fn verify_scope(request: wit::VerifyScopeRequest) -> Result<wit::VerifiedScope, wit::Error> {
        let token = Secret::new(request.access_token);
        let scopes = request.scopes.unwrap_or_default();
        let verified = service().verify_scope(&token, &request.user.id, &scopes)?;
        Ok(wit::VerifiedScope { verified })
    }

    fn get_signup_token(
        request: wit::GetSignupTokenRequest,
    ) -> Result<wit::NewSignupToken, wit::Error> {
        let (id, token) = service()
            .get_signup_token(&request.email)?
            .map(|NewToken { id, token }| (id, token.reveal().to_owned()))
            .unzip();
        Ok(wit::NewSignupToken { id, token })
    }

    fn verify_email(request: wit::VerifyEmailRequest) -> Result<(), wit::Error> {
        Ok(service().verify_email(&Secret::new(request.token))?)
    }

    fn get_forgot_password_token(
        request: wit::GetForgotPasswordTokenRequest,
    ) -> Result<wit::ForgotPasswordToken, wit::Error> {
        let NewToken { id, token } = service().get_forgot_password_token(&request.email)?;
        Ok(wit::ForgotPasswordToken {
            id,
            token: token.reveal().to_owned(),
        })
    }

    fn reset_password(request: wit::ResetPasswordRequest) -> Result<(), wit::Error> {
        let (token, password) = (Secret::new(request.token), Secret::new(request.password));
        Ok(service().reset_password(&token, &password)?)
    }

    fn start_verification(request: wit::StartVerificationRequest) -> Result<(), wit::Error> {
        Ok(service().start_verification(&request.email)?)
    }

    fn start_password_reset(request: wit::StartPasswordResetRequest) -> Result<(), wit::Error> {
        Ok(service().start_password_reset(&request.email)?)
    }

    fn change_password(request: wit::ChangePasswordRequest) -> Result<(), wit::Error> {
        let (current, new) = (Secret::new(request.current), Secret::new(request.new));
        Ok(service().change_password(&request.id, &current, &new)?)
    }

    fn get_account(request: wit::GetAccountRequest) -> Result<wit::FoundAccount, wit::Error> {
        Ok(shown(service().get_account(&request.id)?))
    }

    fn find_account(request: wit::FindAccountRequest) -> Result<wit::FoundAccount, wit::Error> {
        Ok(shown(service().find_account(&request.email)?))
    }

    fn delete_account(request: wit::DeleteAccountRequest) -> Result<(), wit::Error> {
        let password = request.password.map(Secret::new);
        Ok(service().delete_account(&request.id, password.as_ref())?)
    }

    fn set_disabled(request: wit::SetDisabledRequest) -> Result<(), wit::Error> {
        Ok(service().set_disabled(&request.id, request.disabled)?)
    }

    fn set_roles(request: wit::SetRolesRequest) -> Result<(), wit::Error> {
        let roles = request.roles.into_iter().map(Into::into).collect();
        Ok(service().set_roles(&request.id, roles)?)
    }

    fn import_users(request: wit::ImportUsersRequest) -> Result<wit::ImportResult, wit::Error> {
        let users = request.users.into_iter().map(Into::into).collect();
        let outcomes = service().import_users(users)?;
        Ok(wit::ImportResult {
            results: outcomes.into_iter().map(Into::into).collect(),
        })
    }
}

/// An account, with what the installation's settings make of it.
fn shown(account: Option<Account>) -> wit::FoundAccount {
    let account = account.map(|account| wit::Account {
        verify_by: service().verify_by(&account),
        ..account.into()
    });
    wit::FoundAccount { account }
}

fn service() -> Service<'static, Imports> {
    Service::new(&Imports)
}
