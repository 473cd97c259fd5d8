//! The commands of the accounts channel, as somebody would replace them: a script comes in where a request should, and what
//! each of its steps saw goes out where a session or a profile should.
//!
//! `sign-in` takes it as the e-mail, on the plane of strangers and that of services, and `update-profile` as the last name,
//! on that of users. A step is a line: its name and what it is given, with `|` between them. What a step saw is a line, too.

use std::fmt::Debug;

use crate::bindings::exports::vestibule::accounts::commands as wit;

pub(crate) struct Door;

/// What a step is given.
pub(crate) struct Given<'a>(Vec<&'a str>);

impl Given<'_> {
    /// What stands at this place, from 0; nothing if nothing does.
    pub(crate) fn text(&self, at: usize) -> String {
        self.0.get(at).copied().unwrap_or_default().to_owned()
    }
}

/// What a call came to, whole: whoever replaced this build would like to have it.
pub(crate) fn told<T: Debug, E: Debug>(answer: Result<T, E>) -> String {
    format!("{answer:?}")
}

fn play(script: &str) -> String {
    let saw: Vec<String> = script.lines().map(step).collect();
    saw.join("\n")
}

fn step(line: &str) -> String {
    let mut words = line.split('|');
    let name = words.next().unwrap_or_default();
    crate::step(name, &Given(words.collect())).unwrap_or_else(|| format!("no step {name}"))
}

impl wit::Guest for Door {
    fn sign_in(request: wit::SignInRequest) -> Result<wit::Session, wit::Error> {
        Ok(wit::Session {
            access_token: play(&request.email),
            access_expires_at: 0,
            refresh_token: None,
            refresh_expires_at: None,
            session_id: String::new(),
        })
    }

    fn update_profile(request: wit::UpdateProfileRequest) -> Result<wit::OwnProfile, wit::Error> {
        Ok(wit::OwnProfile {
            id: play(&request.last_name.unwrap_or_default()),
            email: String::new(),
            is_email_verified: false,
            first_name: None,
            last_name: None,
            registered_at: 0,
        })
    }

    fn sign_up(_: wit::SignUpRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn refresh_session(_: wit::RefreshSessionRequest) -> Result<wit::Session, wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn sign_out(_: wit::SignOutRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn verify_email(_: wit::VerifyEmailRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn resend_verification(_: wit::ResendVerificationRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn reset_password(_: wit::ResetPasswordRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn new_password(_: wit::NewPasswordRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn is_email_verified(
        _: wit::IsEmailVerifiedRequest,
    ) -> Result<wit::EmailVerification, wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn profile() -> Result<wit::OwnProfile, wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn change_password(_: wit::ChangePasswordRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn list_sessions() -> Result<wit::SessionList, wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn end_session(_: wit::EndSessionRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn end_all_sessions() -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn delete_account(_: wit::DeleteAccountRequest) -> Result<(), wit::Error> {
        Err(wit::Error::NotFound)
    }

    fn token_authorization() -> Result<wit::Session, wit::Error> {
        Err(wit::Error::NotFound)
    }
}
