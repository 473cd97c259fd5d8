//! `cancel-registration`, `delete-account`.

use super::{access_lives, pair, paths, refresh_lives, revoke, save, secret};
use crate::channels::Failed;
use crate::error::Error;
use crate::ports::{Message, Outcome};
use crate::service::{RevocationReason, SignUp};
use crate::testing::{
    Entry, PASSWORD, World, in_session, operator, principal, service, stranger, through_component,
};

const ADA: &str = "ada@example.com";

fn cancel(world: &World, id: &str) -> Result<(), Error> {
    world.call(|service| service.cancel_registration(id))
}

fn delete(world: &World, by: Message, id: &str, password: Option<&str>) -> Result<(), Error> {
    let password = password.map(secret);
    world.call_as(by, |service| service.delete_account(id, password.as_ref()))
}

/// A pending account with a profile, a token of each kind and a pair.
fn whole(world: &World) -> String {
    let request = SignUp {
        email: ADA.to_owned(),
        password: secret(PASSWORD),
        first_name: None,
        last_name: Some("King".to_owned()),
    };
    world.call(|service| service.sign_up(&request)).unwrap();
    world.call(|service| service.sign_up(&request)).unwrap();
    world
        .call(|service| service.get_forgot_password_token(ADA))
        .unwrap();
    let account = world.operate(|service| service.find_account(ADA));
    let id = account.unwrap().unwrap().id;
    for name in ["one", "two"] {
        save(world, &id, name, None).unwrap();
    }
    id
}

