//! L05: who may do what, and with whose tokens.

use super::{create, metadata};
use crate::error::Error;
use crate::ports::{Outcome, Principal};
use crate::testing::{World, limited, principal, program};

/// How a command is answered, when it is about the token of this id.
type Ask = fn(&World, &str) -> Result<(), Error>;

const SEEING: [Ask; 2] = [
    |world, uuid| world.service().get(uuid).map(drop),
    |world, _| world.service().list(None, None).map(drop),
];

const ENDING: Ask = |world, uuid| world.service().force_expiration(uuid);

const MAKING: [Ask; 4] = [
    |world, _| world.service().create(metadata("ci"), None).map(drop),
    |world, uuid| world.service().update(uuid, None, None).map(drop),
    |world, uuid| world.service().regenerate(uuid).map(drop),
    |world, _| world.service().delete_all(),
];

fn all() -> impl Iterator<Item = Ask> {
    SEEING.into_iter().chain([ENDING]).chain(MAKING)
}

/// How `ask` is answered to `caller`, about a token of `a1`'s.
fn answer(ask: Ask, caller: Option<Principal>) -> Result<(), Error> {
    let world = World::default();
    let (token, _) = create(&world, &["profile:read"]);
    world.become_user(caller);
    ask(&world, &token.uuid)
}

#[test]
fn a_person_does_everything_with_their_own() {
    for ask in all() {
        assert_eq!(answer(ask, Some(principal("a1"))), Ok(()));
    }
}

#[test]
fn a_service_does_it_for_whom_it_acts() {
    for ask in all() {
        let world = World::default();
        let (token, _) = create(&world, &[]);
        world.become_service(Some("a1"));
        assert_eq!(ask(&world, &token.uuid), Ok(()));
        world.become_service(None);
        assert_eq!(ask(&world, &token.uuid), Err(Error::AccessDenied));
    }
}

#[test]
fn nobody_does_nothing() {
    for ask in all() {
        assert_eq!(answer(ask, None), Err(Error::AccessDenied));
    }
}

// L05
#[test]
fn another_persons_token_does_not_exist() {
    let by_id = [SEEING[0], ENDING, MAKING[1], MAKING[2]];
    for ask in by_id {
        assert_eq!(answer(ask, Some(principal("a2"))), Err(Error::NotFound));
        assert!(answer(ask, Some(program("a2", &["*"]))).is_err());
    }
    let world = World::default();
    let (token, _) = create(&world, &[]);
    world.become_user(Some(principal("a2")));
    assert_eq!(world.service().list(None, None), Ok(Vec::new()));
    world.service().delete_all().unwrap();
    world.become_user(Some(principal("a1")));
    assert_eq!(world.service().get(&token.uuid), Ok(token));
}

// L05: an id that looks like a path stays inside its owner's.
#[test]
fn an_id_leads_nowhere_else() {
    let world = World::default();
    let (token, _) = create(&world, &[]);
    for other in [
        "",
        "../YTE",
        &token.uuid.to_uppercase(),
        &format!("{{{}}}", token.uuid),
        &token.uuid.replace('-', ""),
        &"x".repeat(100_000),
    ] {
        let reads = world.reads.get();
        assert_eq!(world.service().get(other), Err(Error::NotFound), "{other}");
        assert_eq!(world.reads.get(), reads);
    }
}

// L05
#[test]
fn a_program_sees_and_ends_tokens_if_it_has_the_scope() {
    for ask in SEEING {
        for scopes in [
            &["tokens:read"][..],
            &["*"],
            &["profile:read", "tokens:read"],
        ] {
            assert_eq!(answer(ask, Some(program("a1", scopes))), Ok(()));
        }
        for scopes in [&[][..], &["tokens:write"], &["profile:read"]] {
            assert_eq!(
                answer(ask, Some(program("a1", scopes))),
                Err(Error::AccessDenied)
            );
        }
    }
    for scopes in [&["tokens:write"][..], &["*"]] {
        assert_eq!(answer(ENDING, Some(program("a1", scopes))), Ok(()));
    }
    for scopes in [&[][..], &["tokens:read"], &["profile:write"]] {
        assert_eq!(
            answer(ENDING, Some(program("a1", scopes))),
            Err(Error::AccessDenied)
        );
    }
}

// L05
#[test]
fn a_program_never_makes_tokens_nor_does_a_session_that_it_began() {
    let session = Principal {
        methods: vec!["jwt".to_owned(), "api-token".to_owned()],
        ..program("a1", &["*"])
    };
    let unlimited = Principal {
        scopes: None,
        ..program("a1", &[])
    };
    for ask in MAKING {
        for caller in [
            program("a1", &["*"]),
            program("a1", &["tokens:write"]),
            session.clone(),
            unlimited.clone(),
        ] {
            assert_eq!(answer(ask, Some(caller)), Err(Error::AccessDenied));
        }
    }
}

#[test]
fn a_limited_session_needs_the_scope() {
    for ask in MAKING {
        let enough = limited("a1", &["tokens:write", "profile:read"]);
        assert_eq!(answer(ask, Some(enough)), Ok(()));
        for scopes in [&[][..], &["tokens:read"], &["profile:write"]] {
            assert_eq!(
                answer(ask, Some(limited("a1", scopes))),
                Err(Error::AccessDenied)
            );
        }
    }
}

#[test]
fn refusals_are_audited_with_their_reason() {
    let world = World::default();
    world.become_user(Some(program("a1", &[])));
    assert!(world.service().delete_all().is_err());
    assert_eq!(
        world.audited("api-token-delete-all", Outcome::Denied, Some("a1")),
        1
    );
    world.become_user(None);
    assert!(world.service().list(None, None).is_err());
    assert_eq!(world.audited("api-token-read", Outcome::Denied, None), 1);
}
