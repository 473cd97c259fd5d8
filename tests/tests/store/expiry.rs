//! Expired is absent. // H04

use vestibule::clock::Timestamp;
use vestibule::store::{Commit, MAX_TIMESTAMP, Record};
use vestibule_tests::batch::{Draft, namespace, prefix};

use crate::fixture::Fixture;

/// A record that expires at `at`.
fn until(at: Timestamp) -> Record {
    Record {
        subject: Some("ann".to_owned()),
        expires_at: Some(at),
        ..Record::plain(b"value".to_vec())
    }
}

/// Whether `key` is there at `now`, which get, scan and subject must agree on.
async fn is_live(store: &Fixture, key: &str, now: Timestamp) -> bool {
    let mut snapshot = store.begin().await.unwrap();
    let got = snapshot.get(&namespace(), key, now).await.unwrap();
    let range = prefix(key);
    let scanned = snapshot.scan(&range, 1, usize::MAX, now).await.unwrap();
    assert_eq!(scanned.first(), got.as_ref());
    let found = snapshot.scan_subject("ann", None, 99, now).await.unwrap();
    let found = found.iter().any(|(_, entry)| entry.key == key);
    assert_eq!(found, got.is_some());
    found
}

pub(crate) async fn an_entry_is_absent_from_its_moment_on(store: Fixture) {
    let draft = Draft::default().put_record("a", until(1000));
    draft.committed(&*store).await;
    assert!(is_live(&store, "a", 0).await);
    assert!(is_live(&store, "a", 999).await);
    assert!(!is_live(&store, "a", 1000).await);
    assert!(!is_live(&store, "a", 1001).await);
    assert!(!is_live(&store, "a", u64::MAX).await);
}

pub(crate) async fn checks_judge_by_the_moment_of_the_batch(store: Fixture) {
    let draft = Draft::default().put_record("a", until(1000));
    let version = draft.committed(&*store).await;
    let checks = |now| {
        let seen = [("a", version)];
        [
            (Draft::at(now).expect("a", Some(version)), true),
            (Draft::at(now).expect_range(prefix(""), None, &seen), true),
            (Draft::at(now).expect("a", None), false),
            (Draft::at(now).expect_range(prefix(""), None, &[]), false),
        ]
    };
    for (now, live) in [(0, true), (999, true), (1000, false), (1001, false)] {
        for (check, wants_it) in checks(now) {
            let held = check.outcome(&*store).await != Commit::Conflict;
            assert_eq!(held, live == wants_it, "at {now}");
        }
    }
}

pub(crate) async fn sweeping_changes_no_answer(store: Fixture) {
    let draft = Draft::default()
        .put_record("a", until(1000))
        .put_record("b", until(2000));
    let version = draft.committed(&*store).await;
    let mut open = store.begin().await.unwrap();
    assert_eq!(store.sweep(1500, 100).await.unwrap(), 1);

    assert!(!is_live(&store, "a", 1500).await);
    assert!(is_live(&store, "b", 1500).await);
    let absent =
        Draft::at(1500)
            .expect("a", None)
            .expect_range(prefix(""), None, &[("b", version)]);
    absent.committed(&*store).await;
    // Whoever looked before still sees it.
    let seen = open.get(&namespace(), "a", 999).await.unwrap();
    assert_eq!(seen.unwrap().version, version);
    // Versions go on: sweeping is no commit.
    let next = Draft::default().put("c", "").committed(&*store).await;
    assert_eq!(next, version + 1);
}

pub(crate) async fn sweeping_takes_no_more_than_it_is_told(store: Fixture) {
    let put = |draft: Draft, n: u64| draft.put_record(&n.to_string(), until(1000 + n));
    let draft = (0..10).fold(Draft::default(), put);
    draft.committed(&*store).await;
    assert_eq!(store.sweep(999, 100).await.unwrap(), 0);
    assert_eq!(store.sweep(1005, 4).await.unwrap(), 4);
    assert_eq!(store.sweep(1005, 4).await.unwrap(), 2);
    assert_eq!(store.sweep(1005, 4).await.unwrap(), 0);
    assert_eq!(store.sweep(u64::MAX, 100).await.unwrap(), 4);
}

pub(crate) async fn an_entry_without_expiry_stays(store: Fixture) {
    Draft::default().put("a", "1").committed(&*store).await;
    // Its earlier life expired; this one does not.
    let draft = Draft::default().put_record("b", until(10));
    draft.committed(&*store).await;
    Draft::default().put("b", "1").committed(&*store).await;
    assert_eq!(store.sweep(u64::MAX, 100).await.unwrap(), 0);
    let mut snapshot = store.begin().await.unwrap();
    for key in ["a", "b"] {
        let got = snapshot.get(&namespace(), key, u64::MAX).await.unwrap();
        assert!(got.is_some());
    }
}

pub(crate) async fn a_moment_beyond_counting_is_kept_as_the_last(store: Fixture) {
    let draft = Draft::default().put_record("a", until(u64::MAX));
    draft.committed(&*store).await;
    assert!(is_live(&store, "a", MAX_TIMESTAMP - 1).await);
    let mut snapshot = store.begin().await.unwrap();
    let entry = snapshot.get(&namespace(), "a", 0).await.unwrap().unwrap();
    assert_eq!(entry.record.expires_at, Some(MAX_TIMESTAMP));
}

pub(crate) async fn an_expired_entry_can_be_put_again(store: Fixture) {
    let draft = Draft::default().put_record("a", until(1000));
    draft.committed(&*store).await;
    let again = Draft::at(1000)
        .expect("a", None)
        .put_record("a", until(3000));
    again.committed(&*store).await;
    assert_eq!(store.sweep(2000, 100).await.unwrap(), 0);
    assert!(is_live(&store, "a", 2000).await);
}
