//! A person's entries, wherever they are.

use vestibule::store::{Entry, Namespace, Record};
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
