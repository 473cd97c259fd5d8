//! Another algorithm, and what is published of its key.

use super::fixture::{NOW, Site};
use crate::config::SigningAlgorithm;
use crate::keyring::*;

#[tokio::test]
async fn another_algorithm_comes_with_the_next_key_and_is_published_right() {
    let site = Site::new();
    site.host().await;
    let options = Options {
        algorithm: SigningAlgorithm::ES256,
        ..Options::default()
    };
    let ring = site.try_host(1, options).await.unwrap();
    assert_eq!(ring.signing().current().algorithm, SigningAlgorithm::EdDSA);
    ring.rotate_signing(&NOW).await.unwrap();
    ring.rotate_signing(&NOW).await.unwrap();
    let current = ring.signing().current();
    assert_eq!(current.algorithm, SigningAlgorithm::ES256);
    let signature = ring.signing().sign(&current.id, b"m").unwrap();
    assert!(
        ring.signing()
            .verify(&current.id, b"m", &signature)
            .await
            .unwrap()
    );

    let jwks = serde_json::to_value(ring.jwks()).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let ec = keys
        .iter()
        .find(|key| key["kid"] == current.id.as_str())
        .unwrap();
    let names: Vec<_> = ec.as_object().unwrap().keys().cloned().collect();
    let mut expected = ["kty", "crv", "x", "y", "use", "alg", "kid"].map(String::from);
    expected.sort();
    let mut sorted = names;
    sorted.sort();
    assert_eq!(sorted, expected);
    assert_eq!(
        (&ec["kty"], &ec["crv"], &ec["alg"]),
        (&"EC".into(), &"P-256".into(), &"ES256".into())
    );
    let okp = keys.iter().find(|key| key["kty"] == "OKP").unwrap();
    assert_eq!(
        (&okp["crv"], &okp["alg"], &okp["use"]),
        (&"Ed25519".into(), &"EdDSA".into(), &"sig".into())
    );
    assert!(okp.get("y").is_none());

    // What is published is enough to verify with.
    use base64::Engine as _;
    let part = |name: &str| {
        let text = ec[name].as_str().unwrap();
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .unwrap()
    };
    let point = [vec![4], part("x"), part("y")].concat();
    let algorithm = &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED;
    let public = aws_lc_rs::signature::UnparsedPublicKey::new(algorithm, point);
    assert!(public.verify(b"m", &signature).is_ok());
}
