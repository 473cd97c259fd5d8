//! `verify-scope`.

use super::{pair, save, secret, token};
use crate::role::Role;
use crate::service::{RevocationReason, SaveToken};
use crate::settings::HOUR;
use crate::testing::World;

const ADA: &str = "ada@example.com";

fn verify(world: &World, name: &str, id: &str, scopes: &[&str]) -> bool {
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let token = token(&format!("access-{name}"));
    world
        .call(|service| service.verify_scope(&token, id, &scopes))
        .unwrap()
}

/// A token that is limited to these scopes.
fn save_limited(world: &World, owner: &str, name: &str, scopes: &[&str]) {
    let request = SaveToken {
        scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        ..pair(world, owner, name)
    };
    world.call(|service| service.save_token(request)).unwrap();
}

// G01
#[test]
fn every_scope_that_is_needed_must_be_given() {
    let world = World::default();
    let id = world.active(ADA);
    save_limited(&world, &id, "one", &["read", "write", "read"]);
    for good in [
        &[] as &[&str],
        &["read"],
        &["write", "read"],
        &["read", "read", "write", "write"],
    ] {
        assert!(verify(&world, "one", &id, good), "{good:?}");
    }
    for bad in [
        &["Read"] as &[&str],
        &["read", "delete"],
        &[""],
        &["read "],
        &["read write"],
        // What its owner may do is more than what the token gives.
        &["user"],
    ] {
        assert!(!verify(&world, "one", &id, bad), "{bad:?}");
    }
}

// G01
#[test]
fn a_token_that_is_not_limited_gives_its_owners_roles_of_now() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    assert!(verify(&world, "one", &id, &["user"]));
    assert!(!verify(&world, "one", &id, &["admin"]));
    let grant = |roles: Vec<Role>| {
        world
            .operate(|service| service.set_roles(&id, roles))
            .unwrap();
    };
    grant(vec![Role::Admin, Role::OrganizationAdmin]);
    assert!(verify(
        &world,
        "one",
        &id,
        &["organization-admin", "admin", "user"]
    ));
    grant(vec![Role::User]);
    assert!(!verify(&world, "one", &id, &["admin"]));
    assert!(verify(&world, "one", &id, &["user"]));
}

#[test]
fn a_token_without_scopes_gives_none_and_lives() {
    let world = World::default();
    let id = world.active(ADA);
    save_limited(&world, &id, "one", &[]);
    assert!(verify(&world, "one", &id, &[]) && !verify(&world, "one", &id, &["user"]));
}

// G01, G02
#[test]
fn stored_state_counts_and_never_what_the_caller_says() {
    let world = World::default();
    let (ada, bob) = (world.active(ADA), world.active("bob@example.com"));
    save(&world, &ada, "one", None).unwrap();
    assert!(!verify(&world, "one", &bob, &[]));
    assert!(!verify(&world, "one", "", &[]) && !verify(&world, "one", &ada.to_uppercase(), &[]));
    assert!(!verify(&world, "unknown", &ada, &[]));
    for text in ["", "nonsense", &"x".repeat(100_000)] {
        let answer = world.call(|service| service.verify_scope(&secret(text), &ada, &[]));
        assert_eq!(answer, Ok(false));
    }
    world.pass(HOUR);
    assert!(!verify(&world, "one", &ada, &[]));
}

// G01
#[test]
fn a_token_that_was_revoked_or_whose_owner_is_off_gives_nothing() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    super::revoke(&world, &id, "one", RevocationReason::Rotation);
    assert!(!verify(&world, "one", &id, &[]));
    save(&world, &id, "two", None).unwrap();
    world
        .operate(|service| service.set_disabled(&id, true))
        .unwrap();
    assert!(!verify(&world, "two", &id, &[]));
}

/// Ten thousand scopes are answered and not an error.
#[test]
fn any_number_of_scopes_may_be_asked_for() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    assert!(verify(&world, "one", &id, &["user"; 10_000]));
    let mut many = vec!["user"; 10_000];
    many.push("other");
    assert!(!verify(&world, "one", &id, &many));
}
