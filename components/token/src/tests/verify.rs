use serde_json::json;

use super::{DAY, MINUTE, SECOND, is_valid, session_of};
use crate::ports::{Algorithm, Principal};
use crate::service::Verified;
use crate::testing::{
    START, World, forge, parts, principal, retire_signing_key, rotate_signing_key,
};

#[test]
fn a_valid_token_tells_its_claims_and_establishes_its_subject() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let Verified { claims, proof } = world.service().verify_token(&tokens.access_token).unwrap();
    assert_eq!(proof, None);
    assert_eq!(
        (claims.sub.as_str(), claims.iat, claims.exp),
        ("u1", START / 1_000, START / 1_000 + 600)
    );
    // Without a proof nothing but who they are is known.
    let expected = Principal {
        subject: "u1".to_owned(),
        roles: Vec::new(),
        scopes: None,
        session: Some(session_of(&tokens.access_token)),
        methods: vec!["jwt".to_owned()],
        authenticated_at: START,
    };
    assert_eq!(*world.established.borrow(), [expected]);
}

#[test]
fn an_invalid_token_establishes_nobody() {
    let world = World::default();
    assert!(world.service().verify_token("nonsense").is_none());
    assert!(world.established.borrow().is_empty());
}

#[test]
fn a_service_that_acts_for_one_may_check_the_token_of_another() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.message.borrow_mut().principal = Some(principal("u2", &["acting"]));
    assert!(world.service().verify_token(&tokens.access_token).is_some());
    // What is known of the same subject is not replaced by less, either.
    world.message.borrow_mut().principal = Some(principal("u1", &["acting"]));
    assert!(world.service().verify_token(&tokens.access_token).is_some());
    assert!(world.established.borrow().is_empty());
}

#[test]
fn a_check_reads_once_and_writes_nothing() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let (reads, writes) = (world.reads.get(), world.writes.get());
    assert!(is_valid(&world, &tokens.access_token));
    assert_eq!((world.reads.get(), world.writes.get()), (reads + 1, writes));
}

// F01
#[test]
fn a_token_expires_with_30_seconds_of_skew() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.pass(10 * MINUTE + 30 * SECOND - 1);
    assert!(is_valid(&world, &tokens.access_token));
    world.pass(1);
    assert!(!is_valid(&world, &tokens.access_token));
}

// F01
#[test]
fn a_token_is_not_valid_before_its_time() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let (header, mut claims) = parts(&tokens.access_token);
    claims["nbf"] = (START / 1_000 + 60).into();
    let token = forge(&header, &claims, "k1");
    assert!(!is_valid(&world, &token));
    world.pass(30 * SECOND - 1);
    assert!(!is_valid(&world, &token));
    world.pass(1);
    assert!(is_valid(&world, &token));
}

// F02
#[test]
fn issuer_and_audience_are_ours() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.set("issuer", "https://other.example.org");
    assert!(!is_valid(&world, &tokens.access_token));
    world.set("issuer", "vestibule");
    assert!(is_valid(&world, &tokens.access_token));
    world.set("audience", "other");
    assert!(!is_valid(&world, &tokens.access_token));
}

// F02
#[test]
fn one_of_several_audiences_is_enough() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let (header, mut claims) = parts(&tokens.access_token);
    claims["aud"] = json!(["other", "vestibule"]);
    assert!(is_valid(&world, &forge(&header, &claims, "k1")));
    for aud in [json!(["other"]), json!([]), json!(null), json!({"a": 1})] {
        claims["aud"] = aud;
        assert!(
            !is_valid(&world, &forge(&header, &claims, "k1")),
            "{claims}"
        );
    }
}

// F02
#[test]
fn a_refresh_token_is_not_an_access_token() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    assert!(!is_valid(&world, &tokens.refresh_token));
}

#[test]
fn claims_that_are_missing_or_of_another_form_make_it_invalid() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let (header, claims) = parts(&tokens.access_token);
    for name in ["iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid"] {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(name);
        assert!(
            !is_valid(&world, &forge(&header, &claims, "k1")),
            "without {name}"
        );
        for value in [json!(null), json!(-1), json!([1]), json!({"a": 1})] {
            claims[name] = value;
            assert!(
                !is_valid(&world, &forge(&header, &claims, "k1")),
                "{claims}"
            );
        }
    }
    assert!(is_valid(&world, &forge(&header, &claims, "k1")));
}

#[test]
fn a_session_of_another_subject_does_not_carry_the_token() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let other = world.service().generate_tokens("u2").unwrap();
    let (header, mut claims) = parts(&tokens.access_token);
    claims["sid"] = session_of(&other.access_token).into();
    assert!(!is_valid(&world, &forge(&header, &claims, "k1")));
}

#[test]
fn tokens_outlive_a_rotation_of_the_signing_key_and_not_its_retirement() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    rotate_signing_key("k2", Algorithm::EdDsa);
    assert!(is_valid(&world, &tokens.access_token));
    retire_signing_key("k1");
    assert!(!is_valid(&world, &tokens.access_token));
}

#[test]
fn a_record_that_cannot_be_read_carries_no_token() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    for entry in world.entries.borrow_mut().values_mut() {
        entry.value = b"{".to_vec();
    }
    assert!(!is_valid(&world, &tokens.access_token));
    assert!(
        world
            .service()
            .refresh_tokens(&tokens.refresh_token)
            .is_err()
    );
}

#[test]
fn absurd_times_do_not_overflow() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let (header, mut claims) = parts(&tokens.access_token);
    claims["exp"] = u64::MAX.into();
    claims["nbf"] = u64::MAX.into();
    assert!(!is_valid(&world, &forge(&header, &claims, "k1")));
    claims["nbf"] = 0.into();
    world.pass(20 * DAY);
    assert!(is_valid(&world, &forge(&header, &claims, "k1")));
}
