use proptest::prelude::*;

use super::{ada, found, register};
use crate::error::Error;
use crate::ports::Outcome;
use crate::service::Registration;
use crate::testing::{START, World, admin, principal, violated};

#[test]
fn a_profile_is_made_and_found() {
    let world = World::default();
    let profile = register(&world, "a1");
    assert_eq!(
        (profile.auth_id.as_str(), profile.email.as_str()),
        ("a1", "Ada@Example.org")
    );
    assert_eq!(
        (profile.first_name.as_deref(), profile.last_name.as_str()),
        (Some("Ada"), "King")
    );
    assert_eq!((profile.created_at, profile.updated_at), (START, START));
    assert_eq!(
        world.audited("profile-create", Outcome::Success, Some("a1")),
        1
    );
}

#[test]
fn a_profiles_id_is_a_uuid_of_version_7_and_not_the_accounts() {
    let world = World::default();
    let (one, two) = (register(&world, "a1").id, register(&world, "a2").id);
    let uuid: uuid::Uuid = one.parse().unwrap();
    assert_eq!(uuid.get_version_num(), 7);
    assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
    let milliseconds = u64::from_str_radix(&one.replace('-', "")[..12], 16).unwrap();
    assert_eq!(milliseconds, START);
    assert_ne!(one, two);
}

#[test]
fn whatever_is_stored_is_the_accounts() {
    let world = World::default();
    register(&world, "a1");
    let entries = world.entries.borrow();
    assert_eq!(entries.len(), 2);
    assert!(entries.values().all(|(_, subject)| subject == "a1"));
}

// K01
#[test]
fn an_account_has_one_profile_however_often_it_is_made() {
    let world = World::default();
    let profile = register(&world, "a1");
    let left = (world.writes.get(), world.events.borrow().len());
    for _ in 0..100 {
        let again = Registration {
            last_name: "Lovelace".to_owned(),
            ..ada("a1")
        };
        let refused = world.service().registration(again);
        assert_eq!(refused, Err(Error::DuplicateAuthId));
    }
    assert_eq!(found(&world, "a1"), Some(profile));
    assert_eq!((world.writes.get(), world.events.borrow().len()), left);
}

// K01: whether there is a profile does not depend on whether it can be read.
#[test]
fn a_damaged_profile_is_not_replaced() {
    let world = World::default();
    register(&world, "a1");
    world.damage(b"?");
    let refused = world.service().registration(ada("a1"));
    assert_eq!(refused, Err(Error::DuplicateAuthId));
}

