//! How a host learns what another one did.

use std::sync::atomic::Ordering;

use super::fixture::{NOW, Site, published};
use crate::clock::Clock as _;
use crate::keyring::*;

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_a_second() {
    let site = Site::new();
    let ring = site.host().await;
    let other = site.host().await;
    other.rotate_signing(&NOW).await.unwrap();
    let new = published(&other)[2].clone();
    let reads = || site.store.hook.reads.load(Ordering::Relaxed);
    let before = reads();
    for number in 0..50 {
        let id = format!("made-up-{number}");
        assert!(ring.signing().find(&id).await.unwrap().is_none());
        assert!(!ring.signing().verify(&id, b"m", &[0; 64]).await.unwrap());
    }
    assert_eq!(reads() - before, 1);
    // It was read along with it.
    assert!(ring.signing().find(&new).await.unwrap().is_some());
    other.rotate_signing(&NOW).await.unwrap();
    let newer = published(&other)[3].clone();
    assert!(ring.signing().find(&newer).await.unwrap().is_none());
    site.pass(1000);
    assert!(ring.signing().find(&newer).await.unwrap().is_some());
}

#[tokio::test]
async fn a_stale_ring_looks_whether_it_was_changed_and_a_fresh_one_does_not() {
    let site = Site::new();
    let ring = site.host().await;
    let other = site.host().await;
    let current = other.rotate_signing(&NOW).await.unwrap();
    let reads = || site.store.hook.reads.load(Ordering::Relaxed);
    let before = reads();
    site.pass(REFRESH_MS - 1);
    ring.refresh_if_stale(site.clock.now()).await.unwrap();
    assert_eq!(reads(), before);
    assert_ne!(ring.signing().current().id, current);
    site.pass(1);
    ring.refresh_if_stale(site.clock.now()).await.unwrap();
    assert_eq!(ring.signing().current().id, current);
}
