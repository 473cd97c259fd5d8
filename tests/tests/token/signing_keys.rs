//! Rotating the signing key while tokens are issued and verified.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokio::sync::RwLock;
use vestibule::keyring::Rotation;

use crate::pair::{host, is_valid, issue};

fn kid(access: &str) -> String {
    let header = URL_SAFE_NO_PAD
        .decode(access.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn published(jwks: &Value) -> Vec<String> {
    jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_under_load_fails_no_verification() {
    // D03
    let host = host().await;
    let done = Arc::new(AtomicBool::new(false));
    // Time goes on between one verification and the next, or a token could expire before a slow worker asks for it.
    let time = Arc::new(RwLock::new(()));
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let (host, done, time) = (host.clone(), done.clone(), time.clone());
            tokio::spawn(async move {
                let mut verified = 0;
                while !done.load(Ordering::SeqCst) || verified < 50 {
                    let _still = time.read().await;
                    let pair = issue(&host, &format!("user-{worker}-{verified}")).await;
                    assert!(is_valid(&host, &pair.access).await);
                    verified += 1;
                }
                verified
            })
        })
        .collect();
    let before = issue(&host, "before").await;
    let mut signed_by = vec![kid(&before.access)];
    for _ in 0..5 {
        let goes_on = time.write().await;
        host.clock.advance(6 * 60 * 1_000);
        drop(goes_on);
        let jwks = serde_json::to_value(host.host.keyring().jwks()).unwrap();
        host.host
            .keyring()
            .rotate_signing(&Rotation::default())
            .await
            .unwrap();
        let pair = issue(&host, "after").await;
        assert!(
            published(&jwks).contains(&kid(&pair.access)),
            "a key is published before it signs"
        );
        signed_by.push(kid(&pair.access));
    }
    done.store(true, Ordering::SeqCst);
    for worker in workers {
        assert!(worker.await.unwrap() >= 50);
    }
    signed_by.dedup();
    assert_eq!(signed_by.len(), 6, "every rotation changed the key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_replaced_verifies_until_it_retires() {
    // D03
    let host = host().await;
    let old = issue(&host, "user").await;
    host.clock.advance(6 * 60 * 1_000);
    host.host
        .keyring()
        .rotate_signing(&Rotation::default())
        .await
        .unwrap();
    assert!(is_valid(&host, &old.access).await, "replaced, not retired");
    let jwks = serde_json::to_value(host.host.keyring().jwks()).unwrap();
    assert!(published(&jwks).contains(&kid(&old.access)));

    let stolen = issue(&host, "user").await;
    host.clock.advance(6 * 60 * 1_000);
    let at_once = Rotation {
        keep_ms: 0,
        ..Rotation::default()
    };
    host.host.keyring().rotate_signing(&at_once).await.unwrap();
    assert!(!is_valid(&host, &stolen.access).await, "retired at once");
}
