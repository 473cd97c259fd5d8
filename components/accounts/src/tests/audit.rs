//! What is remembered of a message, and what must not be.

use super::{
    ANN, Ask, NOBODY, OF_API_TOKENS, OF_SCOPES, OF_SESSIONS, PUBLIC, authorized, sign_up,
    signed_in, with_ann,
};
use crate::error::{Error, Refused};
use crate::ports::Outcome;
use crate::testing::{PASSWORD, World};

/// Each command of another channel, and a command here that asks for it.
fn asked() -> Vec<(&'static str, &'static str, Ask)> {
    let find = |name: &str| {
        let of_scopes = OF_SCOPES.iter().map(|(name, ask, _)| (*name, *ask));
        let all = PUBLIC.into_iter().chain(OF_SESSIONS).chain(of_scopes);
        let mut all = all.chain([OF_API_TOKENS]);
        all.find(|(known, _)| *known == name).unwrap()
    };
    let pairs = [
        ("authorization/sign-up", "sign-up"),
        ("authorization/get-user", "sign-in"),
        ("token/issue-session", "sign-in"),
        ("token/issue-session", "token-authorization"),
        ("token/refresh-session", "refresh-session"),
        ("token/blacklist-tokens", "sign-out"),
        ("authorization/verify-email", "verify-email"),
        ("authorization/start-verification", "resend-verification"),
        ("authorization/start-password-reset", "reset-password"),
        ("authorization/reset-password", "new-password"),
        ("authorization/get-account", "is-email-verified"),
        ("authorization/get-account", "profile"),
        ("users/get-user-by-auth-id", "profile"),
        ("authorization/get-account", "update-profile"),
        ("users/get-user-by-auth-id", "update-profile"),
        ("users/update-user", "update-profile"),
        ("authorization/change-password", "change-password"),
        ("token/list-sessions", "list-sessions"),
        ("token/end-session", "end-session"),
        ("token/end-all-sessions", "end-all-sessions"),
        ("authorization/delete-account", "delete-account"),
        ("api-tokens/delete-all", "delete-account"),
    ];
    let pairs = pairs.into_iter().map(|(theirs, ours)| {
        let (ours, ask) = find(ours);
        (theirs, ours, ask)
    });
    pairs.collect()
}

/// A world in which the next message has the credential that `command` needs.
fn prepared(command: &str) -> World {
    let (world, id) = with_ann();
    let session = signed_in(&world, ANN);
    match command {
        "token-authorization" => world.with_api_token(&id, &["*"]),
        _ if PUBLIC.iter().any(|(public, _)| *public == command) => world.anybody(),
        _ => world.with(&session),
    };
    world.audit.borrow_mut().clear();
    world
}

// C06
#[test]
fn every_refusal_of_another_channel_is_answered_and_recorded() {
    let refusals = [
        (Refused::NotFound, Error::NotFound),
        (
            Refused::ValidationFailed(Vec::new()),
            Error::ValidationFailed(Vec::new()),
        ),
        (Refused::Unauthenticated, Error::Unauthenticated),
        (Refused::AccessDenied, Error::AccessDenied),
        (Refused::TooManyRequests(7), Error::TooManyRequests(7)),
    ];
    for (theirs, ours, ask) in asked() {
        for (refused, error) in refusals.clone() {
            let world = prepared(ours);
            world.break_down(theirs, refused);
            let answer = world.ask(|service| ask(&service));
            assert_eq!(answer, Err(error.clone()), "{theirs}, {ours}");
            let audit = world.audit.borrow();
            let [record] = audit.as_slice() else {
                panic!("{ours}: {audit:?}")
            };
            assert_eq!((&*record.action, record.outcome), (ours, Outcome::Denied));
            let reason = ("reason".to_owned(), error.reason().to_owned());
            assert_eq!(record.detail, [reason]);
            assert!(world.log.borrow().is_empty());
        }
    }
}

