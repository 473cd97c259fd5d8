//! What was read must still hold at the commit: keys and ranges, present and absent.

use vestibule::store::{Commit, Version};
use vestibule_tests::batch::{Draft, after, prefix};

use crate::fixture::{Fixture, keys, value};

pub(crate) async fn a_key_check_holds_for_the_version_seen(store: Fixture) {
    let seen = Draft::default().put("a", "1").committed(&*store).await;
    Draft::default().put("other", "1").committed(&*store).await;
    let draft = Draft::default().expect("a", Some(seen)).put("a", "2");
    let version = draft.committed(&*store).await;
    let draft = Draft::default().expect("a", Some(version)).put("a", "3");
    draft.committed(&*store).await;
}

pub(crate) async fn a_key_check_fails_for_any_other_version(store: Fixture) {
    let seen = Draft::default().put("a", "1").committed(&*store).await;
    let newer = Draft::default().put("a", "2").committed(&*store).await;
    for wrong in [Some(seen), Some(newer + 1), Some(u64::MAX), None] {
        let draft = Draft::default().expect("a", wrong).put("a", "3");
        assert_eq!(draft.outcome(&*store).await, Commit::Conflict, "{wrong:?}");
    }
    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(value(&mut *snapshot, "a").await.as_deref(), Some("2"));
}

pub(crate) async fn absence_is_checked_both_ways(store: Fixture) {
    let draft = Draft::default().expect("a", None).put("a", "1");
    let version = draft.committed(&*store).await;
    let again = Draft::default().expect("a", None).put("a", "2");
    assert_eq!(again.outcome(&*store).await, Commit::Conflict);

    Draft::default().delete("a").committed(&*store).await;
    let stale = Draft::default().expect("a", Some(version)).put("a", "3");
    assert_eq!(stale.outcome(&*store).await, Commit::Conflict);
    let draft = Draft::default().expect("a", None).put("a", "4");
    draft.committed(&*store).await;
}

pub(crate) async fn the_same_value_written_again_is_another_version(store: Fixture) {
    let seen = Draft::default().put("a", "1").committed(&*store).await;
    Draft::default().delete("a").committed(&*store).await;
    Draft::default().put("a", "1").committed(&*store).await;
    let stale = Draft::default().expect("a", Some(seen)).put("a", "2");
    assert_eq!(stale.outcome(&*store).await, Commit::Conflict);
}

/// `b1`, `b2` and `b3`, and neighbours on both sides of the prefix. Gives their version.
async fn three(store: &Fixture) -> Version {
    ["a", "b1", "b2", "b3", "c"]
        .into_iter()
        .fold(Draft::default(), |draft, key| draft.put(key, key))
        .committed(&**store)
        .await
}

/// Whether a batch that relies on all three holds after `change`.
async fn holds_after(store: &Fixture, through: Option<&str>, change: Draft) -> bool {
    let all = Draft::default().delete("b0").delete("b9").delete("b");
    all.committed(&**store).await;
    let version = three(store).await;
    change.committed(&**store).await;
    let seen = [("b1", version), ("b2", version), ("b3", version)];
    let draft = Draft::default()
        .expect_range(prefix("b"), through, &seen)
        .put("result", "1");
    draft.outcome(&**store).await != Commit::Conflict
}

pub(crate) async fn a_range_check_holds_for_what_was_seen(store: Fixture) {
    assert!(holds_after(&store, None, Draft::default()).await);
    assert!(holds_after(&store, Some("b3"), Draft::default()).await);
}

pub(crate) async fn a_range_check_notices_every_change_inside(store: Fixture) {
    let changes = || {
        [
            Draft::default().put("b0", "phantom in front"),
            Draft::default().put("b", "phantom that is the prefix"),
            Draft::default().put("b11", "phantom between"),
            Draft::default().delete("b1"),
            Draft::default().delete("b2"),
            Draft::default().delete("b3"),
            Draft::default().put("b2", "b2"),
            Draft::default().delete("b2").put("b25", "instead"),
        ]
    };
    for through in [None, Some("b3")] {
        for (number, change) in changes().into_iter().enumerate() {
            let held = holds_after(&store, through, change).await;
            assert!(!held, "change {number}, through {through:?}");
            let clean = ["b", "b0", "b11", "b25"]
                .into_iter()
                .fold(Draft::default(), Draft::delete);
            clean.committed(&*store).await;
        }
    }
    let phantom_behind = Draft::default().put("b4", "phantom");
    assert!(!holds_after(&store, None, phantom_behind).await);
}

