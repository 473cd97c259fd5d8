//! What is stored, logged, published and audited: no secret, and every entry of a person by their id.

use super::{rotate, save, secret, token};
use crate::settings::{MINUTE, SECOND};
use crate::testing::{PASSWORD, World, in_session};

const ADA: &str = "ada@example.com";
const NEW: &str = "another good password";

/// A world in which every kind of entry is stored, and the secrets that went into it.
fn lived() -> (World, String, Vec<String>) {
    let world = World::default();
    let registered = world.register(ADA);
    let id = registered.id.clone();
    world.signs_in(ADA, "a wrong password");
    world.signs_in("nobody@example.com", "a wrong password");
    save(&world, &id, "one", None).unwrap();
    rotate(&world, &id, "one", "two");
    world.pass(MINUTE);
    let reset = world
        .call(|service| service.get_forgot_password_token(ADA))
        .unwrap();
    let verification = world
        .call(|service| service.get_signup_token(ADA))
        .unwrap()
        .unwrap();
    let short = secret("short!?");
    let refused = world.call(|service| service.reset_password(&reset.token, &short));
    assert!(refused.is_err());
    let (current, new) = (secret(PASSWORD), secret(NEW));
    world
        .call_as(in_session(&id, "s1"), |service| {
            service.change_password(&id, &current, &new)
        })
        .unwrap();
    save(&world, &id, "three", None).unwrap();
    rotate(&world, &id, "three", "four");
    world.pass(31 * SECOND);
    assert!(!super::refresh_lives(&world, "three"));
    let mut secrets = vec![
        PASSWORD.to_owned(),
        NEW.to_owned(),
        "a wrong password".to_owned(),
        "short!?".to_owned(),
    ];
    secrets.extend(
        [registered.signup_token, reset.token, verification.token]
            .iter()
            .map(|token| token.reveal().to_owned()),
    );
    for name in ["one", "two", "three", "four"] {
        secrets.push(token(&format!("access-{name}")).reveal().to_owned());
        secrets.push(token(&format!("refresh-{name}")).reveal().to_owned());
    }
    (world, id, secrets)
}

// B01, C08, I03
#[test]
fn no_secret_is_stored_audited_published_or_logged() {
    let (world, _, secrets) = lived();
    let state = world.state.borrow();
    let mut texts: Vec<String> = vec![
        format!("{:?}", world.audit.borrow()),
        format!("{:?}", world.log.borrow()),
        format!("{:?}", state.events),
    ];
    for (key, entry) in &state.entries {
        texts.push(key.clone());
        texts.push(String::from_utf8_lossy(&entry.value).into_owned());
    }
    assert!(!state.entries.is_empty() && !state.events.is_empty());
    for text in &texts {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
    }
}

/// `subject forget` finds them all.
#[test]
fn every_entry_is_its_accounts() {
    let (world, id, _) = lived();
    let state = world.state.borrow();
    for (key, entry) in &state.entries {
        let is_decoy = key.starts_with("decoy/");
        let subject = (!is_decoy).then_some(id.as_str());
        assert_eq!(entry.subject.as_deref(), subject, "{key}");
    }
}

/// Audit keeps the id, not the person.
#[test]
fn no_address_is_audited() {
    let (world, ..) = lived();
    let audit = format!("{:?}", world.audit.borrow());
    assert!(!audit.contains("example.com"));
}

// B01
#[test]
fn all_but_the_account_itself_expires() {
    let (world, ..) = lived();
    let state = world.state.borrow();
    for (key, entry) in &state.entries {
        let stays = key.starts_with("account/") || key.starts_with("email/");
        assert_eq!(entry.expires_at.is_none(), stays, "{key}");
    }
}
