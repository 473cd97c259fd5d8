use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::audit::{AuditLog, AuditQuery};
use crate::store::memory::MemoryStore;
use crate::store::{Commit, Record};
use crate::testing::{Hook, HookedStore, TestClock};

const NOW: Timestamp = 1_000_000;

fn subjects(store: Arc<dyn Store>) -> Subjects {
    Subjects::new(store, Arc::new(TestClock::at(NOW)), Retention::days(1))
}

fn operator() -> Administrator {
    Administrator {
        service_key: Some("key-1".to_owned()),
        remote_address: Some("127.0.0.1".to_owned()),
    }
}

fn of(subject: &str, value: &[u8]) -> Record {
    Record {
        subject: Some(subject.to_owned()),
        schema: 3,
        ..Record::plain(value.to_vec())
    }
}

async fn put(store: &dyn Store, entries: Vec<(Namespace, &str, Record)>) {
    let writes = entries
        .into_iter()
        .map(|(namespace, key, record)| Write::Put {
            namespace,
            key: key.to_owned(),
            record,
        });
    let written = commit_unchecked(store, attempt_id(), NOW, writes.collect());
    written.await.unwrap();
}

/// Ann in two channels, in the outbox and among the stored replies; one entry has expired. And Bob.
async fn put_ann(store: &dyn Store) {
    let token = Namespace::channel("default", "token");
    let sealed = Record {
        sealed: Some("seal-key".to_owned()),
        ..of("ann", b"s3cret")
    };
    let expired = Record {
        expires_at: Some(NOW),
        ..of("ann", b"{}")
    };
    let entries = vec![
        (
            token.clone(),
            "family/1",
            of("ann", br#"{"generation": 2}"#),
        ),
        (token.clone(), "family/0", expired),
        (token, "family/2", of("bob", b"{}")),
        (
            Namespace::channel("default", "users"),
            "row",
            of("ann", b"\xff\x00"),
        ),
        (Namespace::reserved("outbox-mail"), "m", sealed.clone()),
        (Namespace::reserved("replies"), "r", sealed),
    ];
    put(store, entries).await;
}

/// Whose entries are left, expired ones included.
async fn left(store: &dyn Store, subject: &str) -> usize {
    let mut snapshot = store.begin().await.unwrap();
    let found = snapshot.scan_subject(subject, None, 1_000, 0).await;
    found.unwrap().len()
}

async fn audited(store: &Arc<dyn Store>) -> Vec<AuditRecord> {
    let log = AuditLog::new(store.clone(), Arc::new(TestClock::at(NOW)));
    let query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    let page = log.read(&query).await.unwrap();
    page.records.into_iter().map(|entry| entry.record).collect()
}

async fn exports_and_forgets(store: Arc<dyn Store>) {
    put_ann(&*store).await;
    let subjects = subjects(store.clone());
    let export = subjects.export("ann", &operator()).await.unwrap();
    let entry = |channel: Option<&str>, host: Option<&str>, key: &str| {
        json!({"channel": channel, "host": host, "key": key, "schema": 3, "expires_at": null,
               "sealed": host.is_some(), "encoding": null, "value": null})
    };
    let with = |mut entry: serde_json::Value, encoding: &str, value: serde_json::Value| {
        entry["encoding"] = json!(encoding);
        entry["value"] = value;
        entry
    };
    assert_eq!(
        serde_json::to_value(&export).unwrap(),
        json!({"subject": "ann", "exported_at": NOW, "entries": [
            with(entry(Some("token"), None, "family/1"), "json", json!({"generation": 2})),
            with(entry(Some("users"), None, "row"), "base64url", json!("_wA")),
            entry(None, Some("outbox-mail"), "m"),
            entry(None, Some("replies"), "r"),
        ]})
    );

    let forgotten = subjects.forget("ann", &operator()).await.unwrap();
    assert_eq!(forgotten.entries, 5, "what has expired goes too");
    assert_eq!(
        (left(&*store, "ann").await, left(&*store, "bob").await),
        (0, 1)
    );
    let again = subjects.forget("ann", &operator()).await.unwrap();
    assert_eq!(again.entries, 0);
    let empty = subjects.export("ann", &operator()).await.unwrap();
    assert_eq!(empty.entries, []);

    let records = audited(&store).await;
    let mut done: Vec<_> = records
        .iter()
        .map(|record| (record.action.as_str(), record.detail[0].1.as_str()))
        .collect();
    done.sort_unstable();
    assert_eq!(
        done,
        [
            ("subject-export", "0"),
            ("subject-export", "4"),
            ("subject-forget", "0"),
            ("subject-forget", "5"),
        ]
    );
    for record in records {
        assert_eq!(record.subject.as_deref(), Some("ann"));
        assert_eq!(record.service_key.as_deref(), Some("key-1"));
        assert_eq!((record.channel.as_str(), record.at), (HOST, NOW));
    }
}

#[tokio::test]
async fn a_subject_is_exported_and_forgotten_in_memory() {
    exports_and_forgets(Arc::new(MemoryStore::new())).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_subject_is_exported_and_forgotten_on_sqlite() {
    use crate::store::sqlite::{SqliteOptions, SqliteStore};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.db");
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    exports_and_forgets(Arc::new(store)).await;
}

#[tokio::test]
async fn too_much_for_one_transaction_is_said_and_nothing_is_done() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    put_ann(&*store).await;
    let mut subjects = subjects(store.clone());
    subjects.limits.entries = 4;
    let refused = subjects.forget("ann", &operator()).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    assert!(refused.message.contains("one transaction"), "{refused}");
    assert_eq!(left(&*store, "ann").await, 5);
    subjects.limits.entries = 5;
    subjects.limits.bytes = 10;
    let refused = subjects.export("ann", &operator()).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    assert!(refused.message.contains("one answer"), "{refused}");
    assert!(audited(&store).await.is_empty());
    assert_eq!(
        subjects.forget("ann", &operator()).await.unwrap().entries,
        5
    );
}

#[tokio::test]
async fn what_is_no_id_is_refused_without_being_repeated() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let subjects = subjects(store.clone());
    for id in ["", "s3cret\n", "\u{85}s3cret", &"s3cret".repeat(22)] {
        for refused in [
            subjects.forget(id, &operator()).await.unwrap_err(),
            subjects.export(id, &operator()).await.unwrap_err(),
        ] {
            assert_eq!(refused.code, Code::ValidationFailed);
            assert_eq!(refused.violations[0].path, "id");
            assert!(!format!("{refused:?}").contains("s3cret"));
        }
    }
    assert!(audited(&store).await.is_empty());
}