fn assert_gone(world: &World, id: &str) {
    assert_eq!(world.account(id), None);
    assert!(!world.signs_in(ADA, PASSWORD) && !access_lives(world, "one"));
    let state = world.state.borrow();
    let left = state
        .entries
        .iter()
        .filter(|(_, entry)| entry.subject.is_some());
    assert_eq!(
        left.map(|(key, _)| key).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    assert!(state.profiles.is_empty());
    assert_eq!(state.ended.last(), Some(&(id.to_owned(), None)));
    assert_eq!(state.withdrawn.last().map(String::as_str), Some(ADA));
}

// A13
#[test]
fn a_pending_account_is_undone_with_all_that_came_with_it() {
    let world = World::default();
    let id = whole(&world);
    assert_eq!(cancel(&world, &id), Ok(()));
    let (action, outcome, subject, _) = world.last_audit();
    assert_eq!(
        (action.as_str(), outcome, subject.as_deref()),
        ("registration-cancel", Outcome::Success, Some(&*id))
    );
    assert_gone(&world, &id);
    // Again, and for somebody who never was.
    assert_eq!(cancel(&world, &id), Ok(()));
    for id in ["nobody", "", &"x".repeat(1_000)] {
        assert_eq!(cancel(&world, id), Ok(()));
    }
    // The address is free.
    world.register(ADA);
}

// A13
#[test]
fn an_active_account_is_not_undone() {
    let world = World::default();
    let id = world.active(ADA);
    assert_eq!(cancel(&world, &id), Err(Error::Conflict));
    assert!(world.was_denied("registration-cancel", Some(&id), "active"));
    assert!(world.signs_in(ADA, PASSWORD));
}

// A13
#[test]
fn only_a_service_itself_undoes_a_registration() {
    let world = World::default();
    let id = world.register(ADA).id;
    let nested = Message {
        is_nested: true,
        ..service()
    };
    for message in [
        stranger(),
        through_component(),
        nested,
        in_session(&id, "s1"),
    ] {
        let answer = world.call_as(message, |service| service.cancel_registration(&id));
        assert_eq!(answer, Err(Error::AccessDenied));
    }
    assert!(world.account(&id).is_some());
}

#[test]
fn a_deletion_that_another_channel_refuses_is_none() {
    let world = World::default();
    let id = whole(&world);
    let before = world.state.borrow().clone();
    world.failed.set(Some(Failed("access-denied")));
    assert_eq!(cancel(&world, &id), Err(Error::Unknown));
    assert_eq!(delete(&world, operator(), &id, None), Err(Error::Unknown));
    assert_eq!(*world.state.borrow(), before);
}

#[test]
fn an_operator_deletes_any_account_and_again() {
    let world = World::default();
    let id = whole(&world);
    assert_eq!(delete(&world, operator(), &id, None), Ok(()));
    assert_gone(&world, &id);
    assert_eq!(delete(&world, operator(), &id, None), Ok(()));
    assert_eq!(delete(&world, operator(), "nobody", None), Ok(()));
    let off = world.active(ADA);
    world
        .operate(|service| service.set_disabled(&off, true))
        .unwrap();
    assert_eq!(delete(&world, operator(), &off, None), Ok(()));
    assert_eq!(world.account(&off), None);
}

#[test]
fn its_owner_deletes_an_account_with_the_password() {
    let world = World::default();
    let id = whole(&world);
    let by = || in_session(&id, "s1");
    assert_eq!(paths(delete(&world, by(), &id, None)), ["password"]);
    assert_eq!(
        paths(delete(&world, by(), &id, Some("wrong password"))),
        ["password"]
    );
    assert!(world.was_denied("account-delete", Some(&id), "wrong-password"));
    assert_eq!(
        paths(delete(&world, by(), &id, Some(&"x".repeat(5_000)))),
        ["password"]
    );
    assert_eq!(delete(&world, by(), &id, Some(PASSWORD)), Ok(()));
    assert_gone(&world, &id);
    // Their session may outlive it by a moment.
    assert_eq!(
        delete(&world, by(), &id, Some(PASSWORD)),
        Err(Error::NotFound)
    );
}

#[test]
fn nobody_else_deletes_an_account() {
    let world = World::default();
    let id = world.active(ADA);
    let known = |principal| Message {
        principal: Some(principal),
        ..through_component()
    };
    let nested_operator = Message {
        is_nested: true,
        ..operator()
    };
    for message in [
        stranger(),
        through_component(),
        nested_operator,
        in_session("somebody-else", "s1"),
        known(principal(&id, None, &["pwd"])),
        known(principal(&id, None, &["api-token"])),
        known(principal(&id, Some("s1"), &["jwt", "api-token"])),
    ] {
        let answer = delete(&world, message.clone(), &id, Some(PASSWORD));
        assert_eq!(answer, Err(Error::AccessDenied), "{message:?}");
    }
    assert_eq!(paths(delete(&world, service(), &id, None)), ["password"]);
    assert!(world.account(&id).is_some());
    assert_eq!(delete(&world, service(), &id, Some(PASSWORD)), Ok(()));
}

// C02
#[test]
fn guesses_are_limited_here_too() {
    let world = World::default();
    let id = world.active(ADA);
    for _ in 0..10 {
        let wrong = delete(&world, in_session(&id, "s1"), &id, Some("wrong password"));
        assert_eq!(paths(wrong), ["password"]);
    }
    let limited = delete(&world, in_session(&id, "s1"), &id, Some(PASSWORD));
    assert!(matches!(limited, Err(Error::TooManyRequests(_))));
}

/// Whatever is left of an account, or comes back from a backup, opens nothing of another one with its id.
#[test]
fn saved_tokens_of_an_account_that_went_are_not_those_of_one_with_its_id() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    let left: Vec<_> = world
        .state
        .borrow()
        .entries
        .iter()
        .filter(|(key, _)| key.starts_with("saved-"))
        .map(|(key, entry)| (key.clone(), entry.clone()))
        .collect();
    assert_eq!(delete(&world, operator(), &id, None), Ok(()));
    world.pass(1);
    world.state.borrow_mut().entries.extend(left);
    let again = vec![crate::service::ImportedUser {
        id: Some(id.clone()),
        email: ADA.to_owned(),
        ..Default::default()
    }];
    world
        .operate(|service| service.import_users(again))
        .unwrap();
    assert!(!access_lives(&world, "one") && !refresh_lives(&world, "one"));
    assert!(!revoke(&world, &id, "one", RevocationReason::Rotation));
    save(&world, &id, "two", None).unwrap();
    assert!(access_lives(&world, "two"));
}

/// So many pairs, in one message.
fn save_many(world: &World, id: &str, count: usize) {
    let all = world.call(|service| {
        (0..count).try_for_each(|n| service.save_token(pair(world, id, &format!("n{n}"))))
    });
    assert_eq!(all, Ok(()));
}

/// What is stored of an account's saved tokens.
fn left(world: &World, id: &str) -> usize {
    let state = world.state.borrow();
    let of_it = |(key, entry): &(&String, &Entry)| {
        let is_saved = key.starts_with("saved-") || key.starts_with("leftover/");
        is_saved && entry.subject.as_deref() == Some(id)
    };
    state.entries.iter().filter(of_it).count()
}

