//! `registration`.

use super::{paths, secret};
use crate::error::Error;
use crate::role::Role;
use crate::service::{Registered, Registration};
use crate::testing::{PASSWORD, START, World, in_session, service, through_component};

fn request(email: &str, password: &str) -> Registration {
    Registration {
        email: email.to_owned(),
        password: secret(password),
        owner: false,
    }
}

fn register(world: &World, email: &str, password: &str) -> Result<Registered, Error> {
    world.call(|service| service.registration(&request(email, password)))
}

#[test]
fn an_account_begins_pending_and_its_owner_may_sign_in() {
    let world = World::default();
    let registered = register(&world, " Ada@Example.com", PASSWORD).unwrap();
    let account = world.account(&registered.id).unwrap();
    assert_eq!(
        (account.email.as_str(), account.address.as_str()),
        ("Ada@Example.com", "ada@example.com")
    );
    assert_eq!(
        (account.registered_at, account.roles),
        (START, Role::everybodys())
    );
    assert!(account.verified_at.is_none() && account.disabled_at.is_none());
    assert!(world.signs_in("ada@example.com", PASSWORD));
    // It mails nothing and makes no profile: the caller does.
    assert!(world.state.borrow().mails.is_empty());
    assert!(world.state.borrow().profiles.is_empty());
}

#[test]
fn an_id_is_a_uuid_of_version_7_and_its_moment() {
    let world = World::default();
    let registered = register(&world, "ada@example.com", PASSWORD).unwrap();
    let id = uuid::Uuid::parse_str(&registered.id).unwrap();
    assert_eq!(id.get_version_num(), 7);
    let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
    assert_eq!(seconds * 1_000 + u64::from(nanoseconds) / 1_000_000, START);
    assert_eq!(registered.id, id.to_string());
}

#[test]
fn an_address_has_one_account_however_it_is_spelt() {
    let world = World::default();
    let first = register(&world, "ada@bücher.example", PASSWORD).unwrap();
    let before = world.state.borrow().clone();
    for spelling in [
        "ada@bücher.example",
        "ADA@XN--BCHER-KVA.example",
        " ada@BÜCHER.example ",
    ] {
        assert_eq!(
            register(&world, spelling, PASSWORD),
            Err(Error::DuplicateEmail)
        );
        assert!(world.was_denied("registration", Some(&first.id), "duplicate-email"));
        // Nothing is hashed for it.
        assert!(!world.effort().contains_key("hash"));
    }
    assert_eq!(*world.state.borrow(), before);
    // Dots and plus are the receiver's affair.
    assert!(register(&world, "a.da@bücher.example", PASSWORD).is_ok());
    assert!(register(&world, "ada+x@bücher.example", PASSWORD).is_ok());
}

// A10
#[test]
fn the_owner_gets_all_roles_from_a_service_and_from_nobody_else() {
    let world = World::default();
    let owner = |email| Registration {
        owner: true,
        ..request(email, PASSWORD)
    };
    let registered = world
        .call(|service| service.registration(&owner("ada@example.com")))
        .unwrap();
    let account = world.account(&registered.id).unwrap();
    assert_eq!(account.roles, Role::all());
    let mut nested_service = service();
    nested_service.is_nested = true;
    for message in [
        through_component(),
        nested_service,
        in_session(&registered.id, "s1"),
    ] {
        let answer = world.call_as(message, |service| {
            service.registration(&owner("eve@example.com"))
        });
        assert_eq!(answer, Err(Error::AccessDenied));
        assert!(world.was_denied("registration", None, "not-a-service"));
    }
    assert!(register(&world, "eve@example.com", PASSWORD).is_ok());
}

// A01, A02, A05, A06
#[test]
fn what_breaks_a_rule_is_refused_before_anything_is_hashed() {
    let world = World::default();
    let cases = [
        ("", PASSWORD, &["email"] as &[_]),
        ("no address", PASSWORD, &["email"]),
        (
            &format!("{}@x.example", "a".repeat(300)),
            PASSWORD,
            &["email"],
        ),
        ("ada\r\n@x.example", PASSWORD, &["email"]),
        ("ada@example.com", "", &["password"]),
        ("ada@example.com", "seven c", &["password"]),
        ("ada@example.com", "password", &["password"]),
        ("ada.lovelace@example.com", "Ada.Lovelace", &["password"]),
        ("ada@example.com", "ADA@example.com", &["password"]),
        ("ada@example.com", &"x".repeat(1025), &["password"]),
        ("ada@example.com", &"x".repeat(5000), &["password"]),
        ("\u{202e}", "", &["email", "password"]),
    ];
    for (email, password, expected) in cases {
        assert_eq!(
            paths(register(&world, email, password)),
            expected,
            "{email:?}"
        );
        assert!(!world.effort().contains_key("hash"));
    }
    assert!(world.state.borrow().entries.is_empty());
}

// A02
#[test]
fn long_passwords_count_to_their_last_character() {
    let world = World::default();
    for (number, length) in [64, 128, 1024].into_iter().enumerate() {
        let email = format!("ada{number}@example.com");
        let password: String = "pä55 wörd🦀".chars().cycle().take(length).collect();
        register(&world, &email, &password).unwrap();
        assert!(world.signs_in(&email, &password));
        let mut other: Vec<char> = password.chars().collect();
        other[length - 1] = 'X';
        assert!(!world.signs_in(&email, &other.iter().collect::<String>()));
    }
}

// A04
#[test]
fn passwords_are_hashed_exactly_but_for_nfc() {
    let world = World::default();
    register(&world, "ada@example.com", " Zoe\u{308} Password ").unwrap();
    assert!(world.signs_in("ada@example.com", " Zo\u{eb} Password "));
    for other in [
        "Zo\u{eb} Password",
        " Zo\u{eb} Password",
        " zo\u{eb} password ",
        " Zoe Password ",
    ] {
        assert!(!world.signs_in("ada@example.com", other), "{other:?}");
    }
}

// A05
#[test]
fn none_of_the_most_common_passwords_is_taken() {
    let world = World::default();
    let common = include_str!("../../../common-passwords/list/passwords.txt");
    for (number, password) in common.lines().take(3000).enumerate() {
        let email = format!("u{number}@example.com");
        assert_eq!(
            paths(register(&world, &email, password)),
            ["password"],
            "{password}"
        );
    }
}

// B01
#[test]
fn a_signup_token_has_160_bits() {
    let world = World::default();
    let mut tokens: Vec<String> = (0..20)
        .map(|number| {
            let registered = world.register(&format!("u{number}@example.com"));
            registered.signup_token.reveal().to_owned()
        })
        .collect();
    assert!(tokens.iter().all(|token| token.len() == 27));
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 20);
}
