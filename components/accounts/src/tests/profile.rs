use super::{ANN, BOB, NOBODY, paths, signed_in, with_ann};
use crate::error::Error;
use crate::ports::Outcome;
use crate::service::OwnProfile;
use crate::testing::{START, World};

/// [`ANN`], who is signed in.
fn ann() -> (World, String) {
    let (world, id) = with_ann();
    let session = signed_in(&world, ANN);
    world.with(&session);
    (world, id)
}

fn profile(id: &str, first_name: Option<&str>, last_name: Option<&str>) -> OwnProfile {
    OwnProfile {
        id: id.to_owned(),
        email: ANN.to_owned(),
        is_email_verified: true,
        first_name: first_name.map(str::to_owned),
        last_name: last_name.map(str::to_owned),
        registered_at: START,
    }
}

#[test]
fn ones_profile_is_account_and_names() {
    let (world, id) = ann();
    let expected = profile(&id, Some("Ann"), Some("Example"));
    assert_eq!(world.ask(|service| service.profile()), Ok(expected));
    assert_eq!(is_verified(&world, None), Ok(true));
}

fn is_verified(world: &World, email: Option<&str>) -> Result<bool, Error> {
    world.ask(|service| service.is_email_verified(email))
}

#[test]
fn an_address_that_is_not_ones_own_is_not_verified() {
    let (world, _) = ann();
    for own in ["", ANN, "Ann@EXAMPLE.org", " ann@example.org "] {
        assert_eq!(is_verified(&world, Some(own)), Ok(true), "{own}");
    }
    for other in [BOB, NOBODY, "ann", "ann@example.org.", "a\nb"] {
        assert_eq!(is_verified(&world, Some(other)), Ok(false), "{other}");
    }
}

#[test]
fn an_account_without_a_profile_has_no_names_and_an_empty_one_is_not_none() {
    let (world, id) = ann();
    world.state.borrow_mut().profiles.remove(&id);
    let expected = profile(&id, None, None);
    assert_eq!(world.ask(|service| service.profile()), Ok(expected));
    world.state.borrow_mut().add_profile(&id, None, "");
    let expected = profile(&id, None, Some(""));
    assert_eq!(world.ask(|service| service.profile()), Ok(expected));
}

#[test]
fn a_pending_address_is_not_verified() {
    let (world, id) = ann();
    world
        .state
        .borrow_mut()
        .accounts
        .get_mut(&id)
        .unwrap()
        .verified = false;
    assert_eq!(is_verified(&world, None), Ok(false));
}

#[test]
fn names_change_and_all_of_the_profile_is_answered() {
    let (world, id) = ann();
    for (first, last, expected) in [
        (Some("Anna"), None, (Some("Anna"), Some("Example"))),
        (None, Some("Sample"), (Some("Anna"), Some("Sample"))),
        (None, None, (Some("Anna"), Some("Sample"))),
        (Some(""), None, (None, Some("Sample"))),
    ] {
        let expected = profile(&id, expected.0, expected.1);
        let changed = world.ask(|service| service.update_profile(first, last));
        assert_eq!(changed, Ok(expected.clone()));
        assert!(world.audited("update-profile", Outcome::Success, Some(&id)));
        assert_eq!(world.ask(|service| service.profile()), Ok(expected));
    }
}

#[test]
fn a_last_name_does_not_go_and_then_nothing_changes() {
    let (world, id) = ann();
    let refused = world.ask(|service| service.update_profile(Some("Anna"), Some("")));
    assert_eq!(paths(refused), ["last_name"]);
    assert!(world.audited("update-profile", Outcome::Denied, Some(&id)));
    let expected = profile(&id, Some("Ann"), Some("Example"));
    assert_eq!(world.ask(|service| service.profile()), Ok(expected));
}

#[test]
fn who_has_no_account_or_no_profile_is_not_found() {
    let (world, id) = ann();
    world.state.borrow_mut().profiles.remove(&id);
    let change = || world.ask(|service| service.update_profile(Some("Anna"), None));
    assert_eq!(change(), Err(Error::NotFound));
    world.state.borrow_mut().accounts.remove(&id);
    assert_eq!(change(), Err(Error::NotFound));
    assert_eq!(world.ask(|service| service.profile()), Err(Error::NotFound));
    assert_eq!(is_verified(&world, None), Err(Error::NotFound));
    assert!(world.audited("is-email-verified", Outcome::Denied, Some(&id)));
}
