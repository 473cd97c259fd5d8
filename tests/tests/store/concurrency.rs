//! Many at once. // E03, E05

use std::sync::Arc;

use tokio::task::JoinSet;
use vestibule::store::{Commit, Store};
use vestibule_tests::batch::{Draft, namespace, prefix};

use crate::fixture::{Fixture, keys, value};

const TASKS: u64 = 64;
const EACH: u64 = 4;

pub(crate) async fn conflicting_increments_lose_nothing(store: Fixture) {
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let store = store.store.clone();
        tasks.spawn(async move {
            for _ in 0..EACH {
                while !increment(&store).await {}
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let mut snapshot = store.begin().await.unwrap();
    let total = value(&mut *snapshot, "counter").await.unwrap();
    assert_eq!(total, (TASKS * EACH).to_string());
    assert_eq!(store.status().commits, TASKS * EACH);
}

/// One try to count up by what was read.
async fn increment(store: &Arc<dyn Store>) -> bool {
    let mut snapshot = store.begin().await.unwrap();
    let entry = snapshot.get(&namespace(), "counter", 0).await.unwrap();
    drop(snapshot);
    let version = entry.as_ref().map(|entry| entry.version);
    let count = entry.map_or(0, |entry| {
        String::from_utf8(entry.record.value)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    });
    let draft = Draft::default()
        .expect("counter", version)
        .put("counter", (count + 1).to_string());
    match draft.outcome(&**store).await {
        Commit::Committed(_) => true,
        Commit::Conflict => false,
        Commit::Unknown => panic!("nothing was lost here"),
    }
}

pub(crate) async fn two_readers_of_one_another_do_not_both_write(store: Fixture) {
    for round in 0..50 {
        let (left, right) = (format!("left/{round}"), format!("right/{round}"));
        // Each relies on the other not being there.
        let first = Draft::default().expect(&right, None).put(&left, "1");
        let second = Draft::default().expect(&left, None).put(&right, "1");
        let (first, second) = tokio::join!(first.outcome(&*store), second.outcome(&*store));
        let conflicts = [first, second].map(|outcome| outcome == Commit::Conflict);
        assert!(conflicts[0] != conflicts[1], "exactly one: {conflicts:?}");
    }
}

pub(crate) async fn phantoms_are_refused_under_load(store: Fixture) {
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let store = store.store.clone();
        tasks.spawn(async move {
            // Each takes a place only if all are free.
            let draft = Draft::default()
                .expect_range(prefix("place/"), None, &[])
                .put(&format!("place/{number}"), "taken");
            draft.outcome(&*store).await
        });
    }
    let mut committed = 0;
    while let Some(outcome) = tasks.join_next().await {
        committed += usize::from(outcome.unwrap() != Commit::Conflict);
    }
    assert_eq!(committed, 1);
    let mut snapshot = store.begin().await.unwrap();
    assert_eq!(keys(&mut *snapshot, &prefix("place/")).await.len(), 1);
}
