//! The commands, over channels in memory.

mod audit;
mod credentials;
mod delete;
mod limits;
mod passwords;
mod profile;
mod sessions;
mod sign_in;
mod sign_up;
mod token_authorization;
mod uniform;

use crate::error::Error;
use crate::ports::{Session, SignUp};
use crate::service::Service;
use crate::testing::{PASSWORD, World};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// Somebody's address.
const ANN: &str = "ann@example.org";

/// Somebody else's.
const BOB: &str = "bob@example.org";

/// Nobody's.
const NOBODY: &str = "nobody@example.org";

/// A world with an active account for [`ANN`], and its id.
fn with_ann() -> (World, String) {
    let world = World::default();
    let id = world.state.borrow_mut().person(ANN);
    (world, id)
}

/// A session that begins by the usual password.
fn signed_in(world: &World, email: &str) -> Session {
    let session = world
        .anybody()
        .ask(|service| service.sign_in(email, PASSWORD));
    session.expect("a session")
}

/// A session that an API token of `subject` begins.
fn authorized(world: &World, subject: &str, scopes: &[&str]) -> Session {
    let session = world
        .with_api_token(subject, scopes)
        .ask(|service| service.token_authorization());
    session.expect("a session")
}

fn sign_up<'a>(email: &'a str, password: &'a str) -> SignUp<'a> {
    SignUp {
        email,
        password,
        first_name: Some("Ann"),
        last_name: None,
    }
}

/// The fields that a refusal names.
fn paths<T>(answer: Result<T, Error>) -> Vec<String> {
    match answer {
        Err(Error::ValidationFailed(violations)) => {
            violations.into_iter().map(|it| it.path).collect()
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was not refused"),
    }
}

/// A command with some request.
type Ask = fn(&Service<'_, World>) -> Result<(), Error>;

/// What anybody may ask.
const PUBLIC: [(&str, Ask); 8] = [
    ("sign-up", |it| it.sign_up(&sign_up(NOBODY, PASSWORD))),
    ("sign-in", |it| it.sign_in(ANN, PASSWORD).map(drop)),
    ("refresh-session", |it| it.refresh_session("x").map(drop)),
    ("sign-out", |it| it.sign_out("x")),
    ("verify-email", |it| it.verify_email("x")),
    ("resend-verification", |it| it.resend_verification(ANN)),
    ("reset-password", |it| it.reset_password(ANN)),
    ("new-password", |it| it.new_password("x", PASSWORD)),
];

/// What needs a session.
const OF_SESSIONS: [(&str, Ask); 5] = [
    ("change-password", |it| {
        it.change_password(PASSWORD, "another password")
    }),
    ("list-sessions", |it| it.list_sessions().map(drop)),
    ("end-session", |it| it.end_session("x")),
    ("end-all-sessions", |it| it.end_all_sessions()),
    ("delete-account", |it| it.delete_account(PASSWORD)),
];

/// What needs a scope, if the credential is limited.
const OF_SCOPES: [(&str, Ask, &[&str]); 3] = [
    (
        "is-email-verified",
        |it| it.is_email_verified(None).map(drop),
        &["profile:read"],
    ),
    ("profile", |it| it.profile().map(drop), &["profile:read"]),
    (
        "update-profile",
        |it| it.update_profile(Some("Anna"), None).map(drop),
        &["profile:read", "profile:write"],
    ),
];

/// What needs an API token.
const OF_API_TOKENS: (&str, Ask) = ("token-authorization", |it| {
    it.token_authorization().map(drop)
});