pub(crate) async fn a_range_check_minds_nothing_outside(store: Fixture) {
    for change in [
        Draft::default().put("a", "changed"),
        Draft::default().delete("c"),
        Draft::default().put("a\u{10ffff}", "just before"),
        Draft::default().delete("b4"),
    ] {
        assert!(holds_after(&store, None, change).await);
    }
}

pub(crate) async fn through_bounds_what_is_covered(store: Fixture) {
    let version = three(&store).await;
    let two = [("b1", version), ("b2", version)];
    let through = |key| Draft::default().expect_range(prefix("b"), Some(key), &two);
    // b3 was not scanned.
    through("b2").put("x", "1").committed(&*store).await;
    Draft::default().put("b3", "new").committed(&*store).await;
    Draft::default().put("b25", "new").committed(&*store).await;
    through("b2").put("x", "2").committed(&*store).await;
    // Of what is covered, nothing may be missing in what was seen.
    let wider = through("b25").put("x", "3");
    assert_eq!(wider.outcome(&*store).await, Commit::Conflict);
    let short = Draft::default().expect_range(prefix("b"), Some("b1"), &two);
    assert_eq!(short.put("x", "4").outcome(&*store).await, Commit::Conflict);
    // Covered through a key that is not there.
    let between = Draft::default().expect_range(prefix("b"), Some("b22"), &two);
    between.put("x", "5").committed(&*store).await;
}

pub(crate) async fn after_bounds_what_is_covered(store: Fixture) {
    let version = three(&store).await;
    let rest = [("b2", version), ("b3", version)];
    let check = || Draft::default().expect_range(after("b", "b1"), None, &rest);
    check().put("x", "1").committed(&*store).await;
    let before = Draft::default().put("b1", "new").put("b0", "new");
    before.committed(&*store).await;
    check().put("x", "2").committed(&*store).await;
    Draft::default().put("b10", "new").committed(&*store).await;
    let stale = check().put("x", "3");
    assert_eq!(stale.outcome(&*store).await, Commit::Conflict);
}

pub(crate) async fn an_empty_range_is_checked_both_ways(store: Fixture) {
    Draft::default().put("a", "1").committed(&*store).await;
    let empty = || Draft::default().expect_range(prefix("b"), None, &[]);
    empty().put("b1", "first").committed(&*store).await;
    let second = empty().put("b2", "second");
    assert_eq!(second.outcome(&*store).await, Commit::Conflict);
    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(keys(&mut *snapshot, &prefix("b")).await, ["b1"]);
}

pub(crate) async fn a_conflict_applies_nothing(store: Fixture) {
    let seen = Draft::default().put("a", "1").committed(&*store).await;
    let draft = Draft::default()
        .expect("a", Some(seen))
        .expect("missing", Some(seen))
        .put("a", "2")
        .put("b", "2");
    assert_eq!(draft.outcome(&*store).await, Commit::Conflict);
    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(value(&mut *snapshot, "a").await.as_deref(), Some("1"));
    assert_eq!(value(&mut *snapshot, "b").await, None);
    let status = store.status();
    assert_eq!((status.commits, status.conflicts), (1, 1));
}

pub(crate) async fn checks_are_held_against_the_state_before_the_writes(store: Fixture) {
    let draft = Draft::default()
        .put("a", "1")
        .expect("a", None)
        .expect_range(prefix(""), None, &[]);
    draft.committed(&*store).await;
}

pub(crate) async fn a_batch_without_writes_only_checks(store: Fixture) {
    let seen = Draft::default().put("a", "1").committed(&*store).await;
    let batch = Draft::default().expect("a", Some(seen)).batch();
    let attempt = batch.attempt;
    let outcome = store.commit(batch).await.unwrap();
    assert_eq!(outcome, Commit::Committed(seen));
    assert_eq!(store.find_attempt(attempt).await.unwrap(), None);
    let stale = Draft::default().expect("a", None);
    assert_eq!(stale.outcome(&*store).await, Commit::Conflict);
    let next = Draft::default().put("a", "2").committed(&*store).await;
    assert_eq!(next, seen + 1);
}

pub(crate) async fn writes_are_made_in_their_order(store: Fixture) {
    let draft = Draft::default()
        .put("a", "1")
        .delete("a")
        .put("a", "2")
        .put("b", "1")
        .delete("b")
        .delete("never");
    draft.committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(value(&mut *snapshot, "a").await.as_deref(), Some("2"));
    assert_eq!(value(&mut *snapshot, "b").await, None);
}
