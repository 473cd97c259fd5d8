use crate::error::Error;
use crate::testing::World;

fn refused_fields(answer: Result<(), Error>) -> Vec<&'static str> {
    match answer {
        Err(Error::ValidationFailed(violations)) => {
            violations.iter().map(|violation| violation.path).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_note_is_kept_until_there_is_a_newer_one() {
    let world = World::of("ada");
    assert_eq!(world.service().read_note(), Ok(None));
    for text in ["milk", "bread"] {
        assert_eq!(world.service().keep_note(text), Ok(()));
        assert_eq!(world.service().read_note(), Ok(Some(text.to_owned())));
    }
    let entries = world.entries.borrow();
    let owners: Vec<_> = entries.values().map(|(_, owner)| owner.as_str()).collect();
    assert_eq!(owners, ["ada"]);
}

#[test]
fn nobody_reads_or_changes_the_note_of_another() {
    let world = World::of("ada");
    world.service().keep_note("milk").unwrap();
    world.subject.replace(Some("bob".to_owned()));
    assert_eq!(world.service().read_note(), Ok(None));
    world.subject.replace(None);
    assert_eq!(world.service().read_note(), Err(Error::AccessDenied));
    assert_eq!(world.service().keep_note("bread"), Err(Error::AccessDenied));
    assert_eq!(world.entries.borrow().len(), 1);
}

#[test]
fn a_note_has_a_length() {
    let world = World::of("ada");
    assert_eq!(world.service().keep_note(&"x".repeat(4_096)), Ok(()));
    for text in ["", &"x".repeat(4_097)] {
        assert_eq!(refused_fields(world.service().keep_note(text)), ["text"]);
    }
    world
        .config
        .replace([("longest".to_owned(), "3".to_owned())].into());
    assert_eq!(world.service().keep_note("abc"), Ok(()));
    assert_eq!(refused_fields(world.service().keep_note("abcd")), ["text"]);
}

#[test]
fn no_refusal_repeats_the_note() {
    let world = World::of("ada");
    let refused = world.service().keep_note(&"hunter2".repeat(1_000));
    assert!(!format!("{refused:?}").contains("hunter2"));
}
