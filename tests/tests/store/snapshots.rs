//! Consistent views.

use vestibule::store::{Namespace, Record};
use vestibule_tests::batch::{Draft, namespace, prefix};

use crate::fixture::{Fixture, keys, value};

pub(crate) async fn a_snapshot_sees_what_was_committed_before_it_and_nothing_later(store: Fixture) {
    Draft::default().put("a", "old").committed(&*store).await;
    // Its first read comes after the commit: it is the beginning that counts.
    let mut before = store.begin().await.unwrap();
    Draft::default()
        .put("a", "new")
        .put("b", "new")
        .committed(&*store)
        .await;
    let mut after = store.begin().await.unwrap();

    assert_eq!(value(&mut *before, "a").await.as_deref(), Some("old"));
    assert_eq!(value(&mut *before, "b").await, None);
    assert_eq!(keys(&mut *before, &prefix("")).await, ["a"]);
    assert_eq!(value(&mut *after, "a").await.as_deref(), Some("new"));
    assert_eq!(keys(&mut *after, &prefix("")).await, ["a", "b"]);
}

pub(crate) async fn a_snapshot_keeps_what_is_deleted_later(store: Fixture) {
    let anns = Record {
        subject: Some("ann".to_owned()),
        ..Record::plain(b"hers".to_vec())
    };
    let draft = Draft::default().put_record("a", anns);
    draft.committed(&*store).await;
    let mut before = store.begin().await.unwrap();
    Draft::default().delete("a").committed(&*store).await;
    // More commits, so that whatever cleans up has had its chance.
    for number in 0..10 {
        Draft::default()
            .put("b", number.to_string())
            .committed(&*store)
            .await;
    }
    let mut after = store.begin().await.unwrap();

    assert_eq!(value(&mut *before, "a").await.as_deref(), Some("hers"));
    let found = before.scan_subject("ann", None, 10, 0).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(value(&mut *after, "a").await, None);
    assert_eq!(
        after.scan_subject("ann", None, 10, 0).await.unwrap().len(),
        0
    );
}

pub(crate) async fn snapshots_see_commits_whole(store: Fixture) {
    const ROUNDS: u32 = 200;
    let writer = tokio::spawn({
        let store = store.store.clone();
        async move {
            for round in 0..ROUNDS {
                let text = round.to_string();
                let draft = Draft::default().put("left", &text).put("right", &text);
                draft.committed(&*store).await;
                tokio::task::yield_now().await;
            }
        }
    });
    let mut seen = 0;
    while !writer.is_finished() || seen == 0 {
        let mut snapshot = store.begin().await.unwrap();
        let left = value(&mut *snapshot, "left").await;
        tokio::task::yield_now().await;
        assert_eq!(left, value(&mut *snapshot, "right").await);
        seen += 1;
    }
    writer.await.unwrap();
}

pub(crate) async fn records_come_back_as_they_were_put(store: Fixture) {
    let full = Record {
        value: (0..=255).cycle().take(100_000).collect(),
        schema: u32::MAX,
        subject: Some("ann\0é".to_owned()),
        sealed: Some("seal-1".to_owned()),
        expires_at: Some(12_345),
    };
    let empty = Record::plain(Vec::new());
    let version = Draft::default()
        .put_record("full", full.clone())
        .put_record("empty", empty.clone())
        .committed(&*store)
        .await;
    let mut snapshot = store.begin().await.unwrap();
    for (key, record) in [("full", full), ("empty", empty)] {
        let entry = snapshot.get(&namespace(), key, 0).await.unwrap().unwrap();
        assert_eq!(entry.record, record);
        assert_eq!(entry.version, version);
        assert_eq!(entry.key, key);
        let scanned = snapshot.scan(&prefix(key), 1, usize::MAX, 0).await.unwrap();
        assert_eq!(scanned, [entry]);
    }
}

pub(crate) async fn namespaces_are_apart(store: Fixture) {
    let others = [
        Namespace::channel("default", "tes"),
        Namespace::channel("default", "test2"),
        Namespace::channel("defaul", "test"),
        Namespace::reserved("test"),
    ];
    for other in &others {
        let theirs = Record::plain(b"theirs".to_vec());
        let draft = Draft::default().put_in(other.clone(), "a", theirs);
        draft.committed(&*store).await;
    }
    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(value(&mut *snapshot, "a").await, None);
    assert_eq!(keys(&mut *snapshot, &prefix("")).await, [""; 0]);
    drop(snapshot);

    Draft::default().put("a", "ours").committed(&*store).await;
    let delete = Draft::default().expect("b", None).delete("a");
    delete.committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    for other in &others {
        assert!(snapshot.get(other, "a", 0).await.unwrap().is_some());
    }
}

pub(crate) async fn snapshots_are_counted_while_they_are_open(store: Fixture) {
    let first = store.begin().await.unwrap();
    let second = store.begin().await.unwrap();
    assert_eq!(store.status().readers, 2);
    drop((first, second));
    assert_eq!(store.status().readers, 0);
}
