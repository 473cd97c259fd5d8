use super::{HOUR, authorize, create};
use crate::error::Error;
use crate::testing::{START, World, violated};

/// Makes `count` tokens, a millisecond apart, and gives their ids.
fn many(world: &World, count: usize) -> Vec<String> {
    let one = |_| {
        world.pass(1);
        create(world, &[]).0.uuid
    };
    (0..count).map(one).collect()
}

fn listed(world: &World, after: Option<&str>, limit: Option<u32>) -> Vec<String> {
    let tokens = world.service().list(after, limit).unwrap();
    tokens.into_iter().map(|token| token.uuid).collect()
}

// L02
#[test]
fn tokens_are_shown_without_their_values() {
    let world = World::default();
    assert_eq!(world.service().list(None, None), Ok(Vec::new()));
    let (token, value) = create(&world, &["profile:read"]);
    world.pass(HOUR);
    authorize(&world, &value).unwrap();
    let shown = world.service().list(None, None).unwrap().remove(0);
    assert_eq!(
        (shown.last_four.as_str(), shown.last_used_at),
        (value.last_four(), Some(START + HOUR))
    );
    assert_eq!(
        (shown.created_at, shown.expires_at),
        (token.created_at, token.expires_at)
    );
    assert!(!format!("{shown:?}").contains(&value.as_str()[4..20]));
}

#[test]
fn the_oldest_come_first_and_pages_go_on() {
    let world = World::default();
    let uuids = many(&world, 250);
    assert_eq!(listed(&world, None, None), uuids[..100]);
    assert_eq!(listed(&world, Some(&uuids[99]), None), uuids[100..200]);
    // Fewer than the limit: there are no more.
    assert_eq!(listed(&world, Some(&uuids[199]), None), uuids[200..]);
    assert_eq!(listed(&world, Some(&uuids[249]), None).len(), 0);
    assert_eq!(listed(&world, Some(&uuids[4]), Some(1)), uuids[5..6]);
    // An id need not be there to begin after.
    let zero = "00000000-0000-0000-0000-000000000000";
    assert_eq!(listed(&world, Some(zero), Some(2)), uuids[..2]);
}

#[test]
fn ended_tokens_are_listed_too() {
    let world = World::default();
    let uuids = many(&world, 3);
    world.service().force_expiration(&uuids[1]).unwrap();
    assert_eq!(listed(&world, None, None), uuids);
}

#[test]
fn a_page_has_its_rules() {
    let world = World::default();
    for limit in [0, 101, u32::MAX] {
        assert_eq!(violated(world.service().list(None, Some(limit))), ["limit"]);
    }
    for after in [
        "",
        "nonsense",
        "018F0000-0000-7000-8000-000000000000",
        "018f000000007000800000000000000",
    ] {
        assert_eq!(
            violated(world.service().list(Some(after), None)),
            ["after"],
            "{after}"
        );
    }
    assert_eq!(
        violated(world.service().list(Some(""), Some(0))),
        ["after", "limit"]
    );
    assert_eq!(world.reads.get(), 0);
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let world = World::default();
    let (token, _) = create(&world, &[]);
    world.damage("token/");
    assert_eq!(world.service().list(None, None), Err(Error::Unknown));
    assert_eq!(world.service().get(&token.uuid), Err(Error::Unknown));
    assert_eq!(
        world.service().force_expiration(&token.uuid),
        Err(Error::Unknown)
    );
    let line = format!("the record token/YTE/{} cannot be read", token.uuid);
    assert_eq!(*world.log.borrow(), [line.clone(), line.clone(), line]);
}
