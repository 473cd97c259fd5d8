use super::{DAY, authorize, create};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{START, World};

// L03
#[test]
fn an_ended_token_is_dead_at_once_and_still_shown() {
    let world = World::default();
    let (token, value) = create(&world, &["*"]);
    world.pass(5);
    assert_eq!(world.service().force_expiration(&token.uuid), Ok(()));
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
    let shown = world.service().get(&token.uuid).unwrap();
    assert_eq!((shown.expires_at, shown.name), (START + 5, token.name));
    assert_eq!(
        world.audited("api-token-end", Outcome::Success, Some("a1")),
        1
    );
}

// L03
#[test]
fn an_end_is_an_end() {
    let world = World::default();
    let (token, value) = create(&world, &[]);
    world.service().force_expiration(&token.uuid).unwrap();
    world.pass(5);
    let writes = world.writes.get();
    for _ in 0..3 {
        assert_eq!(world.service().force_expiration(&token.uuid), Ok(()));
    }
    assert_eq!(world.writes.get(), writes);
    assert_eq!(world.service().get(&token.uuid).unwrap().expires_at, START);
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
}

#[test]
fn an_expired_token_keeps_its_end() {
    let world = World::default();
    let (token, _) = create(&world, &[]);
    world.pass(2 * DAY);
    assert_eq!(world.service().force_expiration(&token.uuid), Ok(()));
    assert_eq!(world.service().get(&token.uuid), Ok(token));
}

#[test]
fn a_token_is_shown_for_thirty_days_after_its_end() {
    let world = World::default();
    let (ended, _) = create(&world, &[]);
    let (expired, _) = create(&world, &[]);
    world.service().force_expiration(&ended.uuid).unwrap();
    world.now.set(START + 30 * DAY - 1);
    assert!(world.service().get(&ended.uuid).is_ok());
    world.now.set(START + 30 * DAY);
    assert_eq!(world.service().get(&ended.uuid), Err(Error::NotFound));
    world.now.set(START + 31 * DAY - 1);
    assert_eq!(
        world.service().list(None, None).map(|tokens| tokens.len()),
        Ok(1)
    );
    world.now.set(START + 31 * DAY);
    assert_eq!(world.service().get(&expired.uuid), Err(Error::NotFound));
}

#[test]
fn there_is_nothing_to_end() {
    let world = World::default();
    let nobodys = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(
        world.service().force_expiration(nobodys),
        Err(Error::NotFound)
    );
}
