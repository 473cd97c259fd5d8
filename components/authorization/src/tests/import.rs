//! `import-users`.

use super::{paths, secret};
use crate::channels::{Failed, PersonName};
use crate::error::Error;
use crate::ports::Message;
use crate::role::Role;
use crate::service::{ImportOutcome, ImportedUser};
use crate::testing::{START, World, foreign_hash, in_session, operator, service};

fn user(email: &str) -> ImportedUser {
    ImportedUser {
        email: email.to_owned(),
        ..ImportedUser::default()
    }
}

fn import(world: &World, users: Vec<ImportedUser>) -> Vec<ImportOutcome> {
    world
        .operate(|service| service.import_users(users))
        .unwrap()
}

fn import_one(world: &World, user: ImportedUser) -> ImportOutcome {
    import(world, vec![user]).remove(0)
}

fn imported(world: &World, user: ImportedUser) -> String {
    match import_one(world, user) {
        ImportOutcome::Imported(id) => id,
        other => panic!("{other:?}"),
    }
}

/// The paths of the rules that an entry breaks.
fn refused(world: &World, user: ImportedUser) -> Vec<&'static str> {
    match import_one(world, user) {
        ImportOutcome::Refused(violations) => {
            violations.iter().map(|violation| violation.path).collect()
        }
        other => panic!("{other:?}"),
    }
}

// C10
#[test]
fn somebody_signs_in_as_they_did_before_and_is_hashed_anew() {
    let world = World::default();
    let id = imported(
        &world,
        ImportedUser {
            password_hash: Some(foreign_hash("old pass")),
            is_email_verified: true,
            ..user("Ada@example.com")
        },
    );
    let account = world.account(&id).unwrap();
    assert_eq!(
        (account.email.as_str(), account.registered_at),
        ("Ada@example.com", START)
    );
    assert!(account.is_verified() && !account.is_disabled());
    assert_eq!(account.roles, Role::everybodys());
    assert!(world.signs_in("ada@example.com", "old pass"));
    assert_eq!(world.effort()["hash"], 1);
    assert!(world.signs_in("ada@example.com", "old pass"));
    assert!(!world.effort().contains_key("hash"));
    // Nobody is written to.
    assert!(world.state.borrow().mails.is_empty() && world.state.borrow().profiles.is_empty());
}

#[test]
fn what_is_given_is_kept() {
    let world = World::default();
    let id = imported(
        &world,
        ImportedUser {
            id: Some("legacy/4711 ä".to_owned()),
            roles: Some(vec![Role::Admin]),
            registered_at: Some(1_000),
            disabled: true,
            first_name: Some("Ada".to_owned()),
            ..user("ada@example.com")
        },
    );
    assert_eq!(id, "legacy/4711 ä");
    let account = world.account(&id).unwrap();
    assert_eq!(
        (account.registered_at, account.disabled_at),
        (1_000, Some(START))
    );
    assert_eq!(account.roles, [Role::User, Role::Admin].into());
    assert!(!account.is_verified());
    let name = PersonName {
        first: Some("Ada".to_owned()),
        last: String::new(),
    };
    assert_eq!(
        world.state.borrow().profiles[&id],
        ("ada@example.com".to_owned(), name)
    );
}

/// What was made for an account that had the id before is not this one's.
#[test]
fn credentials_count_since_the_import_whenever_the_account_began_elsewhere() {
    let world = World::default();
    let old = ImportedUser {
        id: Some("u1".to_owned()),
        registered_at: Some(1_000),
        ..user("ada@example.com")
    };
    let id = imported(&world, old.clone());
    let since = || world.account(&id).unwrap().credentials_since;
    assert_eq!(since(), START);
    // Nothing changes for one that is there already.
    world.pass(5);
    import_one(&world, old.clone());
    assert_eq!(since(), START);
    world
        .operate(|service| service.delete_account(&id, None))
        .unwrap();
    imported(&world, old);
    assert_eq!(since(), START + 5);
}

#[test]
fn without_a_hash_the_password_is_reset_first() {
    let world = World::default();
    imported(&world, user("ada@example.com"));
    assert!(!world.signs_in("ada@example.com", ""));
    let token = world
        .call(|service| service.get_forgot_password_token("ada@example.com"))
        .unwrap()
        .token;
    let new = secret("a good password");
    world
        .call(|service| service.reset_password(&token, &new))
        .unwrap();
    assert!(world.signs_in("ada@example.com", "a good password"));
}

#[test]
fn an_import_that_broke_off_is_given_again() {
    let world = World::default();
    let with_id = ImportedUser {
        id: Some("u1".to_owned()),
        ..user("ada@example.com")
    };
    let users = vec![with_id, user("bob@example.com")];
    let first = import(&world, users.clone());
    let before = world.state.borrow().clone();
    let [ImportOutcome::Imported(ada), ImportOutcome::Imported(bob)] = first.as_slice() else {
        panic!("{first:?}")
    };
    let again = import(&world, users);
    let exist = [ada, bob].map(|id| ImportOutcome::Exists(id.clone()));
    assert_eq!(again, exist);
    assert_eq!(*world.state.borrow(), before);
}

