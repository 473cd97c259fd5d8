use super::{HOUR, authorize, create};
use crate::ports::Outcome;
use crate::testing::{START, World, principal};

#[test]
fn a_token_says_whom_it_stands_for_and_establishes_them() {
    let world = World::default();
    let (token, value) = create(&world, &["profile:read"]);
    world.become_user(None);
    world.pass(5);
    let authorization = world.service().authorize(value.as_str()).unwrap();
    assert_eq!(
        (authorization.id.as_str(), authorization.token_uuid),
        ("a1", token.uuid)
    );
    assert_eq!(authorization.scopes, ["profile:read"]);
    let message = world.message.borrow();
    let principal = message.principal.as_ref().unwrap();
    assert_eq!(
        (principal.subject.as_str(), principal.authenticated_at),
        ("a1", START + 5)
    );
    assert_eq!(
        (&*principal.roles, &*principal.methods),
        (&["user".to_owned()][..], &["api-token".to_owned()][..])
    );
    assert_eq!(
        principal.scopes.as_deref(),
        Some(&["profile:read".to_owned()][..])
    );
}

/// The scopes of a token without any are an empty list, which allows nothing, and not none, which would allow all.
#[test]
fn a_token_without_scopes_is_limited_to_nothing() {
    let world = World::default();
    let (_, value) = create(&world, &[]);
    authorize(&world, &value).unwrap();
    assert!(
        world
            .established
            .borrow()
            .iter()
            .all(|principal| principal.scopes == Some(Vec::new()))
    );
}

/// Until it is known what they may, nobody has a right: not even for as long as a nested call takes.
#[test]
fn the_owner_is_established_without_rights_first() {
    let world = World::default();
    let (_, value) = create(&world, &["*"]);
    authorize(&world, &value).unwrap();
    let established = world.established.borrow();
    let [first, second] = established.as_slice() else {
        panic!("{established:?}")
    };
    assert_eq!(
        (&*first.roles, first.scopes.as_deref()),
        (&[][..], Some(&[][..]))
    );
    assert_eq!(second.scopes.as_deref(), Some(&["*".to_owned()][..]));
}

#[test]
fn a_service_asks_for_anybodys_token_whomever_it_acts_for() {
    let world = World::default();
    let (_, value) = create(&world, &["profile:read"]);
    world.become_service(None);
    assert_eq!(world.service().authorize(value.as_str()).unwrap().id, "a1");
    // The other stays the one the message acts for.
    world.become_service(Some("a2"));
    assert_eq!(world.service().authorize(value.as_str()).unwrap().id, "a1");
    assert_eq!(
        world.message.borrow().principal.as_ref().unwrap().subject,
        "a2"
    );
}

#[test]
fn ones_own_token_replaces_what_is_known() {
    let world = World::default();
    let (_, value) = create(&world, &["profile:read"]);
    world.become_user(Some(principal("a1")));
    world.service().authorize(value.as_str()).unwrap();
    let message = world.message.borrow();
    assert_eq!(message.principal.as_ref().unwrap().methods, ["api-token"]);
}

#[test]
fn use_is_written_once_an_hour() {
    let world = World::default();
    let (token, value) = create(&world, &[]);
    world.now.set(START + 10);
    let writes = world.writes.get();
    for _ in 0..100 {
        authorize(&world, &value).unwrap();
    }
    world.now.set(START + HOUR - 1);
    authorize(&world, &value).unwrap();
    assert_eq!(world.writes.get(), writes + 1);
    assert_eq!(
        world.service().get(&token.uuid).unwrap().last_used_at,
        Some(START)
    );
    world.now.set(START + HOUR);
    authorize(&world, &value).unwrap();
    assert_eq!(world.writes.get(), writes + 2);
    assert_eq!(
        world.service().get(&token.uuid).unwrap().last_used_at,
        Some(START + HOUR)
    );
    assert_eq!(
        world.audited("api-token-use", Outcome::Success, Some("a1")),
        2
    );
}

#[test]
fn a_token_outlives_a_rotation_of_the_key_and_one_that_is_used_every_further_one() {
    let world = World::default();
    let (_, used) = create(&world, &[]);
    let (_, unused) = create(&world, &[]);
    let entries = world.entries.borrow().len();
    for _ in 0..3 {
        world.rotate_mac_key();
        world.pass(HOUR);
        assert!(authorize(&world, &used).is_ok());
        // Within the hour nothing is written, also not the tag.
        assert!(authorize(&world, &used).is_ok());
    }
    assert_eq!(world.entries.borrow().len(), entries);
    assert!(authorize(&world, &unused).is_err());
}
