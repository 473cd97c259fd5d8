//! D02: what a signed token must not be. Every token here is signed as it should be, so that only what the test names is wrong.

use serde_json::{Value, json};

use super::is_valid;
use crate::testing::{World, forge, parts, rotate_signing_key};

/// A world with a valid token, taken apart.
fn world() -> (World, Value, Value) {
    let world = World::default();
    let tokens = world.service().generate_tokens("u1").unwrap();
    let (header, claims) = parts(&tokens.access_token);
    assert!(is_valid(&world, &forge(&header, &claims, "k1")));
    (world, header, claims)
}

fn with(header: &Value, name: &str, value: Value) -> Value {
    let mut header = header.clone();
    header[name] = value;
    header
}

// D02
#[test]
fn the_key_decides_the_algorithm() {
    let (world, header, claims) = world();
    for alg in [
        "none", "None", "NONE", "nOnE", "", "HS256", "HS512", "RS256", "PS256", "ES256", "ES384",
        "Ed25519", "eddsa",
    ] {
        let header = with(&header, "alg", json!(alg));
        assert!(!is_valid(&world, &forge(&header, &claims, "k1")), "{alg}");
        // RFC 8725 §2.1: no signature at all.
        let unsigned = forge(&header, &claims, "k1");
        assert!(
            !is_valid(&world, &unsigned[..=unsigned.rfind('.').unwrap()]),
            "{alg}"
        );
    }
    assert!(!is_valid(
        &world,
        &forge(&with(&header, "alg", json!(["EdDSA"])), &claims, "k1")
    ));
}

// D02
#[test]
fn a_key_is_not_used_with_another_algorithm_than_its_own() {
    let (world, header, claims) = world();
    rotate_signing_key("p256", crate::ports::Algorithm::Es256);
    assert!(!is_valid(
        &world,
        &forge(&with(&header, "kid", json!("p256")), &claims, "p256")
    ));
    let header = with(&with(&header, "kid", json!("p256")), "alg", json!("ES256"));
    assert!(is_valid(&world, &forge(&header, &claims, "p256")));
}

// D02
#[test]
fn a_key_id_is_a_name_and_nothing_else() {
    let (world, header, claims) = world();
    let names = [
        "",
        "k2",
        "../../../dev/null",
        "k1' OR '1'='1",
        "k1\0",
        "k1 ",
        "K1",
        "http://evil.example/k1",
        "\u{fc}",
        &"k".repeat(65),
        &"k".repeat(4_000),
    ];
    for kid in names {
        assert!(
            !is_valid(
                &world,
                &forge(&with(&header, "kid", json!(kid)), &claims, kid)
            ),
            "{kid}"
        );
    }
    assert!(!is_valid(
        &world,
        &forge(&with(&header, "kid", json!(1)), &claims, "k1")
    ));
    let mut header = header;
    header.as_object_mut().unwrap().remove("kid");
    assert!(!is_valid(&world, &forge(&header, &claims, "k1")));
}

// D02
#[test]
fn a_token_does_not_bring_its_own_key() {
    let (world, header, claims) = world();
    let jwk =
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let fields = [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/x")),
        ("x5c", json!(["MII="])),
        ("x5t", json!("AA")),
        ("x5t#S256", json!("AA")),
    ];
    for (name, value) in fields {
        assert!(
            !is_valid(&world, &forge(&with(&header, name, value), &claims, "k1")),
            "{name}"
        );
    }
}

// D02
#[test]
fn a_token_does_not_ask_for_more() {
    let (world, header, claims) = world();
    let fields = [
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("crit", json!("exp")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A128GCM")),
        ("cty", json!("JWT")),
        ("exp", json!(1)),
    ];
    for (name, value) in fields {
        assert!(
            !is_valid(&world, &forge(&with(&header, name, value), &claims, "k1")),
            "{name}"
        );
    }
}

// D02, F02
#[test]
fn a_token_says_that_it_is_an_access_token() {
    let (world, header, claims) = world();
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        assert!(
            is_valid(
                &world,
                &forge(&with(&header, "typ", json!(typ)), &claims, "k1")
            ),
            "{typ}"
        );
    }
    for typ in [
        "JWT",
        "jwt",
        "",
        "at+jwt ",
        "x/at+jwt",
        "application/application/at+jwt",
        "secevent+jwt",
        "dpop+jwt",
    ] {
        assert!(
            !is_valid(
                &world,
                &forge(&with(&header, "typ", json!(typ)), &claims, "k1")
            ),
            "{typ}"
        );
    }
    let mut header = header;
    header.as_object_mut().unwrap().remove("typ");
    assert!(!is_valid(&world, &forge(&header, &claims, "k1")));
}

// D02
#[test]
fn a_field_stands_once() {
    let (world, _, claims) = world();
    let encode = |text: &str| {
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text)
    };
    let sign = |header: &str, claims: &str| {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = <World as crate::ports::Signing>::sign("k1", signed.as_bytes());
        format!(
            "{signed}.{}",
            base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature)
        )
    };
    let header = r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1"}"#;
    let claims = claims.to_string();
    assert!(is_valid(&world, &sign(header, &claims)));
    assert!(!is_valid(
        &world,
        &sign(
            r#"{"typ":"at+jwt","alg":"EdDSA","alg":"EdDSA","kid":"k1"}"#,
            &claims
        )
    ));
    let twice = format!("{},\"sub\":\"admin\"}}", &claims[..claims.len() - 1]);
    assert!(!is_valid(&world, &sign(header, &twice)));
}

// D02
#[test]
fn a_token_that_was_cut_or_changed_is_invalid() {
    let (world, header, claims) = world();
    let token = forge(&header, &claims, "k1");
    for end in 0..token.len() {
        assert!(!is_valid(&world, &token[..end]), "cut at {end}");
    }
    for at in 0..token.len() {
        let other = if token.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert!(!is_valid(&world, &changed), "changed at {at}");
    }
    for changed in [
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.x"),
        format!("{token}="),
        format!(" {token}"),
        format!("{token}\n"),
    ] {
        assert!(!is_valid(&world, &changed), "{changed:?}");
    }
}

// D02
#[test]
fn a_token_beyond_8_kib_is_not_looked_at() {
    let (world, header, mut claims) = world();
    claims["pad"] = json!("x".repeat(5_000));
    assert!(is_valid(&world, &forge(&header, &claims, "k1")));
    claims["pad"] = json!("x".repeat(6_000));
    assert!(!is_valid(&world, &forge(&header, &claims, "k1")));
    let reads = world.reads.get();
    assert!(!is_valid(&world, &"e".repeat(1 << 20)));
    assert_eq!(world.reads.get(), reads);
}
