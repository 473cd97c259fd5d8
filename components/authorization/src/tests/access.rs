//! Who may call what: strangers nothing, components what they were granted and is not only for services.

use super::{pair, secret, token};
use crate::error::Error;
use crate::ports::Message;
use crate::service::{Registration, Revocation, RevocationReason, Service, SignUp};
use crate::testing::{PASSWORD, World, in_session, service, stranger, through_component};

type Command = fn(&World, &Service<'_, World>) -> Result<(), Error>;

/// Commands that are granted, or are for services.
const GRANTED: [(&str, Command); 9] = [
    ("sign-up", |_, service| {
        service.sign_up(&SignUp {
            email: "eve@example.com".to_owned(),
            password: secret(PASSWORD),
            first_name: None,
            last_name: None,
        })
    }),
    ("get-user", |_, service| {
        service
            .get_user("ada@example.com", &secret(PASSWORD))
            .map(drop)
    }),
    ("get-access-token", |_, service| {
        service.get_access_token(&token("access-one")).map(drop)
    }),
    ("get-refresh-token", |_, service| {
        service.get_refresh_token(&token("refresh-one")).map(drop)
    }),
    ("revoke-token", |_, service| {
        let request = Revocation {
            access_token: None,
            refresh_token: token("refresh-one"),
            owner: "u1".to_owned(),
            reason: RevocationReason::Logout,
        };
        service.revoke_token(&request).map(drop)
    }),
    ("verify-scope", |_, service| {
        service
            .verify_scope(&token("access-one"), "u1", &[])
            .map(drop)
    }),
    ("start-verification", |_, service| {
        service.start_verification("ada@example.com")
    }),
    ("start-password-reset", |_, service| {
        service.start_password_reset("ada@example.com")
    }),
    ("verify-email", |_, service| {
        service.verify_email(&secret("nonsense"))
    }),
];

/// Commands that answer a one-time token or take a caller's word.
const FOR_SERVICES: [(&str, Command); 5] = [
    ("registration", |_, service| {
        let request = Registration {
            email: "eve@example.com".to_owned(),
            password: secret(PASSWORD),
            owner: false,
        };
        service.registration(&request).map(drop)
    }),
    ("cancel-registration", |_, service| {
        service.cancel_registration("nobody")
    }),
    ("save-token", |world, service| {
        service.save_token(pair(world, "u1", "one"))
    }),
    ("get-signup-token", |_, service| {
        service.get_signup_token("ada@example.com").map(drop)
    }),
    ("get-forgot-password-token", |_, service| {
        service
            .get_forgot_password_token("ada@example.com")
            .map(drop)
    }),
];

fn ask(world: &World, message: Message, command: Command) -> Result<(), Error> {
    world.call_as(message, |service| command(world, service))
}

#[test]
fn strangers_may_ask_nothing_here() {
    for (name, command) in GRANTED.into_iter().chain(FOR_SERVICES) {
        let world = World::default();
        world.active("ada@example.com");
        let user = Message {
            is_nested: false,
            ..in_session("u1", "s1")
        };
        for message in [stranger(), user] {
            let before = world.state.borrow().clone();
            assert_eq!(
                ask(&world, message, command),
                Err(Error::AccessDenied),
                "{name}"
            );
            assert_eq!(*world.state.borrow(), before);
            // Refused before anything is looked up or hashed.
            assert!(world.work.borrow().is_empty(), "{name}");
        }
    }
}

#[test]
fn a_component_asks_what_it_was_granted() {
    for (name, command) in GRANTED {
        for message in [through_component(), service()] {
            let world = World::default();
            world.active("ada@example.com");
            assert_ne!(
                ask(&world, message, command),
                Err(Error::AccessDenied),
                "{name}"
            );
        }
    }
}

/// Whatever was granted by mistake, and on whichever plane the message came in.
#[test]
fn no_component_gets_a_one_time_token_or_gives_its_word() {
    for (name, command) in FOR_SERVICES {
        let nested_service = Message {
            is_nested: true,
            ..service()
        };
        for message in [through_component(), nested_service] {
            let world = World::default();
            world.register("ada@example.com");
            world.pass(crate::settings::HOUR);
            let before = world.state.borrow().clone();
            assert_eq!(
                ask(&world, message, command),
                Err(Error::AccessDenied),
                "{name}"
            );
            assert_eq!(*world.state.borrow(), before);
        }
        let world = World::default();
        world.register("ada@example.com");
        assert_ne!(
            ask(&world, service(), command),
            Err(Error::AccessDenied),
            "{name}"
        );
    }
}
