use super::{ANN, BOB, MINUTE, paths, signed_in, with_ann};
use crate::error::{Error, Refused};
use crate::ports::{Outcome, Session};
use crate::testing::{PASSWORD, World};

/// Two people who are signed in and have API tokens; the first one's id and session.
fn people() -> (World, String, Session) {
    let (world, ann) = with_ann();
    let bob = world.state.borrow_mut().person(BOB);
    world.state.borrow_mut().api_tokens = vec![ann.clone(), bob, ann.clone()];
    signed_in(&world, BOB);
    let session = signed_in(&world, ANN);
    (world, ann, session)
}

/// How many accounts, profiles, sessions and API tokens there are.
fn left(world: &World) -> [usize; 4] {
    let state = world.state.borrow();
    [
        state.accounts.len(),
        state.profiles.len(),
        state.sessions.len(),
        state.api_tokens.len(),
    ]
}

fn delete(world: &World, session: &Session, password: &str) -> Result<(), Error> {
    world
        .with(session)
        .ask(|service| service.delete_account(password))
}

#[test]
fn everything_of_ones_own_goes_and_nobody_elses() {
    let (world, ann, session) = people();
    assert_eq!(delete(&world, &session, PASSWORD), Ok(()));
    assert_eq!(left(&world), [1, 1, 1, 1]);
    assert!(world.state.borrow().find(ANN).is_none());
    assert!(world.audited("delete-account", Outcome::Success, Some(&ann)));
}

// L05
#[test]
fn without_the_password_everything_stays() {
    let (world, ann, session) = people();
    for _ in 0..10 {
        let refused = delete(&world, &session, "wrong password");
        assert_eq!(paths(refused), ["password"]);
        assert!(world.audited("delete-account", Outcome::Denied, Some(&ann)));
    }
    assert_eq!(
        delete(&world, &session, PASSWORD),
        Err(Error::TooManyRequests(15 * MINUTE))
    );
    assert_eq!(left(&world), [2, 2, 2, 3]);
}

#[test]
fn what_cannot_be_done_wholly_is_not_done() {
    let (world, _, session) = people();
    world.break_down("api-tokens/delete-all", Refused::AccessDenied);
    assert_eq!(delete(&world, &session, PASSWORD), Err(Error::AccessDenied));
    assert_eq!(left(&world), [2, 2, 2, 3]);
}
