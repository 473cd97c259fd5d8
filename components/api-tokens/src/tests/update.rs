use super::{DAY, HOUR, authorize, create, metadata, scopes};
use crate::error::Error;
use crate::ports::Outcome;
use crate::scopes::SCOPES;
use crate::service::Metadata;
use crate::testing::{START, World, violated};

fn until(name: &str, expires_at: u64) -> Option<Metadata> {
    Some(Metadata {
        name: name.to_owned(),
        expires_at,
    })
}

#[test]
fn a_token_is_renamed_narrowed_and_brought_to_an_earlier_end() {
    let world = World::default();
    let (token, value) = create(&world, &["profile:read", "tokens:read"]);
    let updated = world
        .service()
        .update(
            &token.uuid,
            until("deploy", START + HOUR),
            scopes(&["profile:read"]),
        )
        .unwrap();
    assert_eq!(
        (updated.name.as_str(), updated.expires_at),
        ("deploy", START + HOUR)
    );
    assert_eq!(updated.scopes, ["profile:read"]);
    assert_eq!(
        (&updated.uuid, updated.created_at, &updated.last_four),
        (&token.uuid, token.created_at, &token.last_four)
    );
    assert_eq!(world.service().get(&token.uuid), Ok(updated));
    assert_eq!(authorize(&world, &value).unwrap(), ["profile:read"]);
    world.now.set(START + HOUR);
    assert!(authorize(&world, &value).is_err());
    assert_eq!(
        world.audited("api-token-update", Outcome::Success, Some("a1")),
        1
    );
}

#[test]
fn what_is_not_given_stays() {
    let world = World::default();
    let (token, _) = create(&world, &["profile:read"]);
    assert_eq!(
        world.service().update(&token.uuid, None, None),
        Ok(token.clone())
    );
    let renamed = world
        .service()
        .update(&token.uuid, until("deploy", token.expires_at), None)
        .unwrap();
    assert_eq!(
        (renamed.scopes, renamed.expires_at),
        (token.scopes, token.expires_at)
    );
    let narrowed = world
        .service()
        .update(&token.uuid, None, scopes(&[]))
        .unwrap();
    assert_eq!(
        (narrowed.name.as_str(), narrowed.scopes.len()),
        ("deploy", 0)
    );
}

#[test]
fn the_same_again_is_ok_and_writes_nothing() {
    let world = World::default();
    let (token, _) = create(&world, &["*"]);
    let change = || (until("deploy", START + HOUR), scopes(&["profile:read"]));
    let (metadata, names) = change();
    let first = world
        .service()
        .update(&token.uuid, metadata, names)
        .unwrap();
    let writes = world.writes.get();
    let (metadata, names) = change();
    assert_eq!(
        world.service().update(&token.uuid, metadata, names),
        Ok(first.clone())
    );
    // Also when that end has come.
    world.pass(2 * HOUR);
    let (metadata, names) = change();
    assert_eq!(
        world.service().update(&token.uuid, metadata, names),
        Ok(first)
    );
    assert_eq!(world.writes.get(), writes);
}

// L03
#[test]
fn an_end_only_comes_earlier_and_is_never_past() {
    let world = World::default();
    let (token, _) = create(&world, &[]);
    world.pass(HOUR);
    let now = START + HOUR;
    for expires_at in [token.expires_at + 1, u64::MAX, now, now - 1, 0] {
        let refused = world
            .service()
            .update(&token.uuid, until("ci", expires_at), None);
        assert_eq!(violated(refused), ["metadata.expires_at"], "{expires_at}");
    }
    let updated = world
        .service()
        .update(&token.uuid, until("ci", now + 1), None);
    assert_eq!(updated.unwrap().expires_at, now + 1);
}

// L04
#[test]
fn scopes_only_shrink() {
    let world = World::default();
    let (token, _) = create(&world, &["profile:read"]);
    for names in [
        &["profile:write"][..],
        &["profile:read", "tokens:read"],
        &["*"],
    ] {
        let refused = world.service().update(&token.uuid, None, scopes(names));
        assert_eq!(violated(refused), ["permissions.scopes"], "{names:?}");
    }
    let none = world
        .service()
        .update(&token.uuid, None, scopes(&[]))
        .unwrap();
    assert!(none.scopes.is_empty());
    let refused = world
        .service()
        .update(&token.uuid, None, scopes(&["profile:read"]));
    assert_eq!(violated(refused), ["permissions.scopes"]);
}

// L04
#[test]
fn everything_shrinks_to_anything() {
    let world = World::default();
    let (token, _) = create(&world, &["*"]);
    let all = world
        .service()
        .update(&token.uuid, None, scopes(&SCOPES))
        .unwrap();
    assert_eq!(all.scopes, SCOPES);
    // All by name are everything, too.
    assert!(
        world
            .service()
            .update(&token.uuid, None, scopes(&["*"]))
            .is_ok()
    );
    let one = world
        .service()
        .update(&token.uuid, None, scopes(&["tokens:read"]))
        .unwrap();
    assert_eq!(one.scopes, ["tokens:read"]);
}

#[test]
fn fields_keep_their_rules() {
    let world = World::default();
    let (token, _) = create(&world, &["*"]);
    let refused = world
        .service()
        .update(&token.uuid, until("a\n", START + 1), scopes(&["admin"]));
    assert_eq!(violated(refused), ["metadata.name", "permissions.scopes"]);
    let refused = world.service().update(
        &token.uuid,
        until("ci", 0),
        scopes(&["tokens:read", "tokens:read"]),
    );
    assert_eq!(violated(refused), ["permissions.scopes"]);
    assert_eq!(world.service().get(&token.uuid), Ok(token));
}

// L03
#[test]
fn an_expired_token_can_be_renamed_and_does_not_come_back() {
    let world = World::default();
    let (token, value) = create(&world, &[]);
    world.service().force_expiration(&token.uuid).unwrap();
    world.pass(5);
    let renamed = world
        .service()
        .update(&token.uuid, until("old", START), None)
        .unwrap();
    assert_eq!((renamed.name.as_str(), renamed.expires_at), ("old", START));
    let refused = world
        .service()
        .update(&token.uuid, Some(metadata("ci")), None);
    assert_eq!(violated(refused), ["metadata.expires_at"]);
    assert_eq!(authorize(&world, &value), Err(Error::Unauthenticated));
    assert!(
        !world
            .entries
            .borrow()
            .keys()
            .any(|key| key.starts_with("value/"))
    );
    world.now.set(START + 30 * DAY);
    assert_eq!(world.service().get(&token.uuid), Err(Error::NotFound));
}

#[test]
fn there_is_nothing_to_change() {
    let world = World::default();
    let nobodys = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(
        world.service().update(nobodys, None, None),
        Err(Error::NotFound)
    );
}
