//! Whatever comes in, nothing panics, nothing gives way, and no error repeats it.

use proptest::prelude::*;

use super::{pair, secret};
use crate::error::Error;
use crate::service::{ImportedUser, Registration, Revocation, RevocationReason, SaveToken, SignUp};
use crate::testing::{PASSWORD, World, through_component};

const ADA: &str = "ada@example.com";

/// Texts of all kinds, also long ones and such as are nearly good.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        "[a-zA-Z0-9_-]{20,60}",
        "[a-z]{1,8}@[a-z]{1,8}\\.[a-z]{2,3}",
        "[\u{0}-\u{1f}\u{200b}-\u{202e}]{0,20}",
        (any::<char>(), 0..3_000_usize)
            .prop_map(|(character, count)| character.to_string().repeat(count)),
    ]
}

/// No error says anything of what came in.
fn assert_silent<T: std::fmt::Debug>(answer: Result<T, Error>, texts: &[&str]) {
    if let Err(error) = answer {
        let said = format!("{error} {error:?}");
        for text in texts.iter().filter(|text| text.len() > 24) {
            assert!(!said.contains(text), "{said}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn requests_of_strangers(email in text(), password in text(), first in text(), last in text(), token in text()) {
        let world = World::default();
        let id = world.active(ADA);
        let sign_up = SignUp {
            email: email.clone(),
            password: secret(&password),
            first_name: Some(first.clone()),
            last_name: Some(last.clone()),
        };
        let texts = [&*email, &*password, &*first, &*last, &*token];
        let by = through_component;
        assert_silent(world.call_as(by(), |service| service.sign_up(&sign_up)), &texts);
        assert_silent(world.call_as(by(), |service| service.get_user(&email, &secret(&password))), &texts);
        assert_silent(world.call_as(by(), |service| service.verify_email(&secret(&token))), &texts);
        assert_silent(world.call_as(by(), |service| service.start_verification(&email)), &texts);
        assert_silent(world.call_as(by(), |service| service.start_password_reset(&email)), &texts);
        assert_silent(world.call_as(by(), |service| service.reset_password(&secret(&token), &secret(&password))), &texts);
        // Nobody came in by it, and nobody was harmed.
        prop_assert!(world.message.borrow().principal.is_none());
        prop_assert!(world.account(&id).is_some() && world.signs_in(ADA, PASSWORD));
    }

    #[test]
    fn requests_of_services(email in text(), password in text(), token in text(), owner in text(), moment in any::<u64>(), scopes in proptest::collection::vec(text(), 0..5)) {
        let world = World::default();
        let id = world.active(ADA);
        let registration = Registration {
            email: email.clone(),
            password: secret(&password),
            owner: false,
        };
        let texts = [&*email, &*password, &*token, &*owner];
        assert_silent(world.call(|service| service.registration(&registration)), &texts);
        assert_silent(world.call(|service| service.cancel_registration(&owner)), &texts);
        assert_silent(world.call(|service| service.get_signup_token(&email)), &texts);
        let request = SaveToken {
            access_token: secret(&token),
            access_expires_at: moment,
            previous: Some(secret(&password)),
            scopes: Some(scopes.clone()),
            ..pair(&world, &owner, "one")
        };
        assert_silent(world.call(|service| service.save_token(request)), &texts);
        let request = SaveToken { access_token: secret(&token), scopes: Some(scopes.clone()), ..pair(&world, &id, "two") };
        assert_silent(world.call(|service| service.save_token(request)), &texts);
        let revocation = Revocation {
            access_token: Some(secret(&token)),
            refresh_token: secret(&password),
            owner: owner.clone(),
            reason: RevocationReason::Logout,
        };
        prop_assert_eq!(world.call(|service| service.revoke_token(&revocation)), Ok(false));
        prop_assert!(world.call(|service| service.get_refresh_token(&secret(&token))).is_ok());
        prop_assert!(world.call(|service| service.verify_scope(&secret(&token), &owner, &scopes)).is_ok());
        assert_silent(world.call(|service| service.change_password(&owner, &secret(&password), &secret(&token))), &texts);
        assert_silent(world.call(|service| service.delete_account(&owner, Some(&secret(&password)))), &texts);
        prop_assert!(world.account(&id).is_some() && world.signs_in(ADA, PASSWORD));
    }

    #[test]
    fn entries_of_an_import(id in text(), email in text(), hash in text(), name in text(), moment in any::<u64>()) {
        let world = World::default();
        let ada = world.active(ADA);
        let user = ImportedUser {
            id: Some(id.clone()),
            email: email.clone(),
            password_hash: Some(secret(&format!("$fake${hash}"))),
            registered_at: Some(moment % (2 * world.now.get())),
            first_name: Some(name.clone()),
            ..ImportedUser::default()
        };
        let good = ImportedUser { email: "new@example.com".to_owned(), ..ImportedUser::default() };
        let answer = world.operate(|service| service.import_users(vec![user, good]));
        prop_assert_eq!(answer.unwrap().len(), 2);
        prop_assert!(world.account(&ada).is_some() && world.signs_in(ADA, PASSWORD));
        prop_assert!(world.call(|service| service.get_account(&id)).is_ok());
    }
}
