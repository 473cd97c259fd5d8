//! Service keys over a store: what they allow and what they refuse.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use super::*;
use crate::store::memory::MemoryStore;
use crate::store::{Snapshot, StoreStatus};

const START: Timestamp = 1_700_000_000_000;

struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.load(Ordering::Relaxed)
    }
}

/// A store that nobody may touch.
struct Untouchable;

#[async_trait]
impl Store for Untouchable {
    async fn begin(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        unreachable!("the store was touched")
    }

    async fn commit(&self, _: Batch) -> Result<Commit, StoreError> {
        unreachable!("the store was touched")
    }

    async fn find_attempt(&self, _: AttemptId) -> Result<Option<Version>, StoreError> {
        unreachable!("the store was touched")
    }

    async fn sweep(&self, _: Timestamp, _: usize) -> Result<usize, StoreError> {
        unreachable!("the store was touched")
    }

    fn status(&self) -> StoreStatus {
        StoreStatus::default()
    }
}

fn keys() -> (ServiceKeys, Arc<TestClock>) {
    let clock = Arc::new(TestClock(AtomicU64::new(START)));
    let store = Arc::new(MemoryStore::new());
    (ServiceKeys::new(store, clock.clone()), clock)
}

fn wanted(scopes: &[&str]) -> NewServiceKey {
    NewServiceKey {
        name: "shop".into(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        ..NewServiceKey::default()
    }
}

#[tokio::test]
async fn a_key_allows_what_it_names_and_refuses_the_rest() {
    let (keys, _) = keys();
    let asked = wanted(&["token/verify-token", "users/*", "users/*"]);
    let (made, token) = keys.create(asked).await.unwrap();
    let key = keys.find(token.expose()).await.unwrap().unwrap();
    assert_eq!(key, made);
    assert_eq!(key.scopes.len(), 2);
    assert!(key.allows("token", "verify-token"));
    assert!(key.allows("users", "register"));
    assert!(!key.allows("token", "generate-tokens"));
    assert!(!key.allows("email", "send"));
    assert!(!key.may_administer());
    assert!(!key.may_act_as());
}

#[tokio::test]
async fn every_command_is_not_administration_and_administration_is_no_command() {
    let (keys, _) = keys();
    let (everything, _) = keys.create(wanted(&["*"])).await.unwrap();
    assert!(everything.allows("token", "verify-token") && !everything.may_administer());
    let (admin, _) = keys.create(wanted(&["admin"])).await.unwrap();
    assert!(admin.may_administer() && !admin.allows("token", "verify-token"));
    let acting = NewServiceKey {
        act_as: true,
        ..wanted(&["*"])
    };
    assert!(keys.create(acting).await.unwrap().0.may_act_as());
}

#[tokio::test]
async fn a_token_that_is_malformed_is_refused_without_the_store() {
    let (keys, clock) = keys();
    let (_, token) = keys.create(wanted(&["*"])).await.unwrap();
    let untouchable = ServiceKeys::new(Arc::new(Untouchable), clock);
    let mistyped = token.expose().replace("vsk_", "vsk-");
    let cut = &token.expose()[..39];
    for text in ["", "vsk_", "Bearer", &mistyped, cut, &"x".repeat(1 << 20)] {
        assert!(untouchable.find(text).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_unknown_token_is_nothing() {
    let (keys, _) = keys();
    let (_, foreign) = self::keys().0.create(wanted(&["*"])).await.unwrap();
    assert!(keys.find(foreign.expose()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_revoked_key_is_worth_nothing_and_stays_listed() {
    let (keys, clock) = keys();
    let (first, token) = keys.create(wanted(&["*"])).await.unwrap();
    let (_, other) = keys.create(wanted(&["*"])).await.unwrap();
    clock.0.fetch_add(5, Ordering::Relaxed);
    let revoked = keys.revoke(&first.id).await.unwrap();
    assert_eq!(revoked.revoked_at, Some(START + 5));
    assert!(keys.find(token.expose()).await.unwrap().is_none());
    assert!(keys.find(other.expose()).await.unwrap().is_some());
    clock.0.fetch_add(5, Ordering::Relaxed);
    assert_eq!(keys.revoke(&first.id).await.unwrap(), revoked);
    assert_eq!(keys.list().await.unwrap().len(), 2);
    assert!(matches!(
        keys.revoke("unknown").await,
        Err(ServiceKeyError::NotFound)
    ));
}

#[tokio::test]
async fn a_key_expires_at_its_moment() {
    let (keys, clock) = keys();
    let asked = NewServiceKey {
        expires_at: Some(START + 1000),
        ..wanted(&["*"])
    };
    let (_, token) = keys.create(asked).await.unwrap();
    clock.0.store(START + 999, Ordering::Relaxed);
    assert!(keys.find(token.expose()).await.unwrap().is_some());
    clock.0.store(START + 1000, Ordering::Relaxed);
    assert!(keys.find(token.expose()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_key_that_makes_no_sense_is_not_made() {
    let (keys, _) = keys();
    let named = |name: &str| NewServiceKey {
        name: name.into(),
        ..wanted(&["*"])
    };
    for name in ["", " ", "a\nb", "\u{1b}[31m", &"x".repeat(101)] {
        let made = keys.create(named(name)).await;
        assert!(matches!(made, Err(ServiceKeyError::Name)), "{name:?}");
    }
    assert!(keys.create(named(&"ü".repeat(100))).await.is_ok());
    let scopes = |scopes: Vec<String>| NewServiceKey {
        scopes,
        ..wanted(&[])
    };
    for bad in [vec![], vec!["*".to_owned(); 65]] {
        let made = keys.create(scopes(bad)).await;
        assert!(matches!(made, Err(ServiceKeyError::Scopes)));
    }
    let made = keys.create(wanted(&["*", "token"])).await;
    assert!(matches!(made, Err(ServiceKeyError::Scope(_))));
    for moment in [START, START + MAX_LIFETIME_MS + 1, u64::MAX] {
        let expired = NewServiceKey {
            expires_at: Some(moment),
            ..wanted(&["*"])
        };
        let made = keys.create(expired).await;
        assert!(matches!(made, Err(ServiceKeyError::Expired)));
    }
    assert_eq!(keys.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_store_does_not_know_the_token() {
    let (keys, _) = keys();
    let (_, token) = keys.create(wanted(&["*"])).await.unwrap();
    let range = Range {
        namespace: namespace(),
        prefix: String::new(),
        after: None,
    };
    let mut snapshot = keys.store.begin().await.unwrap();
    let entries = snapshot.scan(&range, 10, 1 << 20, START).await.unwrap();
    assert_eq!(entries.len(), 1);
    let secret = &token.expose()[4..34];
    let value = String::from_utf8(entries[0].record.value.clone()).unwrap();
    assert!(!value.contains(secret) && !entries[0].key.contains(secret));
}

#[tokio::test]
async fn the_operator_key_is_made_once_and_may_do_everything() {
    // C09
    let (keys, _) = keys();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operator.key");
    assert_eq!(
        keys.ensure_operator_key(&path).await.unwrap(),
        OperatorKey::Made
    );
    let line = std::fs::read_to_string(&path).unwrap();
    assert_eq!((line.len(), line.lines().count()), (41, 1));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(
        keys.ensure_operator_key(&path).await.unwrap(),
        OperatorKey::Kept
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), line);
    let key = keys.find(line.trim()).await.unwrap().unwrap();
    assert!(key.may_administer() && key.may_act_as() && key.operator);
    assert!(key.allows("anything", "at-all"));
    assert_eq!(keys.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_operator_key_that_is_gone_is_replaced_and_worth_nothing_any_more() {
    let (keys, _) = keys();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operator.key");
    let read = || std::fs::read_to_string(&path).unwrap();
    keys.ensure_operator_key(&path).await.unwrap();
    let (plain, plain_token) = keys.create(wanted(&["*"])).await.unwrap();
    let foreign = {
        let (other, _) = self::keys();
        let path = folder.path().join("other.key");
        other.ensure_operator_key(&path).await.unwrap();
        std::fs::read_to_string(path).unwrap()
    };
    let revoke_current = async || {
        let id = keys.find(read().trim()).await.unwrap().unwrap().id;
        keys.revoke(&id).await.unwrap();
    };
    // Missing; foreign to this store; not a key; a key of no operator; revoked.
    let spoils: [&dyn Fn(); 4] = [
        &|| std::fs::remove_file(&path).unwrap(),
        &|| std::fs::write(&path, &foreign).unwrap(),
        &|| std::fs::write(&path, b"\xff\xfe").unwrap(),
        &|| std::fs::write(&path, plain_token.expose()).unwrap(),
    ];
    for spoil in spoils {
        let before = read();
        spoil();
        assert_eq!(
            keys.ensure_operator_key(&path).await.unwrap(),
            OperatorKey::Made
        );
        assert!(keys.find(before.trim()).await.unwrap().is_none());
        assert!(
            keys.find(read().trim())
                .await
                .unwrap()
                .unwrap()
                .may_administer()
        );
    }
    revoke_current().await;
    let before = read();
    assert_eq!(
        keys.ensure_operator_key(&path).await.unwrap(),
        OperatorKey::Made
    );
    assert_ne!(read(), before);
    // Nobody else's key was touched.
    assert_eq!(keys.find(plain_token.expose()).await.unwrap(), Some(plain));
    let live = |keys: Vec<ServiceKey>| {
        let live = keys
            .into_iter()
            .filter(|key| key.operator && key.is_live(START));
        live.count()
    };
    assert_eq!(live(keys.list().await.unwrap()), 1);
}

#[tokio::test]
async fn every_future_may_move_between_threads() {
    fn check<T: Send>(future: T) {
        drop(future);
    }
    let (keys, _) = keys();
    check(keys.create(wanted(&["*"])));
    check(keys.list());
    check(keys.revoke(""));
    check(keys.find(""));
    check(keys.ensure_operator_key(std::path::Path::new("unused")));
}
