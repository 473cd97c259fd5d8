use super::{ANN, MINUTE, paths, signed_in, with_ann};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{PASSWORD, World};

const NEW: &str = "a password of another kind";

/// A code that is mailed to [`ANN`].
fn code(world: &World) -> String {
    let answer = world.anybody().ask(|service| service.reset_password(ANN));
    assert_eq!(answer, Ok(()));
    assert!(world.audited("reset-password", Outcome::Success, None));
    world.state.borrow().mailed()
}

fn set(world: &World, code: &str, password: &str) -> Result<(), Error> {
    world
        .anybody()
        .ask(|service| service.new_password(code, password))
}

fn password(world: &World, id: &str) -> String {
    world.state.borrow().accounts[id].password.clone()
}

// I06
#[test]
fn the_mailed_code_sets_a_new_password_and_ends_every_session() {
    let (world, id) = with_ann();
    signed_in(&world, ANN);
    let code = code(&world);
    assert_eq!(set(&world, &code, NEW), Ok(()));
    assert!(world.audited("new-password", Outcome::Success, None));
    assert_eq!(password(&world, &id), NEW);
    // Nobody is signed in by it either.
    assert!(world.state.borrow().sessions.is_empty());
    assert_eq!(
        world.state.borrow().mails.last().map(|mail| mail.kind),
        Some("password-changed")
    );
}

// I03
#[test]
fn a_code_that_is_used_expired_or_nonsense_is_not_found() {
    let (world, id) = with_ann();
    let used = code(&world);
    set(&world, &used, NEW).unwrap();
    world.pass(MINUTE);
    let expired = code(&world);
    world.pass(60 * MINUTE);
    let verify = world.state.borrow_mut().name("token");
    for code in [&*used, &*expired, &*verify, "", "nonsense"] {
        assert_eq!(set(&world, code, PASSWORD), Err(Error::NotFound));
        assert!(world.audited("new-password", Outcome::Denied, None));
    }
    assert_eq!(password(&world, &id), NEW);
}

// I05
#[test]
fn a_refused_password_keeps_the_code_a_few_times() {
    let (world, id) = with_ann();
    let code = code(&world);
    for _ in 0..4 {
        assert_eq!(paths(set(&world, &code, "short")), ["password"]);
        assert_eq!(world.reason().as_deref(), Some("validation-failed"));
    }
    assert_eq!(set(&world, &code, NEW), Ok(()));
    assert_eq!(password(&world, &id), NEW);
}

#[test]
fn a_code_that_breaks_a_rule_is_called_by_its_own_name() {
    let (world, _) = with_ann();
    let long = "x".repeat(257);
    assert_eq!(paths(set(&world, &long, NEW)), ["code"]);
}

#[test]
fn what_is_no_address_is_sent_no_code() {
    let (world, _) = with_ann();
    let refused = world
        .anybody()
        .ask(|service| service.reset_password("no address"));
    assert_eq!(paths(refused), ["email"]);
    assert!(world.audited("reset-password", Outcome::Denied, None));
    assert!(world.state.borrow().mails.is_empty());
}

// H05
#[test]
fn a_password_is_changed_by_the_one_before_and_every_other_session_ends() {
    let (world, id) = with_ann();
    let (this, other) = (signed_in(&world, ANN), signed_in(&world, ANN));
    let answer = world
        .with(&this)
        .ask(|service| service.change_password(PASSWORD, NEW));
    assert_eq!(answer, Ok(()));
    assert!(world.audited("change-password", Outcome::Success, Some(&id)));
    assert_eq!(password(&world, &id), NEW);
    assert!(world.verified(&this.access_token).is_some());
    assert!(world.verified(&other.access_token).is_none());
}

#[test]
fn which_of_the_passwords_is_wrong_is_said_and_nothing_changes() {
    let (world, id) = with_ann();
    let session = signed_in(&world, ANN);
    let other = signed_in(&world, ANN);
    for (current, new, path) in [
        ("wrong password", NEW, "current"),
        (PASSWORD, "short", "new"),
    ] {
        let refused = world
            .with(&session)
            .ask(|service| service.change_password(current, new));
        assert_eq!(paths(refused), [path]);
        assert!(world.audited("change-password", Outcome::Denied, Some(&id)));
    }
    assert_eq!(password(&world, &id), PASSWORD);
    assert!(world.verified(&other.access_token).is_some());
}

// C02
#[test]
fn the_password_cannot_be_guessed_by_changing_it() {
    let (world, _) = with_ann();
    let session = signed_in(&world, ANN);
    let try_it = || {
        world
            .with(&session)
            .ask(|service| service.change_password("wrong password", NEW))
    };
    for _ in 0..10 {
        assert_eq!(paths(try_it()), ["current"]);
    }
    assert_eq!(try_it(), Err(Error::TooManyRequests(15 * MINUTE)));
}

#[test]
fn who_has_no_account_has_no_password() {
    let (world, id) = with_ann();
    let session = signed_in(&world, ANN);
    world.with(&session);
    world.state.borrow_mut().accounts.remove(&id);
    let answer = world.ask(|service| service.change_password(PASSWORD, NEW));
    assert_eq!(answer, Err(Error::NotFound));
}
