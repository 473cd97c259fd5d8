use super::{found, register, rename};
use crate::error::Error;
use crate::ports::{Outcome, Principal};
use crate::testing::{START, World, admin, limited, principal, violated};

const NOBODYS: &str = "018f0000-0000-7000-8000-000000000000";

// K02
#[test]
fn a_person_changes_their_own_profile() {
    let world = World::default();
    let id = register(&world, "a1").id;
    world.become_user(Some(principal("a1")));
    world.now.set(START + 5);
    let changed = world
        .service()
        .update_user(&id, rename(Some(" Augusta "), Some("Lovelace")))
        .unwrap();
    assert_eq!(
        (changed.first_name.as_deref(), changed.last_name.as_str()),
        (Some("Augusta"), "Lovelace")
    );
    assert_eq!((changed.created_at, changed.updated_at), (START, START + 5));
    assert_eq!(found(&world, "a1"), Some(changed));
    assert_eq!(
        world.audited("profile-update", Outcome::Success, Some("a1")),
        1
    );
}

// K02
#[test]
fn an_admin_changes_anybodys_and_a_service_acts_for_either() {
    let world = World::default();
    let id = register(&world, "a1").id;
    for (is_service, caller) in [
        (false, admin("a2")),
        (true, admin("a2")),
        (true, principal("a1")),
        (false, limited("a1", &["profile:write"])),
        (false, limited("a1", &["*"])),
    ] {
        world.become_user(Some(caller));
        world.message.borrow_mut().is_service = is_service;
        let changed = world.service().update_user(&id, rename(Some(""), None));
        assert_eq!(changed.unwrap().first_name, None);
    }
}

// K02
#[test]
fn whoever_may_not_change_a_profile_does_not_learn_whether_it_exists() {
    let world = World::default();
    let id = register(&world, "a1").id;
    let organization = Principal {
        roles: vec!["organization-admin".to_owned(), "ADMIN".to_owned()],
        ..principal("a2")
    };
    let callers = [
        None,
        Some(principal("a2")),
        Some(organization),
        Some(limited("a1", &["profile:read", "tokens:write"])),
        Some(limited("a1", &[])),
        Some(Principal {
            scopes: Some(vec!["profile:read".to_owned()]),
            ..admin("a2")
        }),
    ];
    for caller in callers {
        for is_service in [false, true] {
            world.become_user(caller.clone());
            world.message.borrow_mut().is_service = is_service;
            for id in [&id, NOBODYS, "nonsense", ""] {
                let refused = world.service().update_user(id, rename(Some("Eve"), None));
                assert_eq!(refused, Err(Error::AccessDenied), "{caller:?}");
            }
        }
    }
    assert_eq!(
        found(&world, "a1").unwrap().first_name.as_deref(),
        Some("Ada")
    );
    assert_eq!(
        world.audited("profile-update", Outcome::Denied, Some("a1")),
        12
    );
    assert_eq!(world.events.borrow().len(), 1);
}

// K02: the profile's id is not the account's.
#[test]
fn a_profile_is_not_found_by_its_account() {
    let world = World::default();
    register(&world, "a1");
    world.become_user(Some(principal("a1")));
    let refused = world.service().update_user("a1", rename(Some("Eve"), None));
    assert_eq!(refused, Err(Error::AccessDenied));
}

#[test]
fn an_admin_is_told_that_there_is_no_such_profile() {
    let world = World::default();
    let id = register(&world, "a1").id;
    world.become_user(Some(admin("a2")));
    let upper = id.to_uppercase();
    let braced = format!("{{{id}}}");
    let long = "x".repeat(100_000);
    for id in [
        NOBODYS,
        "",
        "nonsense",
        &upper,
        &braced,
        &id.replace('-', ""),
        &long,
    ] {
        let refused = world.service().update_user(id, rename(None, None));
        assert_eq!(refused, Err(Error::NotFound), "{id}");
    }
}

// K03
#[test]
fn a_change_is_told_with_its_row_and_says_what_changed() {
    let world = World::default();
    let id = register(&world, "a1").id;
    world.become_user(Some(principal("a1")));
    world
        .service()
        .update_user(&id, rename(Some("Ada"), Some("Lovelace")))
        .unwrap();
    let events = world.events.borrow();
    let (name, payload, about) = events.last().unwrap();
    assert_eq!((name.as_str(), about.as_str()), ("user-updated", "a1"));
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
    let expected =
        serde_json::json!({"id": id, "auth_id": "a1", "at": START, "changed": ["last_name"]});
    assert_eq!(payload, expected);
}

// K03
#[test]
fn what_changes_nothing_is_answered_and_told_to_nobody() {
    let world = World::default();
    let profile = register(&world, "a1");
    world.become_user(Some(principal("a1")));
    let left = (world.writes.get(), world.audit.borrow().len());
    for change in [
        rename(None, None),
        rename(Some("Ada"), None),
        rename(Some(" Ada"), Some("King ")),
    ] {
        let answer = world.service().update_user(&profile.id, change);
        assert_eq!(answer, Ok(profile.clone()));
    }
    assert_eq!((world.writes.get(), world.audit.borrow().len()), left);
    assert_eq!(world.events.borrow().len(), 1);
}

#[test]
fn a_first_name_can_be_cleared_and_a_last_name_cannot() {
    let world = World::default();
    let id = register(&world, "a1").id;
    world.become_user(Some(principal("a1")));
    for last_name in ["", " ", "\u{3000}"] {
        let refused = world
            .service()
            .update_user(&id, rename(None, Some(last_name)));
        assert_eq!(violated(refused), ["last_name"]);
    }
    for first_name in ["", " "] {
        let changed = world
            .service()
            .update_user(&id, rename(Some(first_name), None));
        assert_eq!(changed.unwrap().first_name, None);
    }
}

#[test]
fn names_keep_their_rules() {
    let world = World::default();
    let id = register(&world, "a1").id;
    world.become_user(Some(principal("a1")));
    let long = "x".repeat(257);
    for name in ["a\nb", "a\0", "\u{202e}a", "a\r", &long] {
        let refused = world
            .service()
            .update_user(&id, rename(Some(name), Some(name)));
        // One rule a field: an empty name is not complained about too.
        assert_eq!(violated(refused), ["first_name", "last_name"], "{name:?}");
    }
    assert_eq!(
        found(&world, "a1").unwrap().first_name.as_deref(),
        Some("Ada")
    );
}

#[test]
fn what_cannot_be_read_is_unknown_and_is_not_overwritten() {
    let world = World::default();
    let id = register(&world, "a1").id;
    world.damage(b"?");
    let writes = world.writes.get();
    world.become_user(Some(principal("a1")));
    let refused = world.service().update_user(&id, rename(Some("Eve"), None));
    assert_eq!(refused, Err(Error::Unknown));
    assert_eq!((world.writes.get(), world.log.borrow().len()), (writes, 1));
    // Others learn nothing of it.
    world.become_user(Some(principal("a2")));
    let refused = world.service().update_user(&id, rename(Some("Eve"), None));
    assert_eq!(refused, Err(Error::AccessDenied));
}
