//! Saved tokens of somebody who has not proved their address.

use super::{access_lives, pair, refresh_lives, revoke, save, token};
use crate::error::Error;
use crate::service::{RevocationReason, SaveToken};
use crate::settings::DAY;
use crate::testing::World;

const ADA: &str = "ada@example.com";

/// As for a session.
#[test]
fn tokens_of_an_address_that_was_not_proved_end_when_it_should_have_been() {
    let world = World::default();
    let pending = world.register(ADA);
    let id = pending.id.as_str();
    let save_long = |name: &str, previous: Option<&str>| {
        let far = world.now.get() + 100 * DAY;
        let request = SaveToken {
            access_expires_at: far,
            refresh_expires_at: far,
            previous: previous.map(|previous| token(&format!("refresh-{previous}"))),
            ..pair(&world, id, name)
        };
        world.call(|service| service.save_token(request))
    };
    let lives = |name: &str| {
        let (access, refresh) = (access_lives(&world, name), refresh_lives(&world, name));
        assert_eq!(access, refresh, "{name}");
        access
    };
    save_long("one", None).unwrap();
    save_long("two", None).unwrap();
    assert!(revoke(&world, id, "two", RevocationReason::Rotation));
    world.pass(1);
    world
        .call(|service| service.verify_email(&pending.signup_token))
        .unwrap();
    save_long("next", Some("two")).unwrap();
    save_long("own", None).unwrap();
    world.pass(2 * DAY - 2);
    assert!(lives("one") && lives("next") && lives("own"));
    world.pass(1);
    // Whoever began the first two may not have been the owner of the address.
    assert!(!lives("one") && !lives("next") && lives("own"));
    assert!(!revoke(&world, id, "one", RevocationReason::Rotation));
    assert_eq!(save_long("more", Some("two")), Err(Error::NotFound));
    assert_eq!(save_long("again", None), Ok(()));
}

#[test]
fn nothing_is_saved_for_who_is_pending_for_too_long() {
    let world = World::default();
    let id = world.register(ADA).id;
    world.pass(2 * DAY - 1);
    assert_eq!(save(&world, &id, "one", None), Ok(()));
    world.pass(1);
    assert!(!access_lives(&world, "one") && !refresh_lives(&world, "one"));
    assert_eq!(save(&world, &id, "two", None), Err(Error::NotFound));
    world.set("verification-grace", &(3 * DAY).to_string());
    assert!(access_lives(&world, "one"));
}
