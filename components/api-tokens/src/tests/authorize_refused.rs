use proptest::prelude::*;

use super::{DAY, authorize, create};
use crate::error::Error;
use crate::testing::{START, World, principal};
use crate::value::TokenValue;

// L01
#[test]
fn what_is_no_value_is_refused_without_a_look_at_the_store() {
    let world = World::default();
    let (_, value) = create(&world, &[]);
    world.become_user(None);
    let text = value.as_str();
    let reads = world.reads.get();
    for nonsense in [
        "",
        "nonsense",
        "vst_",
        &text[..39],
        &format!("{text}x"),
        &text.replacen(
            &text[10..11],
            if &text[10..11] == "x" { "y" } else { "x" },
            1,
        ),
        &text.to_uppercase(),
        &"x".repeat(64 * 1024),
    ] {
        assert_eq!(
            world.service().authorize(nonsense),
            Err(Error::Unauthenticated),
            "{nonsense}"
        );
    }
    assert_eq!(world.reads.get(), reads);
    assert!(world.established.borrow().is_empty());
}

// L01
#[test]
fn a_value_that_we_did_not_make_is_looked_up_once_and_leaves_no_trace() {
    let world = World::default();
    let foreign = TokenValue::generate(&world);
    let audited = world.audit.borrow().len();
    assert_eq!(authorize(&world, &foreign), Err(Error::Unauthenticated));
    assert_eq!((world.reads.get(), world.writes.get()), (1, 0));
    assert_eq!(world.audit.borrow().len(), audited);
    assert!(world.established.borrow().is_empty());
}

// L03
#[test]
fn a_token_is_dead_from_its_end_on() {
    let world = World::default();
    let (_, value) = create(&world, &[]);
    world.now.set(START + DAY - 1);
    assert!(authorize(&world, &value).is_ok());
    world.now.set(START + DAY);
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
    // Also if the store were late to forget where the value leads.
    for entry in world.entries.borrow_mut().values_mut() {
        entry.expires_at = u64::MAX;
    }
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
}

#[test]
fn on_the_plane_of_users_a_message_acts_for_one_person() {
    let world = World::default();
    let (_, value) = create(&world, &["*"]);
    world.become_user(Some(principal("a2")));
    assert_eq!(
        world.service().authorize(value.as_str()),
        Err(Error::Unauthenticated)
    );
    assert_eq!(world.message.borrow().principal, Some(principal("a2")));
    assert!(world.established.borrow().is_empty());
}

#[test]
fn a_value_whose_token_is_gone_or_has_a_newer_one_leads_nowhere() {
    let world = World::default();
    let (token, value) = create(&world, &[]);
    let place = world
        .entries
        .borrow()
        .iter()
        .find(|(key, _)| key.starts_with("value/"))
        .map(|(key, entry)| (key.clone(), entry.clone()))
        .unwrap();
    world.service().regenerate(&token.uuid).unwrap();
    world.entries.borrow_mut().insert(place.0, place.1);
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
    world
        .entries
        .borrow_mut()
        .retain(|key, _| key.starts_with("value/"));
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
}

#[test]
fn what_cannot_be_read_lets_nobody_in_and_is_told_to_the_operator() {
    for (damaged, line) in [
        ("value/", "a token's place cannot be read"),
        ("token/", "the record token/YTE/"),
    ] {
        let world = World::default();
        let (_, value) = create(&world, &["*"]);
        world.damage(damaged);
        assert_eq!(authorize(&world, &value), Err(Error::Unknown));
        assert!(world.established.borrow().is_empty());
        let log = world.log.borrow();
        assert!(log.len() == 1 && log[0].starts_with(line), "{log:?}");
    }
}

proptest! {
    #[test]
    fn no_text_is_a_token(text in any::<String>()) {
        let world = World::default();
        create(&world, &["*"]);
        world.become_user(None);
        let reads = world.reads.get();
        prop_assert_eq!(world.service().authorize(&text), Err(Error::Unauthenticated));
        prop_assert_eq!(world.reads.get(), reads);
    }
}
