//! `revoke-token`.

use super::{access_lives, refresh_lives, revoke, rotate, save, secret, token};
use crate::ports::Outcome;
use crate::service::{Revocation, RevocationReason};
use crate::testing::World;

const ADA: &str = "ada@example.com";

// E01
#[test]
fn rotation_uses_this_pair_up_once() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    assert!(revoke(&world, &id, "one", RevocationReason::Rotation));
    assert!(!access_lives(&world, "one") && !refresh_lives(&world, "one"));
    // Exactly one of all callers did it.
    for _ in 0..5 {
        assert!(!revoke(&world, &id, "one", RevocationReason::Rotation));
    }
    // The family lives on.
    save(&world, &id, "two", Some("one")).unwrap();
    assert!(access_lives(&world, "two"));
}

// H02
#[test]
fn logout_ends_the_family_once() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    rotate(&world, &id, "one", "two");
    save(&world, &id, "other", None).unwrap();
    assert!(revoke(&world, &id, "two", RevocationReason::Logout));
    assert!(!revoke(&world, &id, "two", RevocationReason::Logout));
    assert!(!revoke(&world, &id, "one", RevocationReason::Logout));
    assert!(!access_lives(&world, "two") && !refresh_lives(&world, "two"));
    assert!(access_lives(&world, "other"));
    let (action, outcome, ..) = world
        .audit
        .borrow()
        .iter()
        .rfind(|(action, ..)| action == "token-revoke")
        .cloned()
        .unwrap();
    assert_eq!(
        (action.as_str(), outcome),
        ("token-revoke", Outcome::Success)
    );
}

#[test]
fn a_used_token_still_logs_its_owner_out() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    rotate(&world, &id, "one", "two");
    assert!(revoke(&world, &id, "one", RevocationReason::Logout));
    assert!(!access_lives(&world, "two"));
}

#[test]
fn an_access_token_beside_the_pair_is_denied_too() {
    let world = World::default();
    let (ada, bob) = (world.active(ADA), world.active("bob@example.com"));
    for (owner, name) in [
        (&ada, "one"),
        (&ada, "two"),
        (&ada, "three"),
        (&bob, "bobs"),
    ] {
        save(&world, owner, name, None).unwrap();
    }
    let revoke_with = |refresh: &str, access: &str| {
        let request = Revocation {
            access_token: Some(secret(access)),
            refresh_token: token(refresh),
            owner: ada.clone(),
            reason: RevocationReason::Rotation,
        };
        world
            .call(|service| service.revoke_token(&request))
            .unwrap()
    };
    assert!(revoke_with("refresh-one", token("access-two").reveal()));
    assert!(!access_lives(&world, "one") && !access_lives(&world, "two"));
    // Another's and nonsense have no effect, and do not keep the pair.
    assert!(revoke_with("refresh-two", token("access-bobs").reveal()));
    assert!(revoke_with("refresh-three", "nonsense"));
    assert!(access_lives(&world, "bobs") && !refresh_lives(&world, "three"));
}

// H01
#[test]
fn what_is_unknown_is_ok_and_does_nothing() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    let before = world.state.borrow().clone();
    for text in [
        "",
        "nonsense",
        "a token that was never saved",
        &"x".repeat(100_000),
    ] {
        for reason in [RevocationReason::Rotation, RevocationReason::Logout] {
            let request = Revocation {
                access_token: Some(secret(text)),
                refresh_token: secret(text),
                owner: id.clone(),
                reason,
            };
            let answer = world.call(|service| service.revoke_token(&request));
            assert_eq!(answer, Ok(false));
        }
    }
    assert_eq!(*world.state.borrow(), before);
    assert_eq!(RevocationReason::default(), RevocationReason::Rotation);
}

// H01
#[test]
fn what_has_expired_is_ok_and_does_nothing() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    world.pass(10 * crate::settings::HOUR);
    assert!(!revoke(&world, &id, "one", RevocationReason::Logout));
}

// H03
#[test]
fn anothers_token_is_left_alone_and_audited() {
    let world = World::default();
    let (ada, bob) = (world.active(ADA), world.active("bob@example.com"));
    save(&world, &ada, "one", None).unwrap();
    for owner in [bob.as_str(), "nobody", ""] {
        for reason in [RevocationReason::Rotation, RevocationReason::Logout] {
            assert!(!revoke(&world, owner, "one", reason));
            assert!(world.was_denied("token-revoke", Some(&ada), "not-the-owner"));
        }
    }
    assert!(access_lives(&world, "one") && refresh_lives(&world, "one"));
}

// H05
#[test]
fn everything_of_an_account_ends_with_one_write() {
    let world = World::default();
    let (ada, bob) = (world.active(ADA), world.active("bob@example.com"));
    let names: Vec<String> = (0..100).map(|number| format!("n{number}")).collect();
    for name in &names {
        save(&world, &ada, name, None).unwrap();
    }
    save(&world, &bob, "bobs", None).unwrap();
    world
        .operate(|service| service.set_disabled(&ada, true))
        .unwrap();
    assert_eq!(world.effort().get("put"), Some(&1));
    assert!(names.iter().all(|name| !access_lives(&world, name)));
    // Not by being switched on again either.
    world
        .operate(|service| service.set_disabled(&ada, false))
        .unwrap();
    assert!(names.iter().all(|name| !refresh_lives(&world, name)));
    assert!(
        names
            .iter()
            .all(|name| !revoke(&world, &ada, name, RevocationReason::Logout))
    );
    assert!(access_lives(&world, "bobs"));
    save(&world, &ada, "new", None).unwrap();
    assert!(access_lives(&world, "new"));
}
