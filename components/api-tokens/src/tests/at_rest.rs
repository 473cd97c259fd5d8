use super::{DAY, authorize, create};
use crate::testing::{START, World};

// L02
#[test]
fn a_value_is_nowhere_but_in_the_reply() {
    let world = World::default();
    let (token, first) = create(&world, &["*"]);
    authorize(&world, &first).unwrap();
    let second = world.service().regenerate(&token.uuid).unwrap();
    authorize(&world, &second).unwrap();
    let traces = world.traces();
    for value in [first, second] {
        // Half a value would be too much.
        let text = value.as_str();
        for part in [&text[4..14], &text[14..24], &text[24..34]] {
            assert!(!traces.contains(part));
        }
    }
}

// L02
#[test]
fn what_is_stored_cannot_be_presented() {
    let world = World::default();
    create(&world, &["*"]);
    let stored: Vec<String> = world
        .traces()
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
        .map(str::to_owned)
        .collect();
    world.become_user(None);
    for text in stored {
        assert!(world.service().authorize(&text).is_err());
        assert!(world.service().authorize(&format!("vst_{text}")).is_err());
    }
}

#[test]
fn every_entry_expires_and_is_its_owners() {
    let world = World::default();
    create(&world, &["*"]);
    let entries = world.entries.borrow();
    let of = |prefix: &str| {
        let mut found = entries.iter().filter(|(key, _)| key.starts_with(prefix));
        let (_, entry) = found.next().unwrap();
        assert_eq!(entry.subject, "a1");
        entry.expires_at
    };
    assert_eq!(
        (of("token/"), of("value/")),
        (START + 31 * DAY, START + DAY)
    );
    assert_eq!(entries.len(), 2);
}
