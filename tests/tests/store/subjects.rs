//! A person's entries, wherever they are.

use vestibule::store::{Commit, Entry, Namespace, Record, Version};
use vestibule_tests::batch::{Draft, namespace};

use crate::fixture::Fixture;

fn of(subject: &str) -> Record {
    Record {
        subject: Some(subject.to_owned()),
        ..Record::plain(subject.as_bytes().to_vec())
    }
}

fn places(found: &[(Namespace, Entry)]) -> Vec<(&str, &str)> {
    found
        .iter()
        .map(|(namespace, entry)| (namespace.as_str(), entry.key.as_str()))
        .collect()
}

pub(crate) async fn subjects_are_found_in_all_namespaces_in_order(store: Fixture) {
    let users = Namespace::channel("default", "users");
    let outbox = Namespace::reserved("outbox");
    Draft::default()
        .put_in(outbox.clone(), "mail", of("ann"))
        .put_in(users.clone(), "b", of("ann"))
        .put_in(users.clone(), "a", of("ann"))
        .put_in(users.clone(), "c", of("bob"))
        .put("nobody", "no subject")
        .put_record("a", of("ann"))
        .committed(&*store)
        .await;
    let mut snapshot = store.begin().await.unwrap();
    let found = snapshot.scan_subject("ann", None, 10, 0).await.unwrap();
    assert_eq!(
        places(&found),
        [
            ("c/default/test", "a"),
            ("c/default/users", "a"),
            ("c/default/users", "b"),
            ("h/outbox", "mail"),
        ]
    );
    assert!(found.iter().all(|(_, entry)| entry.record == of("ann")));
    for stranger in ["an", "annn", "ANN", ""] {
        let found = snapshot.scan_subject(stranger, None, 10, 0).await.unwrap();
        assert_eq!(places(&found), [], "{stranger:?}");
    }
}

pub(crate) async fn a_page_goes_on_after_the_last_entry(store: Fixture) {
    let users = Namespace::channel("default", "users");
    let draft = (0..10).fold(Draft::default(), |draft, number| {
        draft.put_record(&number.to_string(), of("ann")).put_in(
            users.clone(),
            &number.to_string(),
            of("ann"),
        )
    });
    draft.committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    let all = snapshot.scan_subject("ann", None, 100, 0).await.unwrap();
    assert_eq!(all.len(), 20);
    let mut paged = Vec::new();
    loop {
        let last = paged
            .last()
            .map(|(namespace, entry): &(Namespace, Entry)| (namespace.clone(), entry.key.clone()));
        let page = snapshot.scan_subject("ann", last, 3, 0).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        paged.extend(page);
    }
    assert_eq!(paged, all);
}

pub(crate) async fn an_entry_that_changes_hands_is_found_under_its_new_subject_only(
    store: Fixture,
) {
    let draft = Draft::default().put_record("a", of("ann"));
    draft.committed(&*store).await;
    let mut before = store.begin().await.unwrap();
    let draft = Draft::default().put_record("a", of("bob"));
    draft.committed(&*store).await;
    let mut between = store.begin().await.unwrap();
    Draft::default().put("a", "nobody").committed(&*store).await;
    let mut after = store.begin().await.unwrap();

    for (snapshot, ann, bob) in [
        (&mut before, 1, 0),
        (&mut between, 0, 1),
        (&mut after, 0, 0),
    ] {
        let found = snapshot.scan_subject("ann", None, 9, 0).await.unwrap();
        assert_eq!(found.len(), ann);
        let found = snapshot.scan_subject("bob", None, 9, 0).await.unwrap();
        assert_eq!(found.len(), bob);
    }
    let (place, _) = &between.scan_subject("bob", None, 9, 0).await.unwrap()[0];
    assert_eq!(place, &namespace());
}

