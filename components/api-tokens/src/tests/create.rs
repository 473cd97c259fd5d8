use proptest::prelude::*;

use super::{DAY, authorize, copies, create, metadata, scopes};
use crate::error::Error;
use crate::ports::Outcome;
use crate::service::{MAX_TOKENS, Metadata};
use crate::testing::{START, World, principal, violated};
use crate::value::TokenValue;

#[test]
fn a_token_is_made_with_its_value() {
    let world = World::default();
    let (token, value) = create(&world, &["profile:read"]);
    assert_eq!((token.owner.as_str(), token.name.as_str()), ("a1", "ci"));
    assert_eq!((token.created_at, token.expires_at), (START, START + DAY));
    assert_eq!(
        (token.scopes.as_slice(), token.last_used_at),
        (&["profile:read".to_owned()][..], None)
    );
    assert_eq!(token.last_four, value.last_four());
    assert!(TokenValue::parse(value.as_str()).is_some());
    let uuid: uuid::Uuid = token.uuid.parse().unwrap();
    assert_eq!(uuid.get_version_num(), 7);
    assert_eq!(world.service().get(&token.uuid), Ok(token));
    assert_eq!(
        world.audited("api-token-create", Outcome::Success, Some("a1")),
        1
    );
}

#[test]
fn without_scopes_it_only_says_who_somebody_is() {
    let world = World::default();
    for names in [None, scopes(&[])] {
        let (token, value) = world.service().create(metadata("ci"), names).unwrap();
        assert!(token.scopes.is_empty());
        assert_eq!(authorize(&world, &value), Ok(Vec::new()));
    }
}

#[test]
fn names_need_not_be_unique_and_values_are() {
    let world = World::default();
    let (one, first) = create(&world, &[]);
    let (two, second) = create(&world, &[]);
    assert!(one.uuid != two.uuid && first != second && one.tag != two.tag);
}

// L03
#[test]
fn an_end_is_in_the_future_and_at_most_a_year_ahead() {
    let world = World::default();
    let year = 365 * DAY;
    let make = |expires_at| {
        let name = "ci".to_owned();
        world.service().create(Metadata { name, expires_at }, None)
    };
    for expires_at in [0, START - 1, START, START + year + 1, u64::MAX] {
        assert_eq!(
            violated(make(expires_at)),
            ["metadata.expires_at"],
            "{expires_at}"
        );
    }
    assert!(make(START + 1).is_ok() && make(START + year).is_ok());
}

// L03
#[test]
fn an_operator_may_shorten_the_longest_life_and_not_lengthen_it() {
    let world = World::default();
    let make = |days| {
        let metadata = Metadata {
            name: "ci".to_owned(),
            expires_at: START + days * DAY,
        };
        world.service().create(metadata, None)
    };
    world.set("longest-life", &(7 * DAY).to_string());
    assert_eq!(violated(make(8)), ["metadata.expires_at"]);
    assert!(make(7).is_ok());
    world.set("longest-life", &(1_000 * DAY).to_string());
    assert_eq!(violated(make(366)), ["metadata.expires_at"]);
    assert!(make(365).is_ok());
}

#[test]
fn a_name_is_one_line() {
    let world = World::default();
    let long = "x".repeat(129);
    for name in ["", &long, "a\nb", "a\0", "\u{202e}a", "\u{2028}"] {
        let refused = world.service().create(metadata(name), None);
        assert_eq!(violated(refused), ["metadata.name"], "{name:?}");
    }
    for name in ["x", &"x".repeat(128), "名前 🦀", "<b>", " "] {
        let made = world.service().create(metadata(name), None);
        assert_eq!(made.unwrap().0.name, name);
    }
}

// L04
#[test]
fn scopes_exist_and_stand_once() {
    let world = World::default();
    let many = vec!["*"; 100_000];
    for names in [
        &["tokens"][..],
        &["tokens:read", "TOKENS:WRITE"],
        &["admin"],
        &[""],
        &["profile:read", "profile:read"],
        &["*", "*"],
        &many,
    ] {
        let refused = world.service().create(metadata("ci"), scopes(names));
        assert_eq!(violated(refused), ["permissions.scopes"]);
    }
    for names in [
        &["*"][..],
        &[
            "tokens:read",
            "tokens:write",
            "profile:read",
            "profile:write",
            "*",
        ],
    ] {
        assert!(
            world
                .service()
                .create(metadata("ci"), scopes(names))
                .is_ok()
        );
    }
}

#[test]
fn every_broken_rule_is_named_and_no_value() {
    let world = World::default();
    let wrong = Metadata {
        name: "hunter2\n".to_owned(),
        expires_at: 0,
    };
    let refused = world.service().create(wrong, scopes(&["hunter2"]));
    assert!(!format!("{refused:?}").contains("hunter2"));
    assert_eq!(
        violated(refused),
        ["metadata.name", "metadata.expires_at", "permissions.scopes"]
    );
    assert_eq!((world.reads.get(), world.writes.get()), (0, 0));
    assert!(world.takes.borrow().is_empty());
}

#[test]
fn making_tokens_is_limited_by_account() {
    let world = World::default();
    create(&world, &[]);
    let key = ("api-token-create".to_owned(), "a1".to_owned());
    assert_eq!(*world.takes.borrow(), [key]);
    world.retry_after.set(Some(7));
    let refused = world.service().create(metadata("ci"), None);
    assert_eq!(refused, Err(Error::TooManyRequests(7)));
}

#[test]
fn a_thousand_tokens_live_and_no_more() {
    let world = World::default();
    let (first, _) = create(&world, &[]);
    copies(&world, &first, MAX_TOKENS - 1);
    let refused = world.service().create(metadata("ci"), None);
    assert_eq!(violated(refused), [""]);
    // Another's do not count.
    world.become_user(Some(principal("a2")));
    create(&world, &[]);
    // One that ended makes room.
    world.become_user(Some(principal("a1")));
    world.service().force_expiration(&first.uuid).unwrap();
    create(&world, &[]);
    let refused = world.service().create(metadata("ci"), None);
    assert_eq!(violated(refused), [""]);
}

#[test]
fn of_too_many_that_ended_the_oldest_go() {
    let world = World::default();
    let (mut ended, _) = create(&world, &[]);
    world.service().force_expiration(&ended.uuid).unwrap();
    ended.expires_at = START;
    let uuids = copies(&world, &ended, MAX_TOKENS);
    create(&world, &[]);
    assert_eq!(world.service().get(&ended.uuid), Err(Error::NotFound));
    assert!(world.service().get(&uuids[0]).is_ok());
    let shown = world.service().tokens().page("a1", None, usize::MAX);
    assert_eq!(shown.unwrap().len(), MAX_TOKENS + 1);
}

proptest! {
    /// Whatever is taken is shown as it was given.
    #[test]
    fn what_is_taken_is_shown(name in any::<String>(), ahead in any::<u64>()) {
        let world = World::default();
        let metadata = Metadata { name, expires_at: START.wrapping_add(ahead % (366 * DAY)) };
        if let Ok((token, _)) = world.service().create(metadata.clone(), None) {
            let shown = world.service().get(&token.uuid).unwrap();
            prop_assert_eq!((shown.name, shown.expires_at), (metadata.name, metadata.expires_at));
        }
    }
}
