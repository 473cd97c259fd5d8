use super::{ANN, DAY, MINUTE, NOBODY, paths, sign_up, signed_in, with_ann};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{Mail, PASSWORD, World};

fn signs_up(world: &World, email: &str) -> Result<(), Error> {
    let request = sign_up(email, PASSWORD);
    world.anybody().ask(|service| service.sign_up(&request))
}

#[test]
fn a_sign_up_is_a_pending_account_with_a_profile_and_a_mail() {
    let world = World::default();
    assert_eq!(signs_up(&world, ANN), Ok(()));
    let state = world.state.borrow();
    let id = state.find(ANN).unwrap();
    assert!(!state.accounts[&id].verified);
    assert_eq!(state.profiles[&id].first_name.as_deref(), Some("Ann"));
    assert_eq!((state.mails.len(), state.mails[0].kind), (1, "verify"));
    assert!(world.audited("sign-up", Outcome::Success, None));
}

// A08
#[test]
fn an_address_with_an_account_gets_a_notice_and_nothing_else() {
    let (world, id) = with_ann();
    let before = world.state.borrow().accounts[&id].password.clone();
    let request = sign_up(" ANN@Example.org ", "some other password");
    let answer = world.anybody().ask(|service| service.sign_up(&request));
    assert_eq!(answer, Ok(()));
    let state = world.state.borrow();
    assert_eq!((state.accounts.len(), state.profiles.len()), (1, 1));
    assert_eq!(state.accounts[&id].password, before);
    let notice = Mail {
        to: ANN.to_owned(),
        kind: "sign-up-attempt",
        token: None,
    };
    assert_eq!(state.mails, [notice]);
}

#[test]
fn what_breaks_a_rule_is_named_by_its_field_and_nothing_happens() {
    let (world, _) = with_ann();
    let long = "x".repeat(257);
    for email in [ANN, NOBODY] {
        let mut short = sign_up(email, "short");
        let refused = world.anybody().ask(|service| service.sign_up(&short));
        assert_eq!(paths(refused), ["password"]);
        short.password = PASSWORD;
        short.last_name = Some(&long);
        let refused = world.ask(|service| service.sign_up(&short));
        assert_eq!(paths(refused), ["last_name"]);
        assert!(world.audited("sign-up", Outcome::Denied, None));
        assert_eq!(world.reason().as_deref(), Some("validation-failed"));
    }
    assert_eq!(paths(signs_up(&world, "no address")), ["email"]);
    assert_eq!(world.state.borrow().accounts.len(), 1);
    assert!(world.state.borrow().mails.is_empty());
}

#[test]
fn the_mailed_token_verifies_the_address_and_signs_nobody_in() {
    let world = World::default();
    signs_up(&world, ANN).unwrap();
    let token = world.state.borrow().mailed();
    let verify = || world.anybody().ask(|service| service.verify_email(&token));
    assert_eq!(verify(), Ok(()));
    assert!(world.audited("verify-email", Outcome::Success, None));
    let state = world.state.borrow().clone();
    assert!(state.accounts[&state.find(ANN).unwrap()].verified);
    assert!(state.sessions.is_empty());
    // A double click, and no more.
    world.pass(10 * MINUTE - 1);
    assert_eq!(verify(), Ok(()));
    world.pass(1);
    assert_eq!(verify(), Err(Error::NotFound));
}

// B03
#[test]
fn any_other_token_is_not_found() {
    let world = World::default();
    signs_up(&world, ANN).unwrap();
    let token = world.state.borrow().mailed();
    world.pass(DAY);
    for token in [&*token, "", "nonsense", &"x".repeat(100_000)] {
        let refused = world.anybody().ask(|service| service.verify_email(token));
        assert_eq!(refused, Err(Error::NotFound));
        assert!(world.audited("verify-email", Outcome::Denied, None));
    }
}

// B04
#[test]
fn a_new_verification_mail_makes_the_older_one_worthless() {
    let world = World::default();
    signs_up(&world, ANN).unwrap();
    let old = world.state.borrow().mailed();
    world.pass(MINUTE);
    let answer = world
        .anybody()
        .ask(|service| service.resend_verification(ANN));
    assert_eq!(answer, Ok(()));
    assert!(world.audited("resend-verification", Outcome::Success, None));
    let new = world.state.borrow().mailed();
    assert_eq!(
        world.ask(|service| service.verify_email(&old)),
        Err(Error::NotFound)
    );
    assert_eq!(world.ask(|service| service.verify_email(&new)), Ok(()));
    signed_in(&world, ANN);
}

#[test]
fn what_is_no_address_is_sent_nothing() {
    let world = World::default();
    let refused = world
        .anybody()
        .ask(|service| service.resend_verification("no address"));
    assert_eq!(paths(refused), ["email"]);
    assert!(world.audited("resend-verification", Outcome::Denied, None));
}
