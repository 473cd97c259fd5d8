//! The commands, against a world in memory.

mod delete;
mod read;
mod registration;
mod update;

use crate::profile::{Change, Profile};
use crate::service::Registration;
use crate::testing::World;

/// What makes Ada's profile, for the account `auth_id`.
fn ada(auth_id: &str) -> Registration {
    Registration {
        auth_id: auth_id.to_owned(),
        email: "Ada@Example.org".to_owned(),
        first_name: Some("Ada".to_owned()),
        last_name: "King".to_owned(),
    }
}

/// Makes Ada's profile and gives it.
fn register(world: &World, auth_id: &str) -> Profile {
    world.service().registration(ada(auth_id)).unwrap();
    found(world, auth_id).unwrap()
}

/// The account's profile, as a service sees it.
fn found(world: &World, auth_id: &str) -> Option<Profile> {
    let before = world.message.borrow().clone();
    world.become_service();
    let profile = world.service().get_user_by_auth_id(auth_id).unwrap();
    *world.message.borrow_mut() = before;
    profile
}

fn rename(first_name: Option<&str>, last_name: Option<&str>) -> Change {
    Change {
        first_name: first_name.map(str::to_owned),
        last_name: last_name.map(str::to_owned),
    }
}
