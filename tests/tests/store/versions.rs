//! Versions are numbers of commits.

use vestibule_tests::batch::{Draft, namespace, prefix};

use crate::fixture::Fixture;

pub(crate) async fn versions_only_grow(store: Fixture) {
    let mut last = 0;
    for number in 0..20 {
        let draft = Draft::default().put("a", number.to_string());
        let version = draft.committed(&*store).await;
        assert!(version > last);
        last = version;
        let refused = Draft::default().expect("a", None).put("a", "x");
        refused.outcome(&*store).await;
    }
}

pub(crate) async fn a_deleted_version_is_never_given_again(store: Fixture) {
    let first = Draft::default().put("a", "1").committed(&*store).await;
    let deleted = Draft::default().delete("a").committed(&*store).await;
    let nothing = Draft::default().delete("a").committed(&*store).await;
    let second = Draft::default().put("a", "1").committed(&*store).await;
    assert!(first < deleted && deleted < nothing && nothing < second);
}

pub(crate) async fn a_batch_writes_one_version(store: Fixture) {
    let draft = Draft::default().put("a", "1").put("b", "2");
    let version = draft.committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    let all = snapshot.scan(&prefix(""), 9, usize::MAX, 0).await.unwrap();
    assert!(all.iter().all(|entry| entry.version == version));
    let one = snapshot.get(&namespace(), "a", 0).await.unwrap().unwrap();
    assert_eq!(one.version, version);
}
