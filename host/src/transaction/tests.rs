use std::sync::Arc;

use super::*;
use crate::services::attempt_id;
use crate::store::memory::MemoryStore;

const NOW: Timestamp = 1_000;

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn space() -> Namespace {
    Namespace::channel("default", "probe")
}

fn record(value: &str) -> Record {
    Record::plain(value.as_bytes().to_vec())
}

fn begin(store: &Arc<dyn Store>) -> Transaction {
    Transaction::new(store.clone(), NOW)
}

async fn write(store: &Arc<dyn Store>, key: &str, value: &str) {
    let mut transaction = begin(store);
    transaction.put(&space(), key.into(), record(value));
    assert_eq!(commit_all(transaction).await, Outcome::Committed);
}

async fn commit_all(transaction: Transaction) -> Outcome {
    transaction.commit(attempt_id(), Vec::new()).await.unwrap()
}

async fn read(store: &Arc<dyn Store>, key: &str) -> Option<String> {
    get(&mut begin(store), key).await
}

async fn get(transaction: &mut Transaction, key: &str) -> Option<String> {
    let record = transaction.get(&space(), key).await.unwrap();
    record.map(|record| String::from_utf8(record.value).unwrap())
}

async fn scan(
    transaction: &mut Transaction,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Vec<String> {
    let range = Range {
        namespace: space(),
        prefix: prefix.into(),
        after: after.map(Into::into),
    };
    let page = transaction.scan(&range, limit).await.unwrap();
    page.into_iter().map(|(key, _)| key).collect()
}

#[tokio::test]
async fn a_message_reads_its_own_writes_and_nobody_else_does() {
    let store = store();
    let mut transaction = begin(&store);
    transaction.put(&space(), "a".into(), record("1"));
    assert_eq!(get(&mut transaction, "a").await.as_deref(), Some("1"));
    transaction.delete(&space(), "a".into());
    assert_eq!(get(&mut transaction, "a").await, None);
    transaction.put(&space(), "a".into(), record("2"));
    assert_eq!(read(&store, "a").await, None);
    assert_eq!(commit_all(transaction).await, Outcome::Committed);
    assert_eq!(read(&store, "a").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn a_changed_read_is_a_conflict_and_writes_nothing() {
    let store = store();
    let mut transaction = begin(&store);
    assert_eq!(get(&mut transaction, "a").await, None);
    transaction.put(&space(), "b".into(), record("mine"));
    write(&store, "a", "theirs").await;
    assert_eq!(commit_all(transaction).await, Outcome::Conflict);
    assert_eq!(read(&store, "b").await, None);
}

#[tokio::test]
async fn a_read_repeats_although_others_commit() {
    let store = store();
    write(&store, "a", "1").await;
    let mut transaction = begin(&store);
    assert_eq!(get(&mut transaction, "a").await.as_deref(), Some("1"));
    write(&store, "a", "2").await;
    write(&store, "b", "2").await;
    assert_eq!(get(&mut transaction, "a").await.as_deref(), Some("1"));
    assert_eq!(get(&mut transaction, "b").await, None);
    assert_eq!(
        transaction.discard(attempt_id()).await.unwrap(),
        Outcome::Committed
    );
}

#[tokio::test]
async fn a_scan_shows_own_writes_in_order_and_hides_own_deletions() {
    let store = store();
    for key in ["a/1", "a/3", "a/5", "b/1"] {
        write(&store, key, "stored").await;
    }
    let mut transaction = begin(&store);
    transaction.put(&space(), "a/2".into(), record("own"));
    transaction.put(&space(), "a/6".into(), record("own"));
    transaction.delete(&space(), "a/1".into());
    transaction.delete(&space(), "a/3".into());
    assert_eq!(scan(&mut transaction, "a/", None, 2).await, ["a/2", "a/5"]);
    assert_eq!(scan(&mut transaction, "a/", Some("a/5"), 10).await, ["a/6"]);
    assert_eq!(
        scan(&mut transaction, "a/", Some("a/6"), 10).await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_page_is_never_empty_before_the_end() {
    let store = store();
    for n in 0..30 {
        write(&store, &format!("a/{n:02}"), "stored").await;
    }
    let mut transaction = begin(&store);
    for n in 0..25 {
        transaction.delete(&space(), format!("a/{n:02}"));
    }
    assert_eq!(scan(&mut transaction, "a/", None, 1).await, ["a/25"]);
}

#[tokio::test]
async fn an_entry_added_to_a_scanned_range_is_a_conflict_and_one_beyond_it_is_not() {
    let store = store();
    for key in ["a/1", "a/2", "a/3"] {
        write(&store, key, "stored").await;
    }
    for (added, expected) in [
        ("a/11", Outcome::Conflict),
        ("a/4", Outcome::Committed),
        ("b", Outcome::Committed),
    ] {
        let mut transaction = begin(&store);
        scan(&mut transaction, "a/", None, 2).await;
        transaction.put(&space(), "z".into(), record("mine"));
        write(&store, added, "theirs").await;
        assert_eq!(commit_all(transaction).await, expected, "{added}");
    }
}

#[tokio::test]
async fn a_callee_that_fails_leaves_its_reads_and_nothing_else() {
    let store = store();
    let mut transaction = begin(&store);
    transaction.put(&space(), "caller".into(), record("1"));
    transaction.enter();
    get(&mut transaction, "read").await;
    transaction.put(&space(), "callee".into(), record("1"));
    transaction.put(&space(), "caller".into(), record("overwritten"));
    transaction.leave(false);
    assert_eq!(get(&mut transaction, "callee").await, None);
    assert_eq!(get(&mut transaction, "caller").await.as_deref(), Some("1"));
    write(&store, "read", "theirs").await;
    assert_eq!(commit_all(transaction).await, Outcome::Conflict);
}

#[tokio::test]
async fn a_callee_that_succeeds_commits_with_its_caller() {
    let store = store();
    let mut transaction = begin(&store);
    transaction.enter();
    transaction.put(&space(), "callee".into(), record("1"));
    transaction.leave(true);
    assert_eq!(get(&mut transaction, "callee").await.as_deref(), Some("1"));
    assert_eq!(commit_all(transaction).await, Outcome::Committed);
    assert_eq!(read(&store, "callee").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn what_is_kept_survives_and_never_carries_the_callers_writes() {
    let store = store();
    let mut transaction = begin(&store);
    transaction.put(&space(), "caller".into(), record("1"));
    transaction.enter();
    transaction.put(&space(), "kept".into(), record("1"));
    assert_eq!(
        transaction.keep(attempt_id(), Vec::new()).await.unwrap(),
        Outcome::Committed
    );
    transaction.put(&space(), "after".into(), record("1"));
    transaction.leave(false);
    assert_eq!(
        transaction.discard(attempt_id()).await.unwrap(),
        Outcome::Committed
    );
    assert_eq!(read(&store, "kept").await.as_deref(), Some("1"));
    assert_eq!(read(&store, "caller").await, None);
    assert_eq!(read(&store, "after").await, None);
}

#[tokio::test]
async fn what_is_kept_is_not_overwritten_by_the_callers_older_write() {
    let store = store();
    let mut transaction = begin(&store);
    transaction.enter();
    transaction.put(&space(), "family".into(), record("live"));
    transaction.leave(true);
    transaction.enter();
    transaction.put(&space(), "family".into(), record("ended"));
    assert_eq!(
        transaction.keep(attempt_id(), Vec::new()).await.unwrap(),
        Outcome::Committed
    );
    assert_eq!(
        get(&mut transaction, "family").await.as_deref(),
        Some("ended")
    );
    transaction.leave(true);
    transaction.put(&space(), "other".into(), record("1"));
    assert_eq!(commit_all(transaction).await, Outcome::Committed);
    assert_eq!(read(&store, "family").await.as_deref(), Some("ended"));
}

#[tokio::test]
async fn nothing_is_kept_once_a_read_has_changed() {
    let store = store();
    let mut transaction = begin(&store);
    get(&mut transaction, "a").await;
    transaction.put(&space(), "b".into(), record("1"));
    write(&store, "a", "theirs").await;
    assert_eq!(
        transaction.keep(attempt_id(), Vec::new()).await.unwrap(),
        Outcome::Conflict
    );
    assert_eq!(read(&store, "b").await, None);
}

#[tokio::test]
async fn after_keeping_own_writes_are_no_conflict_but_those_of_others_are() {
    let store = store();
    write(&store, "a/1", "stored").await;
    for theirs in [None, Some("a/2"), Some("a/1")] {
        let mut transaction = begin(&store);
        scan(&mut transaction, "a/", None, 10).await;
        get(&mut transaction, "a/0").await;
        transaction.put(&space(), "a/0".into(), record("kept"));
        assert_eq!(
            transaction.keep(attempt_id(), Vec::new()).await.unwrap(),
            Outcome::Committed
        );
        assert_eq!(get(&mut transaction, "a/0").await.as_deref(), Some("kept"));
        scan(&mut transaction, "b/", None, 10).await;
        if let Some(key) = theirs {
            write(&store, key, "theirs").await;
        }
        transaction.delete(&space(), "a/0".into());
        let expected = if theirs.is_some() {
            Outcome::Conflict
        } else {
            Outcome::Committed
        };
        assert_eq!(commit_all(transaction).await, expected, "{theirs:?}");
        let mut cleaner = begin(&store);
        cleaner.delete(&space(), "a/0".into());
        cleaner.delete(&space(), "a/2".into());
        commit_all(cleaner).await;
    }
}

#[tokio::test]
async fn an_outcome_that_mixes_two_snapshots_is_believed_only_if_both_hold() {
    let store = store();
    let mut transaction = begin(&store);
    get(&mut transaction, "a").await;
    transaction.put(&space(), "kept".into(), record("1"));
    transaction.keep(attempt_id(), Vec::new()).await.unwrap();
    write(&store, "a", "theirs").await;
    get(&mut transaction, "b").await;
    assert_eq!(
        transaction.discard(attempt_id()).await.unwrap(),
        Outcome::Conflict
    );
}

#[tokio::test]
async fn an_expired_entry_is_absent_own_or_stored() {
    let store = store();
    let expired = Record {
        expires_at: Some(NOW),
        ..record("old")
    };
    let mut transaction = begin(&store);
    transaction.put(&space(), "own".into(), expired.clone());
    assert_eq!(get(&mut transaction, "own").await, None);
    assert_eq!(
        scan(&mut transaction, "", None, 10).await,
        Vec::<String>::new()
    );
    assert_eq!(commit_all(transaction).await, Outcome::Committed);
    assert_eq!(read(&store, "own").await, None);
}
