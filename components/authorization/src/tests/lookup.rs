//! `get-account`, `find-account`.

use super::secret;
use crate::error::Error;
use crate::ports::Message;
use crate::settings::DAY;
use crate::testing::{
    START, World, in_session, operator, principal, service, stranger, through_component,
};

const ADA: &str = "ada@example.com";

#[test]
fn until_when_an_address_is_to_be_verified_is_configured() {
    let world = World::default();
    let id = world.register(ADA).id;
    let verify_by = || {
        let account = world.account(&id).unwrap();
        world
            .call(|service| Ok(service.verify_by(&account)))
            .unwrap()
    };
    assert_eq!(verify_by(), Some(START + 2 * DAY));
    world.set("verification-grace", &DAY.to_string());
    assert_eq!(verify_by(), Some(START + DAY));
    let token = world
        .call(|service| service.get_forgot_password_token(ADA))
        .unwrap()
        .token;
    world
        .call(|service| service.reset_password(&token, &secret("another good password")))
        .unwrap();
    assert_eq!(verify_by(), None);
}

#[test]
fn a_service_sees_every_account() {
    let world = World::default();
    let id = world.active("Ada@example.com");
    let nested = Message {
        is_nested: true,
        ..service()
    };
    for message in [service(), nested] {
        let found = world.call_as(message, |service| service.get_account(&id));
        assert_eq!(found.unwrap().unwrap().email, "Ada@example.com");
    }
    for id in ["nobody", "", "a\nb", &"x".repeat(100_000)] {
        assert_eq!(world.call(|service| service.get_account(id)), Ok(None));
    }
}

#[test]
fn others_see_their_own_account_and_no_other() {
    let world = World::default();
    let (ada, bob) = (world.active(ADA), world.active("bob@example.com"));
    let by_api_token = Message {
        principal: Some(principal(&ada, None, &["api-token"])),
        ..through_component()
    };
    for message in [in_session(&ada, "s1"), by_api_token] {
        let own = world.call_as(message.clone(), |service| service.get_account(&ada));
        assert_eq!(own.unwrap().unwrap().id, ada);
        for other in [bob.as_str(), "nobody"] {
            let answer = world.call_as(message.clone(), |service| service.get_account(other));
            assert_eq!(answer, Err(Error::AccessDenied));
            assert!(world.was_denied("account-read", Some(&ada), "not-the-owner"));
        }
    }
    for message in [stranger(), through_component()] {
        let answer = world.call_as(message, |service| service.get_account(&ada));
        assert_eq!(answer, Err(Error::AccessDenied));
    }
}

#[test]
fn the_operator_finds_an_account_by_its_address() {
    let world = World::default();
    let id = world.active("Ada@example.com");
    let found = world.operate(|service| service.find_account(" ADA@example.com"));
    assert_eq!(found.unwrap().unwrap().id, id);
    let none = world.operate(|service| service.find_account("bob@example.com"));
    assert_eq!(none, Ok(None));
    let nested = Message {
        is_nested: true,
        ..operator()
    };
    for message in [service(), stranger(), nested, in_session(&id, "s1")] {
        let answer = world.call_as(message, |service| service.find_account(ADA));
        assert_eq!(answer, Err(Error::AccessDenied));
        assert!(world.was_denied("account-find", None, "not-the-operator"));
    }
}
