use super::{MINUTE, is_valid, session_of};
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{START, World, parts, principal, rotate_signing_key};

// D01
#[test]
fn an_access_token_has_the_header_and_the_claims_of_rfc_9068() {
    let world = World::default();
    world.set("issuer", "https://id.example.org");
    world.set("audience", "shop");
    let tokens = world.service().generate_tokens("u1").unwrap();
    let (header, claims) = parts(&tokens.access_token);
    assert_eq!(
        header,
        serde_json::json!({"typ": "at+jwt", "alg": "EdDSA", "kid": "k1"})
    );
    let (jti, sid) = (
        claims["jti"].as_str().unwrap(),
        claims["sid"].as_str().unwrap(),
    );
    let iat = START / 1_000;
    let expected = serde_json::json!({
        "iss": "https://id.example.org", "aud": "shop", "sub": "u1", "client_id": "vestibule",
        "iat": iat, "exp": iat + 600, "jti": jti, "sid": sid,
    });
    assert_eq!(claims, expected);
    assert_eq!((jti.len(), sid.len()), (22, 22));
}

#[test]
fn the_algorithm_is_the_keys() {
    rotate_signing_key("p256", crate::ports::Algorithm::Es256);
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let (header, _) = parts(&tokens.access_token);
    assert_eq!(
        (&header["alg"], &header["kid"]),
        (&"ES256".into(), &"p256".into())
    );
    assert!(is_valid(&world, &tokens.access_token));
}

#[test]
fn the_client_is_the_service_key_or_the_configured_one() {
    let world = World::default();
    world.set("client-id", "shop");
    let client = |world: &World| {
        let tokens = world.service().generate_tokens("u1").unwrap();
        parts(&tokens.access_token).1["client_id"].clone()
    };
    assert_eq!(client(&world), "shop");
    world.message.borrow_mut().service_key = Some("gateway".to_owned());
    assert_eq!(client(&world), "gateway");
}

// D04
#[test]
fn nothing_that_is_stored_can_be_presented() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let mut stored = String::new();
    for (key, entry) in world.entries.borrow().iter() {
        stored.push_str(key);
        stored.push_str(&String::from_utf8_lossy(&entry.value));
    }
    // Half a token would be too much.
    for token in [&tokens.refresh_token, &tokens.access_token] {
        let characters: Vec<char> = token.chars().collect();
        let tail: String = characters[characters.len() - 43..].iter().collect();
        assert!(!stored.contains(&tail) && !stored.contains(token.as_str()));
    }
    let audit = format!("{:?}{:?}", world.audit.borrow(), world.events.borrow());
    assert!(!audit.contains(&tokens.refresh_token) && !audit.contains(&tokens.access_token));
}

// D05
#[test]
fn every_entry_expires_and_is_somebodys() {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    world.service().blacklist_tokens("", &tokens.access_token);
    let entries = world.entries.borrow();
    assert_eq!(entries.len(), 3);
    assert!(entries.values().all(|entry| entry.subject == "u1"
        && (START..START + 91 * super::DAY).contains(&entry.expires_at)));
}

// D05
#[test]
fn an_access_token_does_not_outlive_its_family() {
    let world = World::default();
    world.set("idle-lifetime", &(2 * MINUTE).to_string());
    let tokens = world.service().generate_tokens("u1").unwrap();
    assert_eq!(
        parts(&tokens.access_token).1["exp"],
        (START + 2 * MINUTE) / 1_000
    );
    world.pass(2 * MINUTE - 1);
    assert!(is_valid(&world, &tokens.access_token));
    world.pass(1);
    // Without the skew: the family is gone.
    assert!(!is_valid(&world, &tokens.access_token));
}

// D08
#[test]
fn the_longest_access_token_stays_below_2_kib() {
    let world = World::default();
    world.set("issuer", &format!("https://{}", "i".repeat(247)));
    world.set("audience", &"a".repeat(255));
    world.message.borrow_mut().service_key = Some("c".repeat(64));
    rotate_signing_key(&"k".repeat(64), crate::ports::Algorithm::EdDsa);
    // A quotation mark takes two bytes in JSON.
    let tokens = world.service().generate_tokens(&"\"".repeat(128)).unwrap();
    assert!(
        tokens.access_token.len() <= 2_048,
        "{}",
        tokens.access_token.len()
    );
    assert!(tokens.refresh_token.len() <= 256);
    assert!(is_valid(&world, &tokens.access_token));
}

#[test]
fn ids_are_bounded() {
    let world = World::default();
    for id in ["", &"x".repeat(129), "a\nb", "a\0", "\u{85}"] {
        let refused = world.service().generate_tokens(id);
        assert!(
            matches!(refused, Err(Error::ValidationFailed(ref violation)) if violation.path == "id"),
            "{id:?}"
        );
    }
    assert!(world.entries.borrow().is_empty());
    for id in [
        "x",
        &"x".repeat(128),
        "ü/ü",
        "550e8400-e29b-41d4-a716-446655440000",
        "../..",
    ] {
        assert!(world.service().generate_tokens(id).is_ok(), "{id:?}");
    }
}

#[test]
fn a_component_gets_tokens_for_the_established_subject() {
    let world = World::default();
    world.message.borrow_mut().via = Some("accounts".to_owned());
    world.message.borrow_mut().principal = Some(principal("u1", &["pwd"]));
    assert!(world.service().generate_tokens("u1").is_ok());
    assert!(world.audited("token-issue", Outcome::Success, Some("u1")));
}

#[test]
fn a_component_gets_no_tokens_for_anybody_else() {
    let world = World::default();
    world.message.borrow_mut().via = Some("accounts".to_owned());
    assert!(
        world
            .service()
            .generate_tokens("u1")
            .is_err_and(|error| error == Error::AccessDenied)
    );
    world.message.borrow_mut().principal = Some(principal("u2", &["pwd"]));
    assert!(
        world
            .service()
            .generate_tokens("u1")
            .is_err_and(|error| error == Error::AccessDenied)
    );
    assert!(world.audited("token-issue", Outcome::Denied, Some("u1")));
    assert!(world.entries.borrow().is_empty());
}

#[test]
fn each_sign_in_is_a_session_of_its_own() {
    let world = World::default();
    let first = world.service().generate_tokens("u1").unwrap();
    let second = world.service().generate_tokens("u1").unwrap();
    assert_ne!(
        session_of(&first.access_token),
        session_of(&second.access_token)
    );
    assert_ne!(first.refresh_token, second.refresh_token);
}
