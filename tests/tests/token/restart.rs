//! What a restart does not forget.

use std::path::Path;
use std::sync::Arc;

use vestibule::clock::Clock as _;
use vestibule::store::Namespace;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule_tests::harness::{self, Harness};

use crate::pair::{Pair, blacklist, is_valid, issue, refresh};

async fn open(folder: &Path) -> Harness {
    let store = SqliteStore::open(folder.join("vestibule.db"), SqliteOptions::default()).unwrap();
    harness::over(Arc::new(store)).with_bundle().start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_token_stays_denied_until_it_expires_and_is_then_forgotten() {
    // H04
    let folder = tempfile::tempdir().unwrap();
    let (denied, other) = {
        let host = open(folder.path()).await;
        let (one, other) = (issue(&host, "user").await, issue(&host, "user").await);
        let mixed = Pair {
            access: other.access.clone(),
            refresh: one.refresh.clone(),
        };
        blacklist(&host, &mixed).await;
        (mixed, other)
    };
    let host = open(folder.path()).await;
    assert!(!is_valid(&host, &denied.access).await);
    refresh(&host, &other.refresh).await.unwrap();
    let denials = |host: &Harness| {
        let now = host.clock.now();
        let store = host.store.clone();
        async move {
            let mut snapshot = store.begin().await.unwrap();
            let range = vestibule::store::Range {
                namespace: Namespace::channel("default", "token"),
                prefix: "denied/".to_owned(),
                after: None,
            };
            snapshot
                .scan(&range, 100, usize::MAX, now)
                .await
                .unwrap()
                .len()
        }
    };
    // Ten minutes of life, thirty seconds of skew: the last moment at which the token would be valid, and the first at which not.
    host.clock.advance(629_999);
    assert_eq!(denials(&host).await, 1);
    host.clock.advance(1_001);
    assert_eq!(denials(&host).await, 0);
    assert!(!is_valid(&host, &denied.access).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_and_their_ends_survive() {
    let folder = tempfile::tempdir().unwrap();
    let (live, ended) = {
        let host = open(folder.path()).await;
        let (live, ended) = (issue(&host, "a").await, issue(&host, "b").await);
        blacklist(&host, &ended).await;
        (live, ended)
    };
    let host = open(folder.path()).await;
    assert!(is_valid(&host, &live.access).await);
    assert!(!is_valid(&host, &ended.access).await);
    refresh(&host, &live.refresh).await.unwrap();
    refresh(&host, &ended.refresh).await.unwrap_err();
}
