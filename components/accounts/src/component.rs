//! The component: bindings, export, delegation.

use bindings::exports::vestibule::accounts::commands as wit;
use bindings::vestibule::types::types as shared;

use crate::error::{Error, Violation};
use crate::ports::{Session, SignUp};
use crate::service::{OwnProfile, Service, SessionInfo};
use crate::wasi::Imports;

#[expect(
    unsafe_code,
    reason = "generated: the canonical ABI is made of pointers"
)]
pub(crate) mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "accounts",
        generate_all,
    });
    use super::Component;
    export!(Component);
}

struct Component;

impl wit::Guest for Component {
    fn sign_up(request: wit::SignUpRequest) -> Result<(), wit::Error> {
        let request = SignUp {
            email: &request.email,
            password: &request.password,
            first_name: request.first_name.as_deref(),
            last_name: request.last_name.as_deref(),
        };
        Ok(service().sign_up(&request)?)
    }

    fn sign_in(request: wit::SignInRequest) -> Result<wit::Session, wit::Error> {
        let session = service().sign_in(&request.email, &request.password)?;
        Ok(session.into())
    }

    fn refresh_session(request: wit::RefreshSessionRequest) -> Result<wit::Session, wit::Error> {
        Ok(service().refresh_session(&request.refresh_token)?.into())
    }

    fn sign_out(request: wit::SignOutRequest) -> Result<(), wit::Error> {
        Ok(service().sign_out(&request.refresh_token)?)
    }

    fn verify_email(request: wit::VerifyEmailRequest) -> Result<(), wit::Error> {
        Ok(service().verify_email(&request.token)?)
    }

    fn resend_verification(request: wit::ResendVerificationRequest) -> Result<(), wit::Error> {
        Ok(service().resend_verification(&request.email)?)
    }

    fn reset_password(request: wit::ResetPasswordRequest) -> Result<(), wit::Error> {
        Ok(service().reset_password(&request.email)?)
    }

    fn new_password(request: wit::NewPasswordRequest) -> Result<(), wit::Error> {
        Ok(service().new_password(&request.code, &request.password)?)
    }

    fn is_email_verified(
        request: wit::IsEmailVerifiedRequest,
    ) -> Result<wit::EmailVerification, wit::Error> {
        let verified = service().is_email_verified(request.email.as_deref())?;
        Ok(wit::EmailVerification { verified })
    }

    fn profile() -> Result<wit::OwnProfile, wit::Error> {
        Ok(service().profile()?.into())
    }

    fn update_profile(request: wit::UpdateProfileRequest) -> Result<wit::OwnProfile, wit::Error> {
        let (first_name, last_name) = (request.first_name.as_deref(), request.last_name.as_deref());
        Ok(service().update_profile(first_name, last_name)?.into())
    }

    fn change_password(request: wit::ChangePasswordRequest) -> Result<(), wit::Error> {
        Ok(service().change_password(&request.current, &request.new)?)
    }

    fn list_sessions() -> Result<wit::SessionList, wit::Error> {
        let sessions = service().list_sessions()?;
        Ok(wit::SessionList {
            sessions: sessions.into_iter().map(wit::SessionInfo::from).collect(),
        })
    }

    fn end_session(request: wit::EndSessionRequest) -> Result<(), wit::Error> {
        Ok(service().end_session(&request.session_id)?)
    }

    fn end_all_sessions() -> Result<(), wit::Error> {
        Ok(service().end_all_sessions()?)
    }

    fn delete_account(request: wit::DeleteAccountRequest) -> Result<(), wit::Error> {
        Ok(service().delete_account(&request.password)?)
    }

    fn token_authorization() -> Result<wit::Session, wit::Error> {
        Ok(service().token_authorization()?.into())
    }
}

fn service() -> Service<'static, Imports> {
    Service::new(&Imports)
}

impl From<Error> for wit::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Unknown(_) => Self::Unknown,
            Error::NotFound => Self::NotFound,
            Error::ValidationFailed(violations) => {
                Self::ValidationFailed(violations.into_iter().map(Violation::into).collect())
            }
            Error::Unauthenticated => Self::Unauthenticated,
            Error::AccessDenied => Self::AccessDenied,
            Error::TooManyRequests(retry_after) => Self::TooManyRequests(retry_after),
        }
    }
}

impl From<Violation> for shared::Violation {
    fn from(violation: Violation) -> Self {
        Self {
            path: violation.path,
            message: violation.message,
        }
    }
}

impl From<Session> for wit::Session {
    fn from(session: Session) -> Self {
        Self {
            access_token: session.access_token,
            access_expires_at: session.access_expires_at,
            refresh_token: session.refresh_token,
            refresh_expires_at: session.refresh_expires_at,
            session_id: session.session_id,
        }
    }
}

impl From<OwnProfile> for wit::OwnProfile {
    fn from(profile: OwnProfile) -> Self {
        Self {
            id: profile.id,
            email: profile.email,
            is_email_verified: profile.is_email_verified,
            first_name: profile.first_name,
            last_name: profile.last_name,
            registered_at: profile.registered_at,
        }
    }
}

impl From<SessionInfo> for wit::SessionInfo {
    fn from(SessionInfo { session, current }: SessionInfo) -> Self {
        Self {
            session_id: session.session_id,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            idle_expires_at: session.idle_expires_at,
            expires_at: session.expires_at,
            current,
        }
    }
}
