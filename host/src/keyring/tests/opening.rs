//! What a start makes, finds and refuses.

use super::fixture::{START, Site, states};
use crate::keyring::record::namespace;
use crate::keyring::*;
use crate::store::Write;

#[tokio::test]
async fn a_first_start_makes_what_a_ring_needs_and_a_second_finds_it() {
    let site = Site::new();
    assert!(!KeyRing::exists(&*site.store, START).await.unwrap());
    let first = site.host().await;
    assert!(KeyRing::exists(&*site.store, START).await.unwrap());
    assert_eq!(
        states(&first, Purpose::Signing),
        [KeyState::Current, KeyState::Next]
    );
    for purpose in [Purpose::Mac, Purpose::Seal, Purpose::Pepper] {
        assert_eq!(states(&first, purpose), [KeyState::Current]);
    }
    let before = site.stored().await;
    let second = site.host().await;
    assert_eq!(second.list(), first.list());
    assert_eq!(site.stored().await, before);
}

#[tokio::test]
async fn two_first_starts_at_once_make_one_ring() {
    let site = Site::new();
    let other = Site {
        store: site.store.clone(),
        clock: site.clock.clone(),
    };
    *site.store.hook.before_commit.lock().unwrap() = Some(Box::pin(async move {
        other.host().await;
    }));
    let ring = site.host().await;
    assert_eq!(ring.list().len(), 5);
    assert_eq!(ring.list(), site.host().await.list());
}

#[tokio::test]
async fn a_wrong_root_key_is_refused_and_changes_nothing() {
    let site = Site::new();
    let root = |byte| RootKey::from_bytes([byte; 32]);
    let check = async |root: RootKey| KeyRing::check(site.store.clone(), &root, START).await;
    assert!(check(root(2)).await.is_ok());
    assert!(site.stored().await.is_empty());
    site.host().await;
    assert!(check(root(1)).await.is_ok());
    assert!(matches!(
        check(root(2)).await,
        Err(KeyRingError::Root(RootKeyError::Wrong))
    ));
    let before = site.stored().await;
    let error = site.try_host(2, Options::default()).await.unwrap_err();
    assert!(matches!(error, KeyRingError::Root(RootKeyError::Wrong)));
    assert!(error.to_string().contains("root key"));
    assert_eq!(site.stored().await, before);
}

// D07
#[tokio::test]
async fn no_private_half_is_in_the_store_in_jwks_or_in_debug() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let site = Site::new();
    let ring = site.host().await;
    let mut said: Vec<Vec<u8>> = site
        .stored()
        .await
        .into_iter()
        .map(|entry| entry.record.value)
        .collect();
    said.push(serde_json::to_vec(&ring.jwks()).unwrap());
    said.push(format!("{ring:?} {:?} {:?}", ring.list(), ring.peppers().current()).into_bytes());
    let view = ring.view();
    assert_eq!(view.records.len(), 5);
    for record in &view.records {
        let private = record.unwrap(&ring.ledger.wrapping).unwrap();
        for form in [
            private.to_vec(),
            STANDARD_NO_PAD.encode(&*private).into_bytes(),
            URL_SAFE_NO_PAD.encode(&*private).into_bytes(),
            format!("{:?}", private.as_slice()).into_bytes(),
        ] {
            for text in &said {
                assert!(!text.windows(form.len()).any(|window| window == form));
            }
        }
    }
}

#[tokio::test]
async fn a_swapped_record_is_refused() {
    let site = Site::new();
    site.host().await;
    let entries = site.stored().await;
    let keys: Vec<_> = entries
        .iter()
        .filter(|entry| entry.key.starts_with("key/signing/"))
        .collect();
    let writes = vec![
        Write::Put {
            namespace: namespace(),
            key: keys[0].key.clone(),
            record: keys[1].record.clone(),
        },
        Write::Put {
            namespace: namespace(),
            key: keys[1].key.clone(),
            record: keys[0].record.clone(),
        },
    ];
    site.write(writes).await;
    let error = site.try_host(1, Options::default()).await.unwrap_err();
    assert!(matches!(error, KeyRingError::Corrupt { .. }));
}

#[tokio::test]
async fn a_ring_without_its_current_key_is_refused_not_mended() {
    let site = Site::new();
    site.host().await;
    let entries = site.stored().await;
    let pepper = entries
        .iter()
        .find(|entry| entry.key.starts_with("key/pepper/"))
        .unwrap();
    let mut record = pepper.record.clone();
    let text = String::from_utf8(record.value).unwrap();
    record.value = text.replace("\"current\"", "\"previous\"").into_bytes();
    site.write(vec![Write::Put {
        namespace: namespace(),
        key: pepper.key.clone(),
        record,
    }])
    .await;
    assert!(matches!(
        site.try_host(1, Options::default()).await,
        Err(KeyRingError::Corrupt { .. })
    ));
}
