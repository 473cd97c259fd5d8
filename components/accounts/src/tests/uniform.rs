//! A stranger does not learn whether there is an account: not by the answer, not by what is done for it, not by limits.

use super::{ANN, BOB, MINUTE, NOBODY, sign_up};
use crate::error::Error;
use crate::testing::{Audited, PASSWORD, World};

const PENDING: &str = "pending@example.org";
const DISABLED: &str = "disabled@example.org";

/// Everything that differs in what strangers may find.
const ADDRESSES: [&str; 5] = [NOBODY, ANN, BOB, PENDING, DISABLED];

/// What a message answers and does, as far as it can be seen or measured from outside.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    answer: Result<(), Error>,
    calls: Vec<&'static str>,
    taken: Vec<String>,
    audit: Vec<Audited>,
}

/// Active accounts, one of whom was written to just now, a pending and a disabled one.
fn world() -> World {
    let world = World::default();
    world.state.borrow_mut().person(ANN);
    world.state.borrow_mut().person(BOB);
    let disabled = world.state.borrow_mut().person(DISABLED);
    if let Some(account) = world.state.borrow_mut().accounts.get_mut(&disabled) {
        account.disabled = true;
    }
    let request = sign_up(PENDING, PASSWORD);
    let world_of = world.stranger(Some("203.0.113.9"));
    world_of.ask(|service| service.sign_up(&request)).unwrap();
    world_of.ask(|service| service.reset_password(BOB)).unwrap();
    world
}

fn see(
    world: &World,
    ask: impl FnOnce(&crate::service::Service<'_, World>) -> Result<(), Error>,
) -> Seen {
    world.audit.borrow_mut().clear();
    let answer = world.anybody().ask(|service| ask(&service));
    Seen {
        answer,
        calls: world.calls.borrow().clone(),
        taken: world.taken.borrow().clone(),
        audit: world.audit.borrow().clone(),
    }
}

/// What is seen of `ask` for each address, in a world of its own each, several times, now and later.
fn same_for_every_address(
    ask: impl Fn(&crate::service::Service<'_, World>, &str) -> Result<(), Error>,
) -> Vec<Seen> {
    let seen = ADDRESSES.map(|email| {
        let world = world();
        let mut seen = Vec::new();
        for pause in [0, 1_000, MINUTE, 60 * MINUTE] {
            world.pass(pause);
            for _ in 0..12 {
                seen.push(see(&world, |service| ask(service, email)));
            }
        }
        seen
    });
    let [first, others @ ..] = seen;
    for other in &others {
        assert_eq!(*other, first);
    }
    first
}

// A08
#[test]
fn a_sign_up_looks_the_same() {
    let seen = same_for_every_address(|it, email| it.sign_up(&sign_up(email, PASSWORD)));
    assert_eq!(seen[0].answer, Ok(()));
    let seen = same_for_every_address(|it, email| it.sign_up(&sign_up(email, "short")));
    assert!(matches!(seen[0].answer, Err(Error::ValidationFailed(_))));
}

// C01, C04
#[test]
fn a_wrong_password_looks_the_same() {
    let wrong = "wrong password";
    let seen = same_for_every_address(|it, email| it.sign_in(email, wrong).map(drop));
    assert_eq!(seen[0].answer, Err(Error::Unauthenticated));
    let limited = |seen: &Seen| matches!(seen.answer, Err(Error::TooManyRequests(_)));
    assert!(seen.iter().any(limited));
}

// B05
#[test]
fn a_new_verification_mail_looks_the_same() {
    let seen = same_for_every_address(|it, email| it.resend_verification(email));
    assert_eq!(seen[0].answer, Ok(()));
}

// I01
#[test]
fn a_forgotten_password_looks_the_same() {
    let seen = same_for_every_address(|it, email| it.reset_password(email));
    assert_eq!(seen[0].answer, Ok(()));
}

#[test]
fn only_the_owner_learns_it_by_mail() {
    let world = world();
    let mails = |world: &World| world.state.borrow().mails.len();
    for (email, written) in [(NOBODY, 0), (DISABLED, 0), (BOB, 0), (ANN, 1)] {
        let before = mails(&world);
        let answer = world.anybody().ask(|service| service.reset_password(email));
        assert_eq!(answer, Ok(()));
        assert_eq!(mails(&world) - before, written, "{email}");
    }
}
