//! Keys that sign nothing: mac, seal, pepper.

use super::fixture::{HOUR, NOW, Site, states};
use crate::clock::Clock as _;
use crate::keyring::*;

#[tokio::test]
async fn a_mac_key_goes_into_use_when_all_know_it_and_the_old_stays_a_candidate() {
    let site = Site::new();
    let ring = site.host().await;
    let other = site.host().await;
    let mac = |ring: &KeyRing| ring.macs().mac("token", "refresh", b"data").unwrap();
    let candidates = |ring: &KeyRing| ring.macs().candidates("token", "refresh", b"data").unwrap();
    let old = mac(&ring);
    assert_eq!(candidates(&ring), std::slice::from_ref(&old));

    let rotation = Rotation {
        lead_ms: HOUR,
        ..NOW
    };
    let made = ring.rotate(Purpose::Mac, &rotation).await.unwrap();
    assert_eq!(mac(&ring), old);
    let early = candidates(&ring);
    assert_eq!((early.len(), &early[0], &early[1].key_id), (2, &old, &made));
    assert!(matches!(
        ring.rotate(Purpose::Mac, &rotation).await,
        Err(RotationError::TooSoon { .. })
    ));

    site.pass(HOUR);
    // Nobody did anything, and every host that knows the key uses it.
    other.refresh_if_stale(site.clock.now()).await.unwrap();
    for host in [&ring, &other] {
        let new = mac(host);
        assert_eq!(new, early[1]);
        assert_eq!(candidates(host), [new, old.clone()]);
        assert_eq!(
            states(host, Purpose::Mac),
            [KeyState::Previous, KeyState::Current]
        );
    }
    assert_eq!(states(&ring, Purpose::Signing).len(), 2);
    // It is never forgotten by itself, and the last is tried first.
    let third = ring.rotate(Purpose::Mac, &NOW).await.unwrap();
    site.pass(1000 * 24 * HOUR);
    let ids: Vec<_> = candidates(&ring)
        .into_iter()
        .map(|tag| tag.key_id)
        .collect();
    assert_eq!(ids, [third, made, old.key_id]);
}

#[tokio::test]
async fn what_is_sealed_opens_after_rotations_at_its_place_only() {
    let site = Site::new();
    let ring = site.host().await;
    let other = site.host().await;
    let sealed = ring.seals().seal(b"replies/1", b"reply").unwrap();
    let open = async |place: &[u8]| {
        let (key, bytes) = (&sealed.key_id, &sealed.bytes);
        ring.seals().open(place, key, bytes).await
    };
    assert_eq!(open(b"replies/1").await.unwrap().as_slice(), b"reply");
    assert!(matches!(open(b"replies/2").await, Err(OpenError::Refused)));
    ring.rotate(Purpose::Seal, &NOW).await.unwrap();
    assert_eq!(open(b"replies/1").await.unwrap().as_slice(), b"reply");
    // Another host meets a key it does not know yet.
    let later = ring.seals().seal(b"p", b"later").unwrap();
    assert_ne!(later.key_id, sealed.key_id);
    let opened = other.seals().open(b"p", &later.key_id, &later.bytes).await;
    assert_eq!(opened.unwrap().as_slice(), b"later");
    // The right bytes under another key's name are refused, too.
    let swapped = ring.seals().open(b"p", &sealed.key_id, &later.bytes).await;
    assert!(matches!(swapped, Err(OpenError::Refused)));
    let unknown = ring.seals().open(b"p", "unknown", &later.bytes).await;
    assert!(matches!(unknown, Err(OpenError::UnknownKey)));
}

#[tokio::test]
async fn peppers_are_kept_by_name() {
    let site = Site::new();
    let ring = site.host().await;
    let old = ring.peppers().current();
    ring.rotate(Purpose::Pepper, &NOW).await.unwrap();
    let new = ring.peppers().current();
    assert_ne!(old.id, new.id);
    assert_ne!(old.apply(b"password"), new.apply(b"password"));
    let found = ring.peppers().find(&old.id).await.unwrap().unwrap();
    assert_eq!(found.apply(b"password"), old.apply(b"password"));
    assert!(ring.peppers().find("unknown").await.unwrap().is_none());
}

#[tokio::test]
async fn a_pending_key_goes_into_use_at_once_if_forced() {
    let site = Site::new();
    let ring = site.host().await;
    let pending = ring.rotate(Purpose::Seal, &Rotation::default()).await;
    let forced = Rotation {
        force: true,
        ..Rotation::default()
    };
    let used = ring.rotate(Purpose::Seal, &forced).await.unwrap();
    assert_eq!(used, pending.unwrap());
    assert_eq!(ring.seals().seal(b"", b"").unwrap().key_id, used);
    assert_eq!(
        states(&ring, Purpose::Seal),
        [KeyState::Previous, KeyState::Current]
    );
}
