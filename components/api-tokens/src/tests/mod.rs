//! The commands, against a world in memory.

mod access;
mod at_rest;
mod authorize;
mod authorize_refused;
mod create;
mod credentials;
mod delete_all;
mod end;
mod list;
mod owner;
mod regenerate;
mod update;

use crate::error::Error;
use crate::service::Metadata;
use crate::testing::{START, World};
use crate::token::Token;
use crate::value::TokenValue;

const HOUR: u64 = 60 * 60 * 1_000;
const DAY: u64 = 24 * HOUR;

/// A token that lives for a day from the start of the test's clock.
fn metadata(name: &str) -> Metadata {
    Metadata {
        name: name.to_owned(),
        expires_at: START + DAY,
    }
}

fn scopes(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

/// Makes a token of whom the message acts for.
fn create(world: &World, names: &[&str]) -> (Token, TokenValue) {
    world
        .service()
        .create(metadata("ci"), scopes(names))
        .unwrap()
}

/// Whether `value` lets a program in, in a message of its own in which nobody is known yet.
fn authorize(world: &World, value: &TokenValue) -> Result<Vec<String>, Error> {
    let before = world.message.borrow().clone();
    world.become_user(None);
    let answer = world.service().authorize(value.as_str());
    *world.message.borrow_mut() = before;
    answer.map(|authorization| authorization.scopes)
}
