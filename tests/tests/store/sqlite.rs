//! What only the durable store can show: restarts, group commit, full disks, waiting readers.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use futures::FutureExt as _;
use tempfile::TempDir;
use tokio::task::JoinSet;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule::store::{Commit, Store, StoreError};
use vestibule_tests::batch::{Draft, namespace, prefix};

use crate::fixture::value;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &TempDir) -> SqliteStore {
    open_with(folder, SqliteOptions::default())
}

fn open_with(folder: &TempDir, options: SqliteOptions) -> SqliteStore {
    SqliteStore::open(folder.path().join("vestibule.db"), options).unwrap()
}

// H04
#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = folder();
    let store = open(&folder);
    let batch = Draft::default().put("a", "1").batch();
    let id = batch.attempt;
    let Commit::Committed(version) = store.commit(batch).await.unwrap() else {
        panic!("not committed");
    };
    drop(store);
    let store = open(&folder);
    let mut snapshot = store.begin().await.unwrap();
    let entry = snapshot.get(&namespace(), "a", 0).await.unwrap().unwrap();
    assert_eq!(
        (entry.record.value.as_slice(), entry.version),
        (&b"1"[..], version)
    );
    assert_eq!(store.find_attempt(id).await.unwrap(), Some(version));
    store.check().await.unwrap();
}

