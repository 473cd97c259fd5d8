//! What the service needs of the world around it.
//!
//! The traits mirror the channels and capabilities of the world `accounts`, cut down to what is used here, and keep their
//! promises. Whose account it is, is an id that those channels check once more. Moments are Unix milliseconds.

use crate::error::Refused;

/// Everything the service needs, in one bound.
pub trait Ports:
    SignUps + Passwords + Accounts + Profiles + Sessions + OwnSessions + ApiTokens + Around
{
}

/// Of the authorization channel: becoming somebody.
pub trait SignUps {
    /// Makes a pending account and mails the verification; the same answer if there is one for this address.
    fn sign_up(&self, request: &SignUp<'_>) -> Result<(), Refused>;

    /// Verifies the address that `token` was mailed to.
    fn verify_email(&self, token: &str) -> Result<(), Refused>;

    /// Mails a new verification link; the same answer if nobody needs one.
    fn start_verification(&self, email: &str) -> Result<(), Refused>;
}

/// Of the authorization channel: passwords, which it alone judges.
pub trait Passwords {
    /// Whose e-mail and password these are, if they are anybody's. Establishes them as the message's principal,
    /// unless their address stayed unverified too long or another subject is known already.
    fn get_user(&self, email: &str, password: &str) -> Result<Option<Person>, Refused>;

    /// Mails a link for a new password; the same answer if nobody has this address.
    fn start_password_reset(&self, email: &str) -> Result<(), Refused>;

    /// Sets a new password by the token that was mailed, and ends every session.
    fn reset_password(&self, token: &str, password: &str) -> Result<(), Refused>;

    /// Sets a new password by the one before, and ends every other session.
    fn change_password(&self, id: &str, current: &str, new: &str) -> Result<(), Refused>;
}

/// Of the authorization channel: accounts by their id.
pub trait Accounts {
    /// The account, if there is one.
    fn get_account(&self, id: &str) -> Result<Option<Account>, Refused>;

    /// Deletes the account with its sessions and profile.
    fn delete_account(&self, id: &str, password: &str) -> Result<(), Refused>;
}

/// Of the users channel.
pub trait Profiles {
    /// The profile of an account, if it has one.
    fn get_user_by_auth_id(&self, auth_id: &str) -> Result<Option<User>, Refused>;

    /// Changes the names that are given, in the profile with the id `id`, and answers it.
    fn update_user(
        &self,
        id: &str,
        first_name: Option<&str>,
        last_name: Option<&str>,
    ) -> Result<User, Refused>;
}

/// Of the token channel: sessions by their tokens.
pub trait Sessions {
    /// Begins a session for whoever proved who they are in this message, over by `ends_by` if that is given.
    fn issue_session(&self, access_only: bool, ends_by: Option<u64>) -> Result<Session, Refused>;

    /// Rotates a refresh token: whose session it is, and its tokens.
    fn refresh_session(&self, refresh_token: &str) -> Result<(String, Session), Refused>;

    /// Ends the session of a refresh token; anything else has no effect.
    fn blacklist_refresh_token(&self, refresh_token: &str) -> Result<(), Refused>;
}

/// Of the token channel: the sessions of whom the message acts for.
pub trait OwnSessions {
    /// Their living sessions, oldest first.
    fn list_sessions(&self, id: &str) -> Result<Vec<LiveSession>, Refused>;

    /// Ends one of them; what is none of them has no effect.
    fn end_session(&self, id: &str, session_id: &str) -> Result<(), Refused>;

    /// Ends all of them.
    fn end_all_sessions(&self) -> Result<(), Refused>;
}

/// Of the api-tokens channel.
pub trait ApiTokens {
    /// Removes all tokens of whom the message acts for.
    fn delete_all(&self) -> Result<(), Refused>;
}

/// The capabilities: who asks, how often, and what is remembered of it.
pub trait Around {
    /// The message as it stands now.
    fn message(&self) -> Message;

    /// Takes one from `bucket` for `key`; none left: in how many milliseconds there will be one.
    fn take(&self, bucket: &str, key: &str) -> Option<u64>;

    /// Writes an audit record, whatever the answer will be.
    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    );

    /// Tells the operator of something that should not happen.
    fn warn(&self, line: &str);
}

/// Who signs up. It holds a password, so it cannot be printed.
pub struct SignUp<'a> {
    /// E-mail.
    pub email: &'a str,
    /// Password.
    pub password: &'a str,
    /// First name.
    pub first_name: Option<&'a str>,
    /// Last name.
    pub last_name: Option<&'a str>,
}

/// Whose e-mail and password somebody presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their account.
    pub id: String,
    /// Whether they proved that the address is theirs.
    pub is_email_verified: bool,
}

/// An account, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// E-mail, in the form it was given.
    pub email: String,
    /// Whether the address was proved.
    pub is_email_verified: bool,
    /// When the account began.
    pub registered_at: u64,
    /// Until when the address is to be proved; none: it was.
    pub verify_by: Option<u64>,
}

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The profile's own id.
    pub id: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name; perhaps empty.
    pub last_name: String,
}

/// A session's tokens. They are credentials, so they cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Access token.
    pub access_token: String,
    /// When it expires.
    pub access_expires_at: u64,
    /// Refresh token; none in an access-only session.
    pub refresh_token: Option<String>,
    /// When it expires if it is not used.
    pub refresh_expires_at: Option<u64>,
    /// The session's id.
    pub session_id: String,
}

/// One living session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// Its id.
    pub session_id: String,
    /// When it began.
    pub created_at: u64,
    /// When its tokens were last rotated.
    pub refreshed_at: u64,
    /// When it ends if it is not used again.
    pub idle_expires_at: u64,
    /// When it ends in any case.
    pub expires_at: u64,
}

/// What the service needs to know of its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// By which door it came in.
    pub plane: Plane,
    /// The client's address; none: unknown, or not from a network.
    pub remote_address: Option<String>,
    /// The identity that is known in this message.
    pub principal: Option<Principal>,
}

/// A door for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// A service with a service key.
    Service,
    /// A person or a program with a credential of its own.
    User,
    /// Anybody.
    Public,
}

/// An identity, and how it was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Whose.
    pub subject: String,
    /// What the credential is limited to; none: not limited.
    pub scopes: Option<Vec<String>>,
    /// The session the credential belongs to, if any.
    pub session: Option<String>,
    /// How it was proved (RFC 8176); `acting` if a service only says so.
    pub methods: Vec<String>,
}

/// How an audited decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Granted, done.
    Success,
    /// Refused.
    Denied,
    /// It could not be decided.
    Failure,
}
