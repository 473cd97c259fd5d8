//! Which credential opens what: each command, by everybody who may not and everybody who may.

use super::{ANN, Ask, OF_API_TOKENS, OF_SCOPES, OF_SESSIONS, authorized, signed_in, with_ann};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::World;

/// Everything of the user plane.
fn of_users() -> Vec<(&'static str, Ask)> {
    let of_scopes = OF_SCOPES.iter().map(|(name, ask, _)| (*name, *ask));
    let others = OF_SESSIONS.into_iter().chain([OF_API_TOKENS]);
    of_scopes.chain(others).collect()
}

/// Refused before another channel is asked, and recorded.
fn denied(world: &World, command: &str, ask: Ask, subject: Option<&str>) {
    let answer = world.ask(|service| ask(&service));
    assert_eq!(answer, Err(Error::AccessDenied), "{command}");
    assert!(world.audited(command, Outcome::Denied, subject));
    assert!(world.calls.borrow().is_empty(), "{command}");
}

fn granted(world: &World, command: &str, ask: Ask) {
    let answer = world.ask(|service| ask(&service));
    assert_eq!(answer, Ok(()), "{command}");
}

#[test]
fn nobody_in_particular_has_no_account() {
    let (world, _) = with_ann();
    for (command, ask) in of_users() {
        denied(world.anybody(), command, ask, None);
        denied(world.stranger(None), command, ask, None);
        denied(world.service(None), command, ask, None);
    }
}

#[test]
fn a_session_opens_everything_but_what_is_for_api_tokens() {
    for (command, ask) in of_users() {
        let (world, id) = with_ann();
        let session = signed_in(&world, ANN);
        world.with(&session);
        if command == OF_API_TOKENS.0 {
            denied(&world, command, ask, Some(&id));
        } else {
            granted(&world, command, ask);
        }
    }
}

#[test]
fn a_service_asks_for_whom_it_acts_for() {
    for (command, ask) in of_users() {
        let (world, id) = with_ann();
        world.service(Some(&id));
        if command == OF_API_TOKENS.0 {
            denied(&world, command, ask, Some(&id));
        } else {
            granted(&world, command, ask);
        }
    }
}

// L05
#[test]
fn an_api_token_opens_what_its_scopes_name() {
    for (command, ask, needed) in OF_SCOPES {
        let (world, id) = with_ann();
        for scopes in [
            needed,
            &["*"],
            &["tokens:read", "profile:write", "profile:read"],
        ] {
            granted(world.with_api_token(&id, scopes), command, ask);
            let session = authorized(&world, &id, scopes);
            granted(world.with(&session), command, ask);
        }
    }
}

// L05
#[test]
fn an_api_token_opens_nothing_else() {
    let without: [&[&str]; 5] = [
        &[],
        &["tokens:read", "tokens:write"],
        &["profile:write"],
        &["profile", "profile:*", "PROFILE:READ", "profile:read "],
        &[""],
    ];
    let (world, id) = with_ann();
    for (command, ask, needed) in OF_SCOPES {
        for scopes in without.into_iter().chain([&needed[1..]]) {
            denied(world.with_api_token(&id, scopes), command, ask, Some(&id));
            let session = authorized(&world, &id, scopes);
            denied(world.with(&session), command, ask, Some(&id));
        }
    }
}

// L05
#[test]
fn no_scope_opens_what_is_for_persons() {
    let (world, id) = with_ann();
    for (command, ask) in OF_SESSIONS {
        for scopes in [&["*"][..], &["profile:read", "profile:write"], &[]] {
            denied(world.with_api_token(&id, scopes), command, ask, Some(&id));
            let session = authorized(&world, &id, scopes);
            denied(world.with(&session), command, ask, Some(&id));
        }
    }
}
