//! A commit whose answer was lost is looked up, not guessed.

use vestibule::store::{ATTEMPT_LIFETIME_MS, Commit, Store, StoreError};
use vestibule::testing::{Faults, FaultyStore, StoreFault};
use vestibule_tests::batch::{Draft, attempt};

use crate::fixture::{Fixture, value};

pub(crate) async fn a_committed_attempt_is_found(store: Fixture) {
    let mut all = Vec::new();
    for number in 0..10 {
        let batch = Draft::default().put("a", number.to_string()).batch();
        let id = batch.attempt;
        let Commit::Committed(version) = store.commit(batch).await.unwrap() else {
            panic!("not committed");
        };
        all.push((id, version));
    }
    for (id, version) in all {
        assert_eq!(store.find_attempt(id).await.unwrap(), Some(version));
    }
    assert_eq!(store.find_attempt(attempt()).await.unwrap(), None);
}

pub(crate) async fn an_attempt_in_conflict_is_not(store: Fixture) {
    let batch = Draft::default().expect("a", Some(1)).put("a", "1").batch();
    let id = batch.attempt;
    assert_eq!(store.commit(batch).await.unwrap(), Commit::Conflict);
    assert_eq!(store.find_attempt(id).await.unwrap(), None);
}

pub(crate) async fn an_applied_commit_whose_answer_was_lost_is_found(store: Fixture) {
    let faulty = FaultyStore::over(store.store.clone(), Faults::default());
    faulty.hook.script([StoreFault::LostAnswer]);
    let batch = Draft::default().put("a", "1").batch();
    let id = batch.attempt;
    assert_eq!(faulty.commit(batch).await.unwrap(), Commit::Unknown);
    let version = faulty.find_attempt(id).await.unwrap().unwrap();
    let mut snapshot = faulty.begin().await.unwrap();
    assert_eq!(value(&mut *snapshot, "a").await.as_deref(), Some("1"));
    let next = Draft::default().expect("a", Some(version)).put("a", "2");
    next.committed(&*faulty).await;
}

pub(crate) async fn a_commit_that_was_lost_is_not_found_and_can_be_made_again(store: Fixture) {
    let faulty = FaultyStore::over(store.store.clone(), Faults::default());
    faulty.hook.script([StoreFault::LostRequest]);
    let draft = || Draft::default().expect("a", None).put("a", "1");
    let batch = draft().batch();
    let id = batch.attempt;
    assert_eq!(faulty.commit(batch).await.unwrap(), Commit::Unknown);
    assert_eq!(faulty.find_attempt(id).await.unwrap(), None);
    draft().committed(&*faulty).await;
    assert_eq!(faulty.find_attempt(id).await.unwrap(), None);
}

pub(crate) async fn attempts_are_kept_for_an_hour_and_then_swept(store: Fixture) {
    let start = 5_000_000;
    let batch = Draft::at(start).put("a", "1").batch();
    let id = batch.attempt;
    store.commit(batch).await.unwrap();
    let later = Draft::at(start + 1).put("a", "2").batch();
    let later_id = later.attempt;
    store.commit(later).await.unwrap();

    store.sweep(start + ATTEMPT_LIFETIME_MS, 1).await.unwrap();
    assert!(store.find_attempt(id).await.unwrap().is_some());
    store
        .sweep(start + ATTEMPT_LIFETIME_MS + 1, 1)
        .await
        .unwrap();
    assert_eq!(store.find_attempt(id).await.unwrap(), None);
    assert!(store.find_attempt(later_id).await.unwrap().is_some());
}

pub(crate) async fn faults_are_what_they_are_told_to_be(store: Fixture) {
    let faulty = FaultyStore::over(store.store.clone(), Faults::default());
    for fault in [
        StoreFault::Unavailable,
        StoreFault::Full,
        StoreFault::Conflict,
    ] {
        faulty.hook.script([fault.clone()]);
        let answer = faulty.commit(Draft::default().put("a", "1").batch()).await;
        let as_told = match fault {
            StoreFault::Unavailable => matches!(answer, Err(StoreError::Unavailable(_))),
            StoreFault::Full => matches!(answer, Err(StoreError::Full(_))),
            _ => matches!(answer, Ok(Commit::Conflict)),
        };
        assert!(as_told, "{fault:?}: {answer:?}");
    }
    faulty.hook.fail_begins(1);
    assert!(faulty.begin().await.is_err());
    faulty.hook.fail_finds(1);
    assert!(faulty.find_attempt(attempt()).await.is_err());
    assert_eq!(faulty.hook.left(), 0);
    let mut snapshot = faulty.begin().await.unwrap();
    assert_eq!(value(&mut *snapshot, "a").await, None);
    drop(snapshot);
    Draft::default().put("a", "1").committed(&*faulty).await;
}
