//! What a session keeps of the proof it began with, and who a check of its tokens establishes.

use super::session_of;
use crate::ports::{MAX_LIST, Plane, Principal};
use crate::proof::Proof;
use crate::service::Tokens;
use crate::testing::{START, World, message, principal};

/// Tokens that `known` gets for `u1`, and then a message in which nobody is known.
fn signed_in(world: &World, known: Principal) -> Tokens {
    world.message.borrow_mut().principal = Some(known);
    let tokens = world.service().generate_tokens("u1").unwrap();
    *world.message.borrow_mut() = message(Plane::User);
    tokens
}

/// The proof that `access_token` tells, and whom it establishes.
fn check(world: &World, access_token: &str) -> (Option<Proof>, Principal) {
    let verified = world.service().verify_token(access_token).unwrap();
    (
        verified.proof,
        world.established.borrow().last().unwrap().clone(),
    )
}

#[test]
fn a_session_keeps_the_proof_it_began_with() {
    let world = World::default();
    let known = principal("u1", &["pwd"]);
    let tokens = signed_in(&world, known.clone());
    let (proof, established) = check(&world, &tokens.access_token);
    assert_eq!(proof, Some(Proof::from(known.clone())));
    let expected = Principal {
        session: Some(session_of(&tokens.access_token)),
        methods: vec!["jwt".to_owned(), "pwd".to_owned()],
        ..known
    };
    assert_eq!(established, expected);
}

#[test]
fn a_refresh_leaves_the_proof_as_it_was() {
    let world = World::default();
    let known = principal("u1", &["pwd"]);
    let tokens = signed_in(&world, known.clone());
    world.pass(super::DAY);
    let tokens = world
        .service()
        .refresh_tokens(&tokens.refresh_token)
        .unwrap();
    let (proof, established) = check(&world, &tokens.access_token);
    assert_eq!(proof, Some(Proof::from(known)));
    assert_eq!(established.authenticated_at, START - 60_000);
}

#[test]
fn a_credential_that_allows_nothing_makes_no_session_that_does() {
    let world = World::default();
    let known = Principal {
        scopes: Some(Vec::new()),
        ..principal("u1", &["api-token"])
    };
    let tokens = signed_in(&world, known);
    let (proof, established) = check(&world, &tokens.access_token);
    assert_eq!(proof.unwrap().scopes, Some(Vec::new()));
    assert_eq!(established.scopes, Some(Vec::new()));
}

#[test]
fn what_a_service_says_of_somebody_is_no_proof() {
    for known in [
        principal("u1", &["acting"]),
        principal("u1", &["pwd", "acting"]),
        principal("u2", &["pwd"]),
    ] {
        let world = World::default();
        let tokens = signed_in(&world, known);
        world.pass(super::MINUTE);
        let (proof, established) = check(&world, &tokens.access_token);
        assert_eq!(proof, None);
        assert_eq!((established.roles, established.scopes), (Vec::new(), None));
        assert_eq!(
            (established.methods, established.authenticated_at),
            (vec!["jwt".to_owned()], START)
        );
    }
}

#[test]
fn methods_are_named_once_and_not_more_of_them_than_a_principal_has() {
    let world = World::default();
    let tokens = signed_in(&world, principal("u1", &["jwt", "pwd", "pwd", "otp"]));
    let (_, established) = check(&world, &tokens.access_token);
    assert_eq!(established.methods, ["jwt", "pwd", "otp"]);

    let world = World::default();
    let methods: Vec<String> = (0..MAX_LIST).map(|number| format!("m{number}")).collect();
    let many = Principal {
        methods,
        ..principal("u1", &[])
    };
    let tokens = signed_in(&world, many);
    let (_, established) = check(&world, &tokens.access_token);
    assert_eq!(established.methods.len(), MAX_LIST);
}

#[test]
fn a_moment_that_another_hosts_clock_made_is_not_in_the_future() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.now.set(START - 5_000);
    let (_, established) = check(&world, &tokens.access_token);
    assert_eq!(established.authenticated_at, START - 5_000);
}

#[test]
fn a_token_is_valid_also_if_the_message_acts_for_somebody_else() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.taken.set(true);
    assert!(world.service().verify_token(&tokens.access_token).is_some());
    assert!(world.established.borrow().is_empty());
    assert!(world.message.borrow().principal.is_none());
}