/// A message may call the host 10 000 times, and sessions, API tokens and the profile go in the same one.
#[test]
fn an_account_with_thousands_of_pairs_goes_in_a_bounded_message_and_all_of_them_are_dead() {
    let world = World::default();
    let id = world.active(ADA);
    save_many(&world, &id, 5_000);
    assert_eq!(delete(&world, operator(), &id, None), Ok(()));
    let calls = world.work.borrow().len();
    assert!(calls < 1_300, "{calls}");
    assert_eq!(world.account(&id), None);
    for name in ["n0", "n7", "n2500", "n4999"] {
        assert!(!access_lives(&world, name) && !refresh_lives(&world, name));
        assert!(!revoke(&world, &id, name, RevocationReason::Logout));
    }
    // An imported account may have the id again: nothing of the old one comes back.
    world.pass(1);
    let again = vec![crate::service::ImportedUser {
        id: Some(id.clone()),
        email: ADA.to_owned(),
        ..Default::default()
    }];
    world
        .operate(|service| service.import_users(again))
        .unwrap();
    for name in ["n0", "n7", "n2500", "n4999"] {
        assert!(!access_lives(&world, name) && !refresh_lives(&world, name));
    }
    let state = world.state.borrow();
    let mut left = state.entries.iter();
    assert!(left.all(|(key, entry)| !key.starts_with("saved-") || entry.expires_at.is_some()));
}

#[test]
fn messages_that_save_tokens_remove_what_a_deletion_left() {
    let world = World::default();
    let (id, other) = (world.active(ADA), world.active("bob@example.com"));
    save_many(&world, &id, 1_000);
    assert_eq!(delete(&world, operator(), &id, None), Ok(()));
    assert!(left(&world, &id) > 2_000 && world.stored("leftover/").len() == 1);
    for number in 0..400 {
        save(&world, &other, &format!("others-{number}"), None).unwrap();
        // Few of them each: its caller waits.
        assert!(world.work.borrow().len() < 300);
    }
    assert_eq!(left(&world, &id), 0);
    assert!(world.stored("leftover/").is_empty());
    // Of the other one nothing is missing.
    assert!((0..400).all(|number| refresh_lives(&world, &format!("others-{number}"))));
}

#[test]
fn an_operator_who_deletes_again_removes_what_is_left() {
    let world = World::default();
    let id = world.active(ADA);
    save_many(&world, &id, 1_000);
    for _ in 0..4 {
        assert_eq!(delete(&world, operator(), &id, None), Ok(()));
    }
    assert_eq!(left(&world, &id), 0);
    // What could not be an id has left nothing.
    let long = "x".repeat(1_000);
    assert_eq!(delete(&world, operator(), &long, None), Ok(()));
}

/// What is left lies among what an account with the id saves.
#[test]
fn what_is_left_is_left_to_expire_if_there_is_an_account_with_its_id_again() {
    let world = World::default();
    let id = world.active(ADA);
    save_many(&world, &id, 500);
    assert_eq!(delete(&world, operator(), &id, None), Ok(()));
    world.pass(1);
    let again = vec![crate::service::ImportedUser {
        id: Some(id.clone()),
        email: ADA.to_owned(),
        ..Default::default()
    }];
    world
        .operate(|service| service.import_users(again))
        .unwrap();
    for number in 0..100 {
        save(&world, &id, &format!("new-{number}"), None).unwrap();
    }
    assert!(world.stored("leftover/").is_empty());
    assert!((0..100).all(|number| refresh_lives(&world, &format!("new-{number}"))));
    assert!(!refresh_lives(&world, "n400"));
}

/// Nor is an account that nobody can read any business of those whose tokens are saved.
#[test]
fn what_a_deletion_left_of_an_account_that_cannot_be_read_fails_nobody() {
    let world = World::default();
    let (id, other) = (world.active(ADA), world.active("bob@example.com"));
    let record = world.state.borrow().entries[&crate::keys::account(&id)].clone();
    save_many(&world, &id, 500);
    assert_eq!(delete(&world, operator(), &id, None), Ok(()));
    assert_eq!(world.stored("leftover/").len(), 1);
    let broken = crate::testing::Entry {
        value: b"{".to_vec(),
        ..record
    };
    world
        .state
        .borrow_mut()
        .entries
        .insert(crate::keys::account(&id), broken);
    for number in 0..100 {
        save(&world, &other, &format!("others-{number}"), None).unwrap();
    }
    assert!(world.stored("leftover/").is_empty());
    let log = world.log.borrow();
    assert!(log.len() == 1 && log[0].contains("account/"), "{log:?}");
}