#[tokio::test]
async fn versions_are_not_reused_after_a_delete_and_a_restart() {
    let folder = folder();
    let mut last = 0;
    for _ in 0..3 {
        let store = open(&folder);
        let put = Draft::default().put("a", "1").committed(&store).await;
        let delete = Draft::default().delete("a").committed(&store).await;
        assert!(last < put && put < delete);
        last = delete;
        // Even once the attempts that had them are gone.
        store.sweep(u64::MAX, 10).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_wait_share_their_syncs() {
    let folder = folder();
    let store = Arc::new(open(&folder));
    let before = store.status();
    let mut commits = JoinSet::new();
    for number in 0..64 {
        let store = store.clone();
        commits.spawn(async move {
            for round in 0..4 {
                let key = format!("{number}/{round}");
                Draft::default().put(&key, "value").committed(&*store).await;
            }
        });
    }
    while let Some(done) = commits.join_next().await {
        done.unwrap();
    }
    let after = store.status();
    let (commits, syncs) = (after.commits - before.commits, after.syncs - before.syncs);
    assert_eq!(commits, 256);
    assert!(syncs <= commits / 4, "{syncs} syncs for {commits} commits");
}

#[tokio::test]
async fn a_batch_in_conflict_leaves_its_group_alone() {
    let folder = folder();
    let store = open(&folder);
    let seen = Draft::default().put("a", "0").committed(&store).await;
    // All are waiting when the writer comes to them: the first wins, and those behind it see that.
    let next = |number: u32| {
        let text = number.to_string();
        let draft = Draft::default().expect("a", Some(seen)).put("a", &text);
        let free = Draft::default().put(&text, "");
        futures::future::join(draft.outcome(&store), free.committed(&store))
    };
    let outcomes = futures::future::join_all((0..20).map(next)).await;
    let versions: Vec<u64> = outcomes.iter().map(|(_, version)| *version).collect();
    assert!(versions.is_sorted());
    let committed = outcomes.iter().filter(|(o, _)| *o != Commit::Conflict);
    assert_eq!(committed.count(), 1);
    assert_eq!(store.status().conflicts, 19);
    let mut snapshot = store.begin().await.unwrap();
    let all = snapshot.scan(&prefix(""), 99, usize::MAX, 0).await.unwrap();
    assert_eq!(all.len(), 21);
}

#[tokio::test]
async fn dropping_the_store_commits_what_was_handed_over() {
    let folder = folder();
    let store = open(&folder);
    for number in 0..100 {
        let key = number.to_string();
        let batch = Draft::default().put(&key, "value").batch();
        // Asked once, so that it is handed over; the answer is never waited for.
        let _ = store.commit(batch).now_or_never();
    }
    drop(store);
    let store = open(&folder);
    let mut snapshot = store.begin().await.unwrap();
    let all = snapshot
        .scan(&prefix(""), 200, usize::MAX, 0)
        .await
        .unwrap();
    assert_eq!(all.len(), 100);
}

#[tokio::test]
async fn a_snapshot_outlives_the_store() {
    let folder = folder();
    let store = open(&folder);
    Draft::default().put("a", "1").committed(&store).await;
    let mut snapshot = store.begin().await.unwrap();
    drop(store);
    assert_eq!(value(&mut *snapshot, "a").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_full_pool_of_readers_is_waited_for() {
    let folder = folder();
    let options = SqliteOptions {
        readers: 2,
        ..SqliteOptions::default()
    };
    let store = open_with(&folder, options);
    let first = store.begin().await.unwrap();
    let second = store.begin().await.unwrap();
    let mut third = store.begin();
    assert!((&mut third).now_or_never().is_none());
    // Whoever waits sees what is committed until it begins.
    Draft::default().put("a", "1").committed(&store).await;
    drop(first);
    let mut third = third.await.unwrap();
    assert_eq!(value(&mut *third, "a").await.as_deref(), Some("1"));
    assert_eq!(store.status().readers, 2);
    drop((second, third));
    assert_eq!(store.status().readers, 0);
}

#[tokio::test]
async fn a_full_disk_refuses_what_does_not_fit_and_nothing_else() {
    let folder = folder();
    let options = SqliteOptions {
        max_bytes: Some(512 * 1024),
        ..SqliteOptions::default()
    };
    let store = open_with(&folder, options);
    Draft::default().put("a", "1").committed(&store).await;
    let large = || {
        let draft = Draft::default()
            .put("a", "2")
            .put("large", vec![0; 1 << 20]);
        store.commit(draft.batch())
    };
    // It waits among small ones, which have room.
    let small = (0..10).map(|number| {
        let draft = Draft::default().put(&format!("small/{number}"), "value");
        draft.committed(&store)
    });
    let (refused, small) = tokio::join!(large(), futures::future::join_all(small));
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    assert_eq!(small.len(), 10);
    let alone = large().await;
    assert!(matches!(alone, Err(StoreError::Full(_))), "{alone:?}");

    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(value(&mut *snapshot, "a").await.as_deref(), Some("1"));
    assert_eq!(value(&mut *snapshot, "large").await, None);
    drop(snapshot);
    Draft::default().put("b", "1").committed(&store).await;
    store.check().await.unwrap();
}

#[tokio::test]
async fn large_values_are_kept_and_the_log_starts_over() {
    let folder = folder();
    let store = open(&folder);
    let build = |byte: u8| vec![byte; 4 << 20];
    for byte in 0..12 {
        Draft::default()
            .put("build", build(byte))
            .committed(&store)
            .await;
    }
    let mut snapshot = store.begin().await.unwrap();
    let entry = snapshot.get(&namespace(), "build", 0).await.unwrap();
    assert_eq!(entry.unwrap().record.value, build(11));
    drop(snapshot);
    let log = folder.path().join("vestibule.db-wal");
    let bytes = std::fs::metadata(log).unwrap().len();
    assert!(
        bytes < 24 << 20,
        "48 MiB were written, {bytes} bytes are left in the log"
    );
}

#[tokio::test]
async fn a_snapshot_that_stays_open_keeps_its_view_while_the_log_is_copied() {
    let folder = folder();
    let store = open(&folder);
    Draft::default().put("a", "old").committed(&store).await;
    let mut old = store.begin().await.unwrap();
    for number in 0..40_u8 {
        let draft = Draft::default().put("a", vec![number; 256 << 10]);
        draft.committed(&store).await;
    }
    assert_eq!(value(&mut *old, "a").await.as_deref(), Some("old"));
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let folder = folder();
    let store = open(&folder);
    Draft::default().put("a", "1").committed(&store).await;
    let _open = store.begin().await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let metadata = entry.unwrap().metadata().unwrap();
        assert_eq!(metadata.mode() & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 3, "the database, its log and the log's index");
}

#[tokio::test]
async fn what_was_deleted_is_not_left_in_the_file() {
    let folder = folder();
    let store = open(&folder);
    let secret = "forget-this-person".repeat(10);
    Draft::default()
        .put("a", &secret)
        .put("b", "1")
        .committed(&store)
        .await;
    drop(store);
    let path = folder.path().join("vestibule.db");
    assert!(holds(&path, b"forget-this-person"));
    let store = open(&folder);
    Draft::default().delete("a").committed(&store).await;
    drop(store);
    assert!(!holds(&path, b"forget-this-person"));
}

/// Whether `text` is anywhere in the file `path`.
pub(crate) fn holds(path: &Path, text: &[u8]) -> bool {
    let bytes = std::fs::read(path).unwrap();
    bytes.windows(text.len()).any(|window| window == text)
}
