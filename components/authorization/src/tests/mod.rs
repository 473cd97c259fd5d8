//! The commands, against a world in memory.

mod access;
mod administration;
mod at_rest;
mod deletion;
mod growth;
mod hostile;
mod import;
mod lookup;
mod password_change;
mod password_reset;
mod registration;
mod replay;
mod revoking;
mod saving;
mod saving_pending;
mod scopes;
mod sign_in;
mod sign_up;
mod sources;
mod tries;
mod uniform;
mod verification;

use crate::error::Error;
use crate::secret::Secret;
use crate::service::{Revocation, RevocationReason, SaveToken};
use crate::settings::HOUR;
use crate::testing::World;

/// The paths of the rules that were broken.
fn paths<T: std::fmt::Debug>(answer: Result<T, Error>) -> Vec<&'static str> {
    match answer {
        Err(Error::ValidationFailed(violations)) => {
            violations.iter().map(|violation| violation.path).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

/// A token as a service might make it.
fn token(name: &str) -> Secret {
    Secret::new(format!("{name:-<24}"))
}

/// A pair of tokens for an hour and ten.
fn pair(world: &World, owner: &str, name: &str) -> SaveToken {
    let now = world.now.get();
    SaveToken {
        access_token: token(&format!("access-{name}")),
        access_expires_at: now + HOUR,
        refresh_token: token(&format!("refresh-{name}")),
        refresh_expires_at: now + 10 * HOUR,
        owner: owner.to_owned(),
        previous: None,
        scopes: None,
    }
}

/// Saves a pair of this name, after `previous` if that is given.
fn save(world: &World, owner: &str, name: &str, previous: Option<&str>) -> Result<(), Error> {
    let request = SaveToken {
        previous: previous.map(|previous| token(&format!("refresh-{previous}"))),
        ..pair(world, owner, name)
    };
    world.call(|service| service.save_token(request))
}

/// Revokes the pair of this name.
fn revoke(world: &World, owner: &str, name: &str, reason: RevocationReason) -> bool {
    let request = Revocation {
        access_token: None,
        refresh_token: token(&format!("refresh-{name}")),
        owner: owner.to_owned(),
        reason,
    };
    world
        .call(|service| service.revoke_token(&request))
        .unwrap()
}

/// Uses the pair of this name up and saves its successor.
fn rotate(world: &World, owner: &str, from: &str, to: &str) {
    assert!(revoke(world, owner, from, RevocationReason::Rotation));
    save(world, owner, to, Some(from)).unwrap();
}

/// Whether the access token of this name lives.
fn access_lives(world: &World, name: &str) -> bool {
    let token = token(&format!("access-{name}"));
    world
        .call(|service| service.get_access_token(&token))
        .unwrap()
        .is_some()
}

/// Whether the refresh token of this name lives.
fn refresh_lives(world: &World, name: &str) -> bool {
    let token = token(&format!("refresh-{name}"));
    world
        .call(|service| service.get_refresh_token(&token))
        .unwrap()
        .is_some()
}
