//! What a later build wrote is kept, what nobody can read is said, and costs do not grow with the number of accounts.

use super::{access_lives, revoke, save, secret};
use crate::error::Error;
use crate::service::RevocationReason;
use crate::testing::{PASSWORD, World};

const ADA: &str = "ada@example.com";

/// Adds a field to every record.
fn as_a_later_build(world: &World) {
    let mut state = world.state.borrow_mut();
    for entry in state.entries.values_mut() {
        if let Ok(serde_json::Value::Object(mut record)) = serde_json::from_slice(&entry.value) {
            record.insert("later".to_owned(), serde_json::json!({"x": [1]}));
            entry.value = serde_json::to_vec(&record).unwrap();
        }
    }
}

#[test]
fn fields_of_a_later_build_survive_every_rewrite() {
    let world = World::default();
    let registered = world.register(ADA);
    save(&world, &registered.id, "one", None).unwrap();
    let reset = world
        .call(|service| service.get_forgot_password_token(ADA))
        .unwrap();
    as_a_later_build(&world);
    world
        .call(|service| service.verify_email(&registered.signup_token))
        .unwrap();
    let refused = world.call(|service| service.reset_password(&reset.token, &secret("short")));
    assert!(refused.is_err());
    assert!(revoke(
        &world,
        &registered.id,
        "one",
        RevocationReason::Rotation
    ));
    save(&world, &registered.id, "two", Some("one")).unwrap();
    let state = world.state.borrow();
    let mut records = 0;
    for (key, entry) in &state.entries {
        let Ok(serde_json::Value::Object(record)) = serde_json::from_slice(&entry.value) else {
            continue;
        };
        let is_new = !record.contains_key("later");
        records += usize::from(!is_new);
        // Those of the second pair.
        assert!(!is_new || key.starts_with("saved-"), "{key}");
    }
    assert!(records >= 6, "{records}");
}

#[test]
fn a_record_that_cannot_be_read_is_unknown_and_the_operator_is_told() {
    let world = World::default();
    let id = world.active(ADA);
    save(&world, &id, "one", None).unwrap();
    let break_all = |prefix: &str| {
        let mut state = world.state.borrow_mut();
        for (key, entry) in &mut state.entries {
            if key.starts_with(prefix) {
                entry.value = br#"{"password": "hunter2hunter2"}"#.to_vec();
            }
        }
    };
    break_all("saved-access/");
    let answer = world.call(|service| service.get_access_token(&super::token("access-one")));
    assert_eq!(answer, Err(Error::Unknown));
    break_all("account/");
    assert_eq!(
        world.call(|service| service.get_account(&id)),
        Err(Error::Unknown)
    );
    let answer = world.call(|service| service.get_user(ADA, &secret(PASSWORD)));
    assert_eq!(answer, Err(Error::Unknown));
    let answer = world.call(|service| service.start_password_reset(ADA));
    assert_eq!(answer, Err(Error::Unknown));
    let log = world.log.borrow();
    assert_eq!(log.len(), 4);
    // Where, and nothing of what stands there.
    assert!(log[0].contains("saved-access/") && log[1].contains("account/"));
    assert!(
        log.iter()
            .all(|line| !line.contains("hunter") && line.len() < 1_024)
    );
}

#[test]
fn no_command_costs_more_among_many_accounts() {
    let effort_among = |accounts: usize| {
        let world = World::default();
        for number in 0..accounts {
            let id = world.active(&format!("u{number}@example.com"));
            save(&world, &id, &format!("n{number}"), None).unwrap();
        }
        let id = world.active(ADA);
        save(&world, &id, "one", None).unwrap();
        let mut efforts = Vec::new();
        world.signs_in(ADA, PASSWORD);
        efforts.push(world.effort());
        access_lives(&world, "one");
        efforts.push(world.effort());
        world
            .call(|service| service.start_password_reset(ADA))
            .unwrap();
        efforts.push(world.effort());
        revoke(&world, &id, "one", RevocationReason::Logout);
        efforts.push(world.effort());
        world
            .operate(|service| service.delete_account(&id, None))
            .unwrap();
        efforts.push(world.effort());
        efforts
    };
    assert_eq!(effort_among(0), effort_among(200));
}
