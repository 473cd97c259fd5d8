//! The commands, against a world in memory.

mod access;
mod access_only;
mod attacks;
mod blacklist;
mod generate;
mod hostile;
mod issue;
mod proof;
mod refresh;
mod refresh_session;
mod sessions;
mod verify;

use crate::testing::{World, parts};

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// The session of an access token.
fn session_of(access_token: &str) -> String {
    parts(access_token).1["sid"].as_str().unwrap().to_owned()
}

fn is_valid(world: &World, access_token: &str) -> bool {
    // Each check is a message of its own, in which nobody is known yet.
    world.message.borrow_mut().principal = None;
    world.service().verify_token(access_token).is_some()
}
