//! Steps that need no more than the bundled build is granted.

use std::sync::Mutex;

use crate::bindings::vestibule::api_tokens::commands as api_tokens;
use crate::bindings::vestibule::authorization::commands as authorization;
use crate::bindings::vestibule::capability::caller;
use crate::bindings::vestibule::token::commands as token;
use crate::bindings::vestibule::users::commands as users;
use crate::door::{Given, told};

/// What it would like to have in the next message.
static MEMORY: Mutex<Option<String>> = Mutex::new(None);

/// Does the step `name`, if it is one of these; what it saw.
pub(crate) fn step(name: &str, given: &Given<'_>) -> Option<String> {
    account(name, given)
        .or_else(|| address(name, given))
        .or_else(|| session(name, given))
        .or_else(|| rest(name, given))
}

/// Steps about an account that is named by its id.
fn account(name: &str, given: &Given<'_>) -> Option<String> {
    let id = given.text(0);
    Some(match name {
        "get-account" => {
            let request = authorization::GetAccountRequest { id };
            told(authorization::get_account(&request))
        }
        "change-password" => {
            let (current, new) = (given.text(1), given.text(2));
            let request = authorization::ChangePasswordRequest { id, current, new };
            told(authorization::change_password(&request))
        }
        "delete-account" => {
            let password = Some(given.text(1));
            let request = authorization::DeleteAccountRequest { id, password };
            told(authorization::delete_account(&request))
        }
        "get-profile" => {
            let request = users::GetUserByAuthIdRequest { auth_id: id };
            told(users::get_user_by_auth_id(&request))
        }
        "rename" => {
            let request = users::UpdateUserRequest {
                id,
                first_name: None,
                last_name: Some(given.text(1)),
            };
            told(users::update_user(&request))
        }
        _ => return None,
    })
}

/// Steps about an account that is named by its address, or by a token that was mailed to it.
fn address(name: &str, given: &Given<'_>) -> Option<String> {
    let (email, password) = (given.text(0), given.text(1));
    Some(match name {
        "get-user" => {
            let request = authorization::GetUserRequest { email, password };
            told(authorization::get_user(&request))
        }
        "sign-up" => {
            let request = authorization::SignUpRequest {
                email,
                password,
                first_name: None,
                last_name: None,
            };
            told(authorization::sign_up(&request))
        }
        "start-verification" => {
            let request = authorization::StartVerificationRequest { email };
            told(authorization::start_verification(&request))
        }
        "start-password-reset" => {
            let request = authorization::StartPasswordResetRequest { email };
            told(authorization::start_password_reset(&request))
        }
        "verify-email" => {
            let request = authorization::VerifyEmailRequest { token: email };
            told(authorization::verify_email(&request))
        }
        "reset-password" => {
            let token = email;
            let request = authorization::ResetPasswordRequest { token, password };
            told(authorization::reset_password(&request))
        }
        _ => return None,
    })
}

/// Steps about sessions.
fn session(name: &str, given: &Given<'_>) -> Option<String> {
    let id = given.text(0);
    Some(match name {
        "issue-session" => {
            let access_only = id == "access-only";
            let ends_by = None;
            let request = token::IssueSessionRequest {
                access_only,
                ends_by,
            };
            told(token::issue_session(request))
        }
        "refresh-session" => {
            let request = token::RefreshSessionRequest { refresh_token: id };
            told(token::refresh_session(&request))
        }
        "blacklist-tokens" => {
            let (refresh_token, access_token) = (id, given.text(1));
            told(token::blacklist_tokens(&token::BlacklistTokensRequest {
                refresh_token,
                access_token,
            }))
        }
        "list-sessions" => told(token::list_sessions(&token::SubjectRequest { id })),
        "end-session" => {
            let session_id = given.text(1);
            let request = token::EndSessionRequest { id, session_id };
            told(token::end_session(&request))
        }
        "end-all-sessions" => told(token::end_all_sessions()),
        _ => return None,
    })
}

fn rest(name: &str, given: &Given<'_>) -> Option<String> {
    Some(match name {
        "who" => caller::get()
            .principal
            .map_or("nobody".to_owned(), |principal| principal.subject),
        "delete-api-tokens" => told(api_tokens::delete_all()),
        "remember" => format!("{:?}", memory(Some(given.text(0)))),
        "recall" => format!("{:?}", memory(None)),
        _ => return None,
    })
}

/// What is remembered, after `text` was put there if it is given.
fn memory(text: Option<String>) -> Option<String> {
    let mut memory = MEMORY.lock().ok()?;
    if text.is_some() {
        *memory = text;
    }
    memory.clone()
}
