//! What a rotation of the signing key does, and what time does to the key that it replaced.

use std::sync::Arc;

use super::fixture::{HOUR, NOW, START, Site, published, states};
use crate::clock::Clock as _;
use crate::keyring::record::KEY_PREFIX;
use crate::keyring::*;

// D03
#[tokio::test]
async fn a_rotation_takes_the_published_key_keeps_the_old_and_publishes_another() {
    let site = Site::new();
    let ring = site.host().await;
    let first = ring.signing().current().id;
    let jwks = published(&ring);
    assert_eq!(jwks.len(), 2);
    let signature = ring.signing().sign(&first, b"message").unwrap();

    site.pass(HOUR);
    let second = ring.rotate_signing(&Rotation::default()).await.unwrap();
    assert_eq!(ring.signing().current().id, second);
    assert!(second != first && jwks.contains(&second));
    assert_eq!(
        states(&ring, Purpose::Signing),
        [KeyState::Previous, KeyState::Current, KeyState::Next]
    );
    assert_eq!(states(&ring, Purpose::Mac), [KeyState::Current]);
    assert_eq!(published(&ring).len(), 3);
    assert_eq!(published(&ring)[..2], [first.clone(), second.clone()]);

    // The old key verifies until its time is over, then it is gone everywhere.
    site.pass(24 * HOUR - 1);
    let signing = ring.signing();
    assert!(
        signing
            .verify(&first, b"message", &signature)
            .await
            .unwrap()
    );
    assert!(signing.find(&first).await.unwrap().is_some());
    site.pass(1);
    assert!(
        !signing
            .verify(&first, b"message", &signature)
            .await
            .unwrap()
    );
    assert!(signing.find(&first).await.unwrap().is_none());
    assert_eq!(published(&ring).len(), 2);
    assert!(!published(&ring).contains(&first));
    assert_eq!(
        states(&ring, Purpose::Signing),
        [KeyState::Retired, KeyState::Current, KeyState::Next]
    );
}

// D03
#[tokio::test]
async fn a_key_that_not_all_know_yet_is_not_used_unless_forced() {
    let site = Site::new();
    let ring = site.host().await;
    let current = ring.signing().current();
    let rotation = Rotation::default();
    site.pass(rotation.lead_ms - 1);
    let before = site.stored().await;
    let error = ring.rotate_signing(&rotation).await.unwrap_err();
    assert!(matches!(error, RotationError::TooSoon { wait_ms: 1, .. }));
    assert!(error.to_string().contains("--force"));
    assert_eq!(ring.signing().current(), current);
    assert_eq!(site.stored().await, before);
    let forced = Rotation {
        force: true,
        ..rotation
    };
    let next = ring.rotate_signing(&forced).await.unwrap();
    assert_eq!(ring.signing().current().id, next);
    site.pass(rotation.lead_ms);
    ring.rotate_signing(&rotation).await.unwrap();
}

#[tokio::test]
async fn of_two_rotations_at_once_one_wins() {
    let site = Site::new();
    let ring = Arc::new(site.host().await);
    let other = site.host().await;
    site.pass(HOUR);
    *site.store.hook.before_commit.lock().unwrap() = Some(Box::pin(async move {
        other.rotate_signing(&NOW).await.unwrap();
    }));
    let next = published(&ring)[1].clone();
    let forced = Rotation { force: true, ..NOW };
    assert!(matches!(
        ring.rotate_signing(&forced).await,
        Err(RotationError::Raced)
    ));
    ring.reload().await.unwrap();
    assert_eq!(ring.signing().current().id, next);
    assert_eq!(ring.list().len(), 6);
}

#[tokio::test]
async fn a_rotation_beside_another_change_is_made_all_the_same() {
    let site = Site::new();
    let ring = site.host().await;
    let other = site.host().await;
    *site.store.hook.before_commit.lock().unwrap() = Some(Box::pin(async move {
        other.rotate(Purpose::Mac, &NOW).await.unwrap();
    }));
    ring.rotate_signing(&NOW).await.unwrap();
    assert_eq!(
        states(&ring, Purpose::Mac),
        [KeyState::Previous, KeyState::Current]
    );
    assert_eq!(states(&ring, Purpose::Signing).len(), 3);
}

#[tokio::test]
async fn the_replaced_key_signs_for_a_minute_and_no_other_does() {
    let site = Site::new();
    let ring = site.host().await;
    let first = ring.signing().current().id;
    let next = published(&ring)[1].clone();
    let sign = |id: &str| ring.signing().sign(id, b"m");
    assert_eq!(sign(&next), Err(SignError::NotCurrent));
    assert_eq!(sign("unknown"), Err(SignError::NotCurrent));
    ring.rotate_signing(&NOW).await.unwrap();
    // A message that had asked for the current key before.
    assert!(sign(&first).is_ok());
    assert!(sign(&next).is_ok());
    site.pass(60_000);
    assert_eq!(sign(&first), Err(SignError::NotCurrent));
}

#[tokio::test]
async fn what_was_remembered_dies_with_its_key() {
    let site = Site::new();
    let ring = site.host().await;
    let id = ring.signing().current().id;
    let signature = ring.signing().sign(&id, b"m").unwrap();
    for _ in 0..2 {
        assert!(ring.signing().verify(&id, b"m", &signature).await.unwrap());
    }
    assert!(!ring.signing().verify(&id, b"n", &signature).await.unwrap());
    let next = published(&ring)[1].clone();
    assert!(
        !ring
            .signing()
            .verify(&next, b"m", &signature)
            .await
            .unwrap()
    );
    ring.rotate_signing(&NOW).await.unwrap();
    assert!(ring.signing().verify(&id, b"m", &signature).await.unwrap());
    site.pass(24 * HOUR);
    assert!(!ring.signing().verify(&id, b"m", &signature).await.unwrap());
}

#[tokio::test]
async fn a_retired_key_loses_its_private_half_and_is_listed_for_a_while() {
    let site = Site::new();
    let ring = site.host().await;
    let first = ring.signing().current().id;
    ring.rotate_signing(&NOW).await.unwrap();
    let value = async |id: &str| {
        let entries = site.stored().await;
        let key = format!("{KEY_PREFIX}signing/{id}");
        let entry = entries.into_iter().find(|entry| entry.key == key);
        entry.map(|entry| String::from_utf8(entry.record.value).unwrap())
    };
    let before = value(&first).await.unwrap();
    site.pass(24 * HOUR);
    ring.refresh_if_stale(site.clock.now()).await.unwrap();
    let after = value(&first).await.unwrap();
    assert!(after.contains("\"retired\"") && after.len() < before.len());
    // It opens as before, and what time has settled is settled.
    let version = site.stored().await;
    site.host().await;
    site.pass(HOUR);
    ring.refresh_if_stale(site.clock.now()).await.unwrap();
    assert_eq!(site.stored().await, version);
    site.pass(90 * 24 * HOUR);
    assert!(value(&first).await.is_none());
    assert_eq!(site.host().await.list().len(), 5);
}

#[tokio::test]
async fn a_clock_that_steps_back_breaks_nothing() {
    let site = Site::new();
    let ring = site.host().await;
    ring.rotate_signing(&NOW).await.unwrap();
    site.clock.set(START - HOUR);
    let id = ring.signing().current().id;
    let signature = ring.signing().sign(&id, b"m").unwrap();
    assert!(ring.signing().verify(&id, b"m", &signature).await.unwrap());
    ring.refresh_if_stale(site.clock.now()).await.unwrap();
    assert!(matches!(
        ring.rotate_signing(&Rotation::default()).await,
        Err(RotationError::TooSoon { .. })
    ));
}
