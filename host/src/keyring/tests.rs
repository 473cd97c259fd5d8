//! The ring over a store: what one host makes another uses, and what time and rotation do to keys.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::record::{KEY_PREFIX, namespace};
use super::*;
use crate::clock::{Clock, Timestamp};
use crate::config::SigningAlgorithm;
use crate::store::memory::MemoryStore;
use crate::store::{
    AttemptId, Batch, Commit, Range, Snapshot, Store, StoreError, StoreStatus, Version, Write,
};

const START: Timestamp = 1_700_000_000_000;
const HOUR: u64 = 60 * 60 * 1000;

struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.load(Ordering::Relaxed)
    }
}

/// A store in memory that counts its readers and can do something between a reader's look and its commit.
struct TestStore {
    inner: MemoryStore,
    reads: AtomicUsize,
    before_commit: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

#[async_trait]
impl Store for TestStore {
    async fn begin(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.begin().await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        let before = self.before_commit.lock().unwrap().take();
        if let Some(before) = before {
            before.await;
        }
        self.inner.commit(batch).await
    }

    async fn find_attempt(&self, attempt: AttemptId) -> Result<Option<Version>, StoreError> {
        self.inner.find_attempt(attempt).await
    }

    async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.inner.sweep(now, limit).await
    }

    fn status(&self) -> StoreStatus {
        self.inner.status()
    }
}

/// One store, any number of hosts.
struct Site {
    store: Arc<TestStore>,
    clock: Arc<TestClock>,
}

impl Site {
    fn new() -> Self {
        Self {
            store: Arc::new(TestStore {
                inner: MemoryStore::new(),
                reads: AtomicUsize::new(0),
                before_commit: Mutex::new(None),
            }),
            clock: Arc::new(TestClock(AtomicU64::new(START))),
        }
    }

    fn pass(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }

    async fn try_host(&self, root: u8, options: Options) -> Result<KeyRing, KeyRingError> {
        let root = RootKey::from_bytes([root; 32]);
        KeyRing::open(self.store.clone(), &root, self.clock.clone(), options).await
    }

    async fn host(&self) -> KeyRing {
        self.try_host(1, Options::default()).await.unwrap()
    }

    async fn stored(&self) -> Vec<crate::store::Entry> {
        let range = Range {
            namespace: namespace(),
            prefix: String::new(),
            after: None,
        };
        let mut snapshot = self.store.begin().await.unwrap();
        let now = self.clock.now();
        snapshot.scan(&range, 1000, 1 << 20, now).await.unwrap()
    }

    async fn write(&self, writes: Vec<Write>) {
        let batch = Batch {
            attempt: AttemptId(super::primitives::random_bytes().unwrap()),
            now: self.clock.now(),
            checks: Vec::new(),
            writes,
        };
        let commit = self.store.commit(batch).await.unwrap();
        assert!(matches!(commit, Commit::Committed(_)));
    }
}

fn states(ring: &KeyRing, purpose: Purpose) -> Vec<KeyState> {
    let list = ring.list().into_iter();
    list.filter(|key| key.purpose == purpose)
        .map(|key| key.state)
        .collect()
}

fn published(ring: &KeyRing) -> Vec<String> {
    ring.jwks().keys.into_iter().map(|key| key.kid).collect()
}

const NOW: Rotation = Rotation {
    keep_ms: 24 * HOUR,
    lead_ms: 0,
    force: false,
};

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
    *site.store.before_commit.lock().unwrap() = Some(Box::pin(async move {
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
    *site.store.before_commit.lock().unwrap() = Some(Box::pin(async move {
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
    *site.store.before_commit.lock().unwrap() = Some(Box::pin(async move {
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
async fn an_unknown_key_is_looked_for_once_a_second() {
    let site = Site::new();
    let ring = site.host().await;
    let other = site.host().await;
    other.rotate_signing(&NOW).await.unwrap();
    let new = published(&other)[2].clone();
    let reads = || site.store.reads.load(Ordering::Relaxed);
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
    let reads = || site.store.reads.load(Ordering::Relaxed);
    let before = reads();
    site.pass(REFRESH_MS - 1);
    ring.refresh_if_stale(site.clock.now()).await.unwrap();
    assert_eq!(reads(), before);
    assert_ne!(ring.signing().current().id, current);
    site.pass(1);
    ring.refresh_if_stale(site.clock.now()).await.unwrap();
    assert_eq!(ring.signing().current().id, current);
}

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

#[tokio::test]
async fn a_clock_that_steps_back_breaks_nothing() {
    let site = Site::new();
    let ring = site.host().await;
    ring.rotate_signing(&NOW).await.unwrap();
    site.clock.0.store(START - HOUR, Ordering::Relaxed);
    let id = ring.signing().current().id;
    let signature = ring.signing().sign(&id, b"m").unwrap();
    assert!(ring.signing().verify(&id, b"m", &signature).await.unwrap());
    ring.refresh_if_stale(site.clock.now()).await.unwrap();
    assert!(matches!(
        ring.rotate_signing(&Rotation::default()).await,
        Err(RotationError::TooSoon { .. })
    ));
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

#[tokio::test]
async fn every_future_may_move_between_threads() {
    fn check<T: Send>(future: T) {
        drop(future);
    }
    let site = Site::new();
    let ring = site.host().await;
    let rotation = Rotation::default();
    let root = RootKey::from_bytes([1; 32]);
    check(KeyRing::open(
        site.store.clone(),
        &root,
        site.clock.clone(),
        Options::default(),
    ));
    check(ring.reload());
    check(ring.refresh_if_stale(0));
    check(ring.rotate_signing(&rotation));
    check(ring.rotate(Purpose::Mac, &rotation));
    check(ring.signing().find(""));
    check(ring.signing().verify("", b"", b""));
    check(ring.seals().open(b"", "", b""));
    check(ring.peppers().find(""));
}