#[test]
fn what_is_taken_is_left_alone() {
    let world = World::default();
    let ada = world.active("ada@example.com");
    let with = |id: &str, email: &str| ImportedUser {
        id: Some(id.to_owned()),
        roles: Some(vec![Role::Admin]),
        ..user(email)
    };
    assert_eq!(
        import_one(&world, with(&ada, "ADA@example.com")),
        ImportOutcome::Exists(ada.clone())
    );
    assert_eq!(
        import_one(&world, user("ada@example.com")),
        ImportOutcome::Exists(ada.clone())
    );
    assert_eq!(
        import_one(&world, with(&ada, "eve@example.com")),
        ImportOutcome::DuplicateId
    );
    // The address is another's: this one was not given the id that it has.
    assert_eq!(refused(&world, with("other", "ada@example.com")), ["email"]);
    assert_eq!(world.account(&ada).unwrap().roles, Role::everybodys());
    assert_eq!(world.account("other"), None);
    // Within one list too.
    let outcomes = import(
        &world,
        vec![
            user("bob@example.com"),
            user("BOB@example.com"),
            with("b", "carol@example.com"),
            with("b", "dave@example.com"),
        ],
    );
    assert!(matches!(
        outcomes.as_slice(),
        [
            ImportOutcome::Imported(first),
            ImportOutcome::Exists(second),
            ImportOutcome::Imported(_),
            ImportOutcome::DuplicateId,
        ] if first == second
    ));
}

#[test]
fn an_entry_that_breaks_a_rule_does_not_stop_the_others() {
    let world = World::default();
    let outcomes = import(
        &world,
        vec![user("nonsense"), user("ada@example.com"), user("")],
    );
    assert!(matches!(
        outcomes.as_slice(),
        [
            ImportOutcome::Refused(_),
            ImportOutcome::Imported(_),
            ImportOutcome::Refused(_)
        ]
    ));
    assert_eq!(world.stored("account/").len(), 1);
}

// C10
#[test]
fn rules_of_an_entry() {
    let world = World::default();
    let refuse = |change: &dyn Fn(&mut ImportedUser)| {
        let mut user = user("ada@example.com");
        change(&mut user);
        refused(&world, user)
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(refuse(&|u| u.id = text("")), ["id"]);
    assert_eq!(refuse(&|u| u.id = text("a\nb")), ["id"]);
    assert_eq!(refuse(&|u| u.id = text(&"x".repeat(129))), ["id"]);
    assert_eq!(
        refuse(&|u| u.email = "ada\u{202e}@example.com".to_owned()),
        ["email"]
    );
    // A kind that is unknown or costs too much, as the host says; and what it is not asked about.
    assert_eq!(
        refuse(&|u| u.password_hash = Some(secret("plain text"))),
        ["password_hash"]
    );
    assert_eq!(
        refuse(&|u| u.password_hash = Some(secret(""))),
        ["password_hash"]
    );
    let long = format!("$fake${}", "x".repeat(1_024));
    assert_eq!(
        refuse(&|u| u.password_hash = Some(secret(&long))),
        ["password_hash"]
    );
    assert_eq!(refuse(&|u| u.roles = Some(Vec::new())), ["roles"]);
    assert_eq!(refuse(&|u| u.roles = Some(vec![Role::User; 2])), ["roles"]);
    assert_eq!(
        refuse(&|u| u.registered_at = Some(START + 1)),
        ["registered_at"]
    );
    assert_eq!(
        refuse(&|u| u.registered_at = Some(u64::MAX)),
        ["registered_at"]
    );
    assert_eq!(refuse(&|u| u.first_name = text("a\rb")), ["first_name"]);
    assert_eq!(
        refuse(&|u| u.last_name = text(&"x".repeat(257))),
        ["last_name"]
    );
    let all = refuse(&|u| {
        u.id = text("");
        u.email = String::new();
        u.roles = Some(Vec::new());
        u.registered_at = Some(u64::MAX);
    });
    assert_eq!(all, ["id", "email", "roles", "registered_at"]);
    assert!(world.state.borrow().entries.is_empty());
}

#[test]
fn a_list_has_1_to_50_entries() {
    let world = World::default();
    let list = |count: usize| {
        (0..count)
            .map(|n| user(&format!("u{n}@example.com")))
            .collect()
    };
    for count in [0, 51, 10_000] {
        let users: Vec<ImportedUser> = list(count);
        assert_eq!(
            paths(world.operate(|service| service.import_users(users))),
            ["users"]
        );
    }
    assert!(world.state.borrow().entries.is_empty());
    assert_eq!(import(&world, list(50)).len(), 50);
}

#[test]
fn a_profile_that_cannot_be_made_undoes_the_import() {
    let world = World::default();
    world.failed.set(Some(Failed("unknown")));
    let named = ImportedUser {
        last_name: Some("King".to_owned()),
        ..user("ada@example.com")
    };
    let answer =
        world.operate(|service| service.import_users(vec![user("bob@example.com"), named]));
    assert_eq!(answer, Err(Error::Unknown));
    assert!(world.state.borrow().entries.is_empty());
}

#[test]
fn nobody_but_the_operator_imports() {
    let world = World::default();
    let nested = Message {
        is_nested: true,
        ..operator()
    };
    for message in [service(), nested, in_session("u1", "s1")] {
        let users = vec![user("ada@example.com")];
        let answer = world.call_as(message, |service| service.import_users(users));
        assert_eq!(answer, Err(Error::AccessDenied));
        assert!(world.was_denied("users-import", None, "not-the-operator"));
    }
}