/// Two entries of Ann's in two namespaces, and one of Bob's: what a check may say of Ann.
async fn two_of_ann(store: &Fixture) -> Vec<(Namespace, &'static str, Version)> {
    let outbox = Namespace::reserved("outbox");
    let draft = Draft::default()
        .put_record("a", of("ann"))
        .put_in(outbox.clone(), "mail", of("ann"))
        .put_record("b", of("bob"));
    let version = draft.committed(&**store).await;
    vec![(namespace(), "a", version), (outbox, "mail", version)]
}

pub(crate) async fn a_subject_check_holds_for_what_was_seen(store: Fixture) {
    let seen = two_of_ann(&store).await;
    Draft::default().put("b", "nobody").committed(&*store).await;
    let draft = Draft::default()
        .expect_subject("ann", &seen)
        .expect_subject("bob", &[])
        .expect_subject("nobody", &[])
        .put("c", "");
    draft.committed(&*store).await;

    // What has expired is absent, for a check as for a reader.
    let draft = Draft::default().put_record(
        "d",
        Record {
            expires_at: Some(100),
            ..of("bob")
        },
    );
    let version = draft.committed(&*store).await;
    let live = [(namespace(), "d", version)];
    for (now, seen, holds) in [
        (99, &live[..], true),
        (99, &[], false),
        (100, &[], true),
        (100, &live, false),
    ] {
        let check = Draft::at(now).expect_subject("bob", seen);
        let held = check.outcome(&*store).await != Commit::Conflict;
        assert_eq!(held, holds, "at {now}");
    }
}

pub(crate) async fn a_subject_check_notices_every_change(store: Fixture) {
    let seen = two_of_ann(&store).await;
    let wrong: [Vec<_>; 4] = [
        seen[..1].to_vec(),
        seen[1..].to_vec(),
        Vec::new(),
        [&seen[..], &[(Namespace::reserved("p"), "phantom", 1)]].concat(),
    ];
    for wrong in wrong {
        let check = Draft::default().expect_subject("ann", &wrong).put("x", "");
        assert_eq!(check.outcome(&*store).await, Commit::Conflict, "{wrong:?}");
    }
    let users = Namespace::channel("default", "users");
    for change in [
        Draft::default().put_in(users, "new", of("ann")),
        Draft::default().put_record("a", of("ann")),
        Draft::default().put_record("b", of("ann")),
        Draft::default().put_record("a", of("bob")),
        Draft::default().delete("b"),
    ] {
        let mut snapshot = store.begin().await.unwrap();
        let before = snapshot.scan_subject("ann", None, 99, 0).await.unwrap();
        drop(snapshot);
        let seen = before
            .iter()
            .map(|(namespace, entry)| (namespace.clone(), entry.key.as_str(), entry.version));
        let seen: Vec<_> = seen.collect();
        change.committed(&*store).await;
        let check = Draft::default().expect_subject("ann", &seen).put("x", "");
        assert_eq!(check.outcome(&*store).await, Commit::Conflict);
    }
}

pub(crate) async fn all_of_a_subject_goes_in_one_commit_or_none_does(store: Fixture) {
    let mut seen = two_of_ann(&store).await;
    let forget = |seen: &[(Namespace, &str, Version)]| {
        let draft = Draft::default().expect_subject("ann", seen);
        seen.iter().fold(draft, |draft, (namespace, key, _)| {
            draft.delete_in(namespace.clone(), key)
        })
    };
    let draft = Draft::default().put_record("late", of("ann"));
    let version = draft.committed(&*store).await;
    assert_eq!(forget(&seen).outcome(&*store).await, Commit::Conflict);
    let mut snapshot = store.begin().await.unwrap();
    let left = snapshot.scan_subject("ann", None, 9, 0).await.unwrap();
    assert_eq!(left.len(), 3);
    drop(snapshot);

    seen.insert(1, (namespace(), "late", version));
    forget(&seen).committed(&*store).await;
    let mut snapshot = store.begin().await.unwrap();
    let left = snapshot.scan_subject("ann", None, 9, 0).await.unwrap();
    assert_eq!(places(&left), []);
    let others = snapshot.scan_subject("bob", None, 9, 0).await.unwrap();
    assert_eq!(others.len(), 1);
}
