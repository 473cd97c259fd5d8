use super::{DAY, authorize, create};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{World, limited};

// L06
#[test]
fn the_old_value_dies_exactly_when_the_new_one_lives() {
    let world = World::default();
    let (token, old) = create(&world, &["profile:read"]);
    authorize(&world, &old).unwrap();
    let new = world.service().regenerate(&token.uuid).unwrap();
    assert_eq!(authorize(&world, &old), Err(Error::Unauthenticated));
    assert_eq!(authorize(&world, &new).unwrap(), ["profile:read"]);
    assert_eq!(world.entries.borrow().len(), 2);
    assert_eq!(
        world.audited("api-token-regenerate", Outcome::Success, Some("a1")),
        1
    );
}

// L06
#[test]
fn everything_else_stays() {
    let world = World::default();
    let (_, value) = create(&world, &["profile:read"]);
    authorize(&world, &value).unwrap();
    let before = world.service().list(None, None).unwrap().remove(0);
    world.pass(5);
    let new = world.service().regenerate(&before.uuid).unwrap();
    let mut after = world.service().get(&before.uuid).unwrap();
    assert_eq!(after.last_four, new.last_four());
    assert_ne!(after.tag, before.tag);
    after.last_four.clone_from(&before.last_four);
    after.tag.clone_from(&before.tag);
    assert_eq!(after, before);
}

// L04
#[test]
fn a_limited_credential_gets_no_value_that_is_worth_more() {
    let world = World::default();
    let (wide, _) = create(&world, &["*"]);
    let (narrow, _) = create(&world, &["profile:read"]);
    world.become_user(Some(limited("a1", &["tokens:write", "profile:read"])));
    assert_eq!(
        world.service().regenerate(&wide.uuid),
        Err(Error::AccessDenied)
    );
    assert!(world.service().regenerate(&narrow.uuid).is_ok());
}

#[test]
fn each_time_gives_another_value() {
    let world = World::default();
    let (token, first) = create(&world, &[]);
    let second = world.service().regenerate(&token.uuid).unwrap();
    let third = world.service().regenerate(&token.uuid).unwrap();
    assert!(first != second && second != third && first != third);
    assert!(authorize(&world, &second).is_err() && authorize(&world, &third).is_ok());
}

// L03
#[test]
fn what_has_ended_gets_no_new_life() {
    let world = World::default();
    let (ended, _) = create(&world, &[]);
    let (expired, _) = create(&world, &[]);
    world.service().force_expiration(&ended.uuid).unwrap();
    assert_eq!(
        world.service().regenerate(&ended.uuid),
        Err(Error::NotFound)
    );
    world.pass(DAY);
    assert_eq!(
        world.service().regenerate(&expired.uuid),
        Err(Error::NotFound)
    );
    let nobodys = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(world.service().regenerate(nobodys), Err(Error::NotFound));
}

#[test]
fn a_value_of_an_earlier_key_is_replaced_too() {
    let world = World::default();
    let (token, old) = create(&world, &[]);
    world.rotate_mac_key();
    let new = world.service().regenerate(&token.uuid).unwrap();
    assert!(authorize(&world, &old).is_err() && authorize(&world, &new).is_ok());
    assert_eq!(world.entries.borrow().len(), 2);
}
