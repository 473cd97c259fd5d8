//! Which keys a range holds, and how much of it a scan gives.

use vestibule_tests::batch::{Draft, after, prefix};

use crate::fixture::{Fixture, keys, names};

/// Ascending by bytes; with the edges of UTF-8's lengths, of the surrogates and of all code points.
const KEYS: [&str; 16] = [
    "",
    "\0",
    "A",
    "a",
    "a\0",
    "a\0b",
    "aa",
    "a\u{7f}",
    "a\u{80}",
    "a\u{7ff}",
    "a\u{800}",
    "a\u{d7ff}",
    "a\u{e000}",
    "a\u{10ffff}",
    "a\u{10ffff}\u{10ffff}",
    "\u{10ffff}\u{10ffff}",
];

pub(crate) async fn scans_give_exactly_the_keys_in_range(store: Fixture) {
    // Put in reverse, so that the order comes from the store.
    for key in KEYS.into_iter().rev() {
        Draft::default().put(key, "").committed(&*store).await;
    }
    assert!(KEYS.is_sorted());
    let mut snapshot = store.begin().await.unwrap();
    let prefixes = KEYS.into_iter().chain(["b", "a\u{10fffe}", "%", "_"]);
    for start in prefixes {
        let range = prefix(start);
        let expected: Vec<&str> = KEYS.into_iter().filter(|k| k.starts_with(start)).collect();
        assert_eq!(keys(&mut *snapshot, &range).await, expected, "{range:?}");
        for bound in KEYS.into_iter().chain(["b", "a\u{10fffe}"]) {
            let range = after(start, bound);
            let later = expected.iter().filter(|key| **key > bound);
            let later: Vec<&str> = later.copied().collect();
            assert_eq!(keys(&mut *snapshot, &range).await, later, "{range:?}");
        }
    }
}

pub(crate) async fn limits_are_kept(store: Fixture) {
    let all = Draft::default().put("a", "").put("b", "").put("c", "");
    all.committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    for (limit, expected) in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (usize::MAX, 3)] {
        let found = snapshot.scan(&prefix(""), limit, usize::MAX, 0).await;
        assert_eq!(found.unwrap().len(), expected, "limit {limit}");
    }
}

pub(crate) async fn bytes_are_bounded_but_one_entry_always_comes(store: Fixture) {
    let ten = [b'x'; 10];
    let all = Draft::default().put("a", ten).put("b", ten).put("c", ten);
    all.committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    for (bytes, expected) in [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3), (99, 3)] {
        let found = snapshot.scan(&prefix(""), 10, bytes, 0).await;
        assert_eq!(found.unwrap().len(), expected, "{bytes} bytes");
    }
}

pub(crate) async fn scans_go_on_where_they_ended(store: Fixture) {
    let numbers = (0..100).map(|number| format!("n/{number:03}"));
    let all: Vec<String> = numbers.collect();
    let put = |draft: Draft, key: &String| draft.put(key, "value");
    let draft = all.iter().fold(Draft::default().put("n", ""), put);
    draft.committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    let mut found: Vec<String> = Vec::new();
    loop {
        let mut range = prefix("n/");
        range.after = found.last().cloned();
        let page = snapshot.scan(&range, 7, usize::MAX, 0).await.unwrap();
        let is_last = page.len() < 7;
        found.extend(names(page));
        if is_last {
            break;
        }
    }
    assert_eq!(found, all);
}

pub(crate) async fn backwards_is_the_same_the_other_way_round(store: Fixture) {
    for key in KEYS {
        Draft::default().put(key, "").committed(&*store).await;
    }
    let mut snapshot = store.begin().await.unwrap();
    let bounds = || KEYS.into_iter().chain(["b", "a\u{10fffe}"]).map(Some);
    for start in KEYS.into_iter().chain(["b"]) {
        for from in bounds().chain([None]) {
            let range = from.map_or_else(|| prefix(start), |from| after(start, from));
            let forward = keys(&mut *snapshot, &range).await;
            for before in bounds().chain([None]) {
                let mut expected = forward.clone();
                expected.retain(|key| before.is_none_or(|before| key.as_str() < before));
                expected.reverse();
                let found = snapshot.scan_back(&range, before, usize::MAX, usize::MAX, 0);
                let found = names(found.await.unwrap());
                assert_eq!(found, expected, "{range:?} before {before:?}");
            }
        }
    }
}

pub(crate) async fn backwards_is_bounded_alike(store: Fixture) {
    let ten = [b'x'; 10];
    let all = Draft::default().put("a", ten).put("b", ten).put("c", ten);
    all.committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    for (limit, bytes, expected) in [
        (0, 99, &[][..]),
        (1, 99, &["c"]),
        (2, 99, &["c", "b"]),
        (9, 99, &["c", "b", "a"]),
        (9, 0, &["c"]),
        (9, 10, &["c"]),
        (9, 11, &["c", "b"]),
    ] {
        let all = prefix("");
        let found = snapshot.scan_back(&all, None, limit, bytes, 0).await;
        let found = names(found.unwrap());
        assert_eq!(found, expected, "{limit} entries, {bytes} bytes");
    }
}