// K03
#[test]
fn a_new_profile_is_told_with_its_row_and_without_names() {
    let world = World::default();
    let profile = register(&world, "a1");
    let events = world.events.borrow();
    let [(name, payload, about)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((name.as_str(), about.as_str()), ("user-created", "a1"));
    let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
    let expected = serde_json::json!({"id": profile.id, "auth_id": "a1", "at": START});
    assert_eq!(payload, expected);
}

// K03
#[test]
fn a_refused_profile_is_told_to_nobody() {
    let world = World::default();
    world.become_user(Some(admin("a1")));
    assert!(world.service().registration(ada("a1")).is_err());
    world.become_service();
    assert!(world.service().registration(ada("")).is_err());
    assert!(world.events.borrow().is_empty() && world.entries.borrow().is_empty());
}

#[test]
fn services_and_who_was_granted_it_make_profiles() {
    let world = World::default();
    register(&world, "a1");
    world.become_user(None);
    world.message.borrow_mut().is_nested = true;
    assert_eq!(world.service().registration(ada("a2")), Ok(()));
}

#[test]
fn nobody_else_makes_profiles_not_even_an_admin_their_own() {
    let world = World::default();
    for caller in [None, Some(principal("a1")), Some(admin("a1"))] {
        world.become_user(caller);
        let refused = world.service().registration(ada("a1"));
        assert_eq!(refused, Err(Error::AccessDenied));
    }
    assert_eq!(
        world.audited("profile-create", Outcome::Denied, Some("a1")),
        3
    );
    assert!(world.entries.borrow().is_empty());
}

#[test]
fn addresses_need_not_be_unique() {
    let world = World::default();
    register(&world, "a1");
    assert_eq!(register(&world, "a2").email, "Ada@Example.org");
}

#[test]
fn names_are_kept_in_one_form_and_the_last_may_be_empty() {
    let world = World::default();
    let request = Registration {
        first_name: Some("  Zoe\u{308} ".to_owned()),
        last_name: "  ".to_owned(),
        ..ada("a1")
    };
    world.service().registration(request).unwrap();
    let profile = found(&world, "a1").unwrap();
    assert_eq!(
        (profile.first_name.as_deref(), profile.last_name.as_str()),
        (Some("Zo\u{eb}"), "")
    );
    for (auth_id, first_name) in [("a2", None), ("a3", Some("")), ("a4", Some(" "))] {
        let request = Registration {
            first_name: first_name.map(str::to_owned),
            ..ada(auth_id)
        };
        world.service().registration(request).unwrap();
        assert_eq!(found(&world, auth_id).unwrap().first_name, None);
    }
}

#[test]
fn every_broken_rule_is_named_and_no_value() {
    let world = World::default();
    let request = Registration {
        auth_id: "a\n1".to_owned(),
        email: "hunter2".to_owned(),
        first_name: Some("hunter2\r\nBcc: x".to_owned()),
        last_name: "hunter2\u{202e}".to_owned(),
    };
    let refused = world.service().registration(request);
    assert!(!format!("{refused:?}").contains("hunter2"));
    assert_eq!(
        violated(refused),
        ["auth_id", "email", "first_name", "last_name"]
    );
    assert_eq!((world.reads.get(), world.writes.get()), (0, 0));
}

#[test]
fn fields_are_bounded() {
    let world = World::default();
    for auth_id in ["", &"x".repeat(129), "a\0", "\u{85}"] {
        assert_eq!(
            violated(world.service().registration(ada(auth_id))),
            ["auth_id"]
        );
    }
    for auth_id in ["x", &"x".repeat(128), "ü/ü", "../..", "\u{202e}"] {
        assert_eq!(
            world.service().registration(ada(auth_id)),
            Ok(()),
            "{auth_id:?}"
        );
    }
    let long = Registration {
        first_name: Some("x".repeat(257)),
        last_name: "x".repeat(100_000),
        ..ada("long")
    };
    let refused = world.service().registration(long);
    assert_eq!(violated(refused), ["first_name", "last_name"]);
    let longest = Registration {
        first_name: Some("x".repeat(256)),
        last_name: "x".repeat(256),
        ..ada("long")
    };
    assert_eq!(world.service().registration(longest), Ok(()));
}

#[test]
fn an_address_is_one_mailbox() {
    let world = World::default();
    let long = format!("ada@{}.org", "x".repeat(250));
    for email in [
        "",
        "ada",
        "@example.org",
        "ada@",
        "Ada <ada@example.org>",
        "ada@example.org, eve@example.org",
        "ada@example.org\r\nBcc: eve@example.org",
        &long,
    ] {
        let request = Registration {
            email: email.to_owned(),
            ..ada("a1")
        };
        let refused = world.service().registration(request);
        assert_eq!(violated(refused), ["email"], "{email:?}");
    }
}

proptest! {
    /// Whatever is taken is found as it was written, and the longest record is far below what the store takes.
    #[test]
    fn what_is_taken_is_found(auth_id in any::<String>(), first in any::<String>(), last in any::<String>()) {
        let world = World::default();
        let request = Registration { auth_id: auth_id.clone(), first_name: Some(first), last_name: last, ..ada("") };
        if world.service().registration(request).is_ok() {
            let profile = found(&world, &auth_id).unwrap();
            prop_assert_eq!(&profile.auth_id, &auth_id);
            let again = crate::profile::Profile::read(&profile.write()).unwrap();
            prop_assert_eq!(again, profile);
        }
    }
}
