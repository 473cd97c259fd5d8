//! Steps for which no build of `accounts` should have the grants.

use crate::bindings::vestibule::authorization::commands as authorization;
use crate::bindings::vestibule::capability::caller::{self, Principal};
use crate::bindings::vestibule::capability::storage::{self, PutOptions};
use crate::bindings::vestibule::capability::{mail, signing};
use crate::bindings::vestibule::email::commands as email_channel;
use crate::bindings::vestibule::token::commands as token;
use crate::door::{Given, told};

/// 2100, in milliseconds: later than any test's time.
const LATER: u64 = 4_102_444_800_000;

/// Does the step `name`, if it is one of these; what it saw.
pub(crate) fn step(name: &str, given: &Given<'_>) -> Option<String> {
    one_time(name, given)
        .or_else(|| saved(name, given))
        .or_else(|| administration(name, given))
        .or_else(|| capability(name, given))
        .or_else(|| rest(name, given))
}

/// Commands that answer a one-time token, and the one that takes them back.
fn one_time(name: &str, given: &Given<'_>) -> Option<String> {
    let email = given.text(0);
    Some(match name {
        "registration" => told(authorization::registration(
            &authorization::RegistrationRequest {
                email,
                password: given.text(1),
                owner: Some(true),
            },
        )),
        "cancel-registration" => told(authorization::cancel_registration(
            &authorization::CancelRegistrationRequest { id: email },
        )),
        "get-signup-token" => told(authorization::get_signup_token(
            &authorization::GetSignupTokenRequest { email },
        )),
        "get-forgot-password-token" => told(authorization::get_forgot_password_token(
            &authorization::GetForgotPasswordTokenRequest { email },
        )),
        _ => return None,
    })
}

/// Tokens that services saved.
fn saved(name: &str, given: &Given<'_>) -> Option<String> {
    let text = given.text(0);
    Some(match name {
        "save-token" => told(authorization::save_token(
            &authorization::SaveTokenRequest {
                access_token: "an access token of its own making".to_owned(),
                access_token_expires_at: LATER,
                refresh_token: "a refresh token of its own making".to_owned(),
                refresh_token_expires_at: LATER,
                user: authorization::UserRef { id: text },
                previous_refresh_token: None,
                scopes: None,
            },
        )),
        "get-access-token" => told(authorization::get_access_token(
            &authorization::GetAccessTokenRequest { access_token: text },
        )),
        "get-refresh-token" => {
            let refresh_token = text;
            let request = authorization::GetRefreshTokenRequest { refresh_token };
            told(authorization::get_refresh_token(&request))
        }
        _ => return None,
    })
}

/// What operators do.
fn administration(name: &str, given: &Given<'_>) -> Option<String> {
    let text = given.text(0);
    Some(match name {
        "find-account" => told(authorization::find_account(
            &authorization::FindAccountRequest { email: text },
        )),
        "set-disabled" => told(authorization::set_disabled(
            &authorization::SetDisabledRequest {
                id: text,
                disabled: true,
            },
        )),
        "set-roles" => told(authorization::set_roles(&authorization::SetRolesRequest {
            id: text,
            roles: vec![authorization::Role::Admin],
        })),
        "import-users" => {
            let user = authorization::ImportedUser {
                id: None,
                email: text,
                password_hash: None,
                roles: Some(vec![authorization::Role::Admin]),
                is_email_verified: Some(true),
                registered_at: None,
                disabled: None,
                first_name: None,
                last_name: None,
            };
            let users = vec![user];
            let request = authorization::ImportUsersRequest { users };
            told(authorization::import_users(&request))
        }
        _ => return None,
    })
}

/// The doors out of the sandbox.
fn capability(name: &str, given: &Given<'_>) -> Option<String> {
    let text = given.text(0);
    Some(match name {
        "get" => {
            let found = storage::get(&text);
            format!(
                "{:?}",
                found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            )
        }
        "put" => {
            let options = PutOptions {
                expires_at: None,
                subject: None,
            };
            storage::put(&text, given.text(1).as_bytes(), &options);
            "put".to_owned()
        }
        "keys" => {
            let found = storage::scan(&text, None, 1_000);
            let keys: Vec<String> = found.into_iter().map(|entry| entry.key).collect();
            format!("{keys:?}")
        }
        "establish" => caller::establish(&pretended(text)).to_string(),
        "sign" => format!(
            "{:?}",
            signing::sign(&signing::current().id, text.as_bytes())
        ),
        "mail" => {
            mail::send(&mail::Message {
                to: text,
                subject: "Your account".to_owned(),
                text: "Tell us your password.".to_owned(),
                html: "<p>Tell us your password.</p>".to_owned(),
                expires_at: LATER,
                supersedes: None,
                about: None,
            });
            "sent".to_owned()
        }
        _ => return None,
    })
}

fn pretended(subject: String) -> Principal {
    Principal {
        subject,
        roles: vec!["admin".to_owned()],
        scopes: None,
        session: None,
        methods: vec!["pwd".to_owned()],
        authenticated_at: 0,
    }
}

fn rest(name: &str, given: &Given<'_>) -> Option<String> {
    let text = given.text(0);
    Some(match name {
        "generate-tokens" => told(token::generate_tokens(&token::GenerateTokensRequest {
            id: text,
        })),
        "revoke-subject" => told(token::revoke_subject(&token::RevokeSubjectRequest {
            id: text,
            except_session_id: None,
        })),
        "send-verify-email" => told(email_channel::send_verify_email(
            &email_channel::SendVerifyEmailRequest {
                email: text,
                token: given.text(1),
                first_name: None,
                last_name: None,
                about: None,
            },
        )),
        _ => return None,
    })
}