/// Something of Ann's appears before each of the next `left` commits.
#[derive(Default)]
struct Busy {
    left: AtomicU32,
}

#[async_trait]
impl Hook for Busy {
    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        let left = self.left.load(Ordering::Relaxed);
        if left > 0 {
            self.left.store(left - 1, Ordering::Relaxed);
            let late = (Namespace::reserved("replies"), "late", of("ann", b"{}"));
            put(below, vec![late]).await;
        }
        below.commit(batch).await
    }
}

#[tokio::test]
async fn what_appears_meanwhile_is_forgotten_too() {
    let busy = HookedStore::in_memory(Busy::default());
    put_ann(busy.below()).await;
    busy.hook.left.store(ATTEMPTS - 1, Ordering::Relaxed);
    let store: Arc<dyn Store> = busy.clone();
    let forgotten = subjects(store.clone()).forget("ann", &operator()).await;
    assert_eq!(forgotten.unwrap().entries, 6);
    assert_eq!(left(&*store, "ann").await, 0);

    // Who never rests is not half forgotten.
    put_ann(busy.below()).await;
    busy.hook.left.store(ATTEMPTS, Ordering::Relaxed);
    let refused = subjects(store.clone()).forget("ann", &operator()).await;
    assert_eq!(refused.unwrap_err().code, Code::Unavailable);
    assert_eq!(left(&*store, "ann").await, 6);
    assert_eq!(audited(&store).await.len(), 1);
}