#[test]
fn what_another_channel_should_not_answer_is_unknown_to_the_caller_and_known_to_the_operator() {
    for (theirs, ours, ask) in asked() {
        let world = prepared(ours);
        world.break_down(theirs, Refused::Other("conflict"));
        let answer = world.ask(|service| ask(&service));
        assert_eq!(answer, Err(Error::Unknown("conflict")), "{theirs}, {ours}");
        let audit = world.audit.borrow();
        let [record] = audit.as_slice() else {
            panic!("{ours}: {audit:?}")
        };
        assert_eq!((&*record.action, record.outcome), (ours, Outcome::Failure));
        let cause = ("cause".to_owned(), "conflict".to_owned());
        assert!(record.detail.contains(&cause));
        let log = world.log.borrow();
        let [line] = log.as_slice() else {
            panic!("{ours}: {log:?}")
        };
        assert!(line.contains(ours) && line.contains("conflict"));
    }
}

// C06
#[test]
fn every_success_that_changed_something_is_recorded_here_or_where_it_was_done() {
    for (command, recorded) in [
        ("sign-up", true),
        ("sign-in", true),
        ("sign-out", false),
        ("resend-verification", true),
        ("reset-password", true),
        ("is-email-verified", false),
        ("profile", false),
        ("update-profile", true),
        ("change-password", true),
        ("list-sessions", false),
        ("end-session", false),
        ("end-all-sessions", false),
        ("delete-account", true),
        ("token-authorization", true),
    ] {
        let world = prepared(command);
        let mut asked = asked().into_iter();
        let (_, _, ask) = asked.find(|(_, ours, _)| *ours == command).unwrap();
        assert_eq!(world.ask(|service| ask(&service)), Ok(()), "{command}");
        let audit = world.audit.borrow();
        let actions: Vec<_> = audit
            .iter()
            .map(|record| (&*record.action, record.outcome))
            .collect();
        let expected = [(command, Outcome::Success)];
        assert_eq!(actions, &expected[..usize::from(recorded)], "{command}");
    }
}

// C08, J04
#[test]
fn no_secret_is_recorded_logged_or_in_an_error() {
    let secret = "s3cret-s3cret-s3cret";
    let (world, id) = with_ann();
    let session = signed_in(&world, ANN);
    let limited = authorized(&world, &id, &["*"]);
    let mut answers = Vec::new();
    let mut note = |answer: Result<(), Error>| answers.push(format!("{answer:?}"));
    for broken in [false, true] {
        let refuse = |command| {
            if broken {
                world.break_down(command, Refused::Other("unknown"));
            }
        };
        world.anybody();
        refuse("authorization/sign-up");
        note(world.ask(|it| it.sign_up(&sign_up(NOBODY, secret))));
        note(world.ask(|it| it.sign_up(&sign_up(secret, secret))));
        refuse("authorization/get-user");
        note(world.ask(|it| it.sign_in(ANN, secret).map(drop)));
        note(world.ask(|it| it.sign_in(secret, secret).map(drop)));
        refuse("token/refresh-session");
        note(world.ask(|it| it.refresh_session(secret).map(drop)));
        refuse("token/blacklist-tokens");
        note(world.ask(|it| it.sign_out(secret)));
        refuse("authorization/verify-email");
        note(world.ask(|it| it.verify_email(secret)));
        refuse("authorization/reset-password");
        note(world.ask(|it| it.new_password(secret, secret)));
        world.with(&session);
        refuse("authorization/change-password");
        note(world.ask(|it| it.change_password(secret, "short")));
        note(world.ask(|it| it.change_password(PASSWORD, "s3cret")));
        refuse("authorization/delete-account");
        note(world.ask(|it| it.delete_account(secret)));
        refuse("token/end-session");
        note(world.ask(|it| it.end_session(secret)));
    }
    let seen = format!(
        "{answers:?}{:?}{:?}",
        world.audit.borrow(),
        world.log.borrow()
    );
    assert!(!seen.contains("s3cret") && !seen.contains(PASSWORD));
    for token in [session.access_token, limited.access_token] {
        assert!(!seen.contains(&token));
    }
}
