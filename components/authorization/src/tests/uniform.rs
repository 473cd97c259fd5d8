//! What a stranger asks costs the same whether the address has an account or not.

use std::collections::BTreeMap;

use super::secret;
use crate::channels::{Failed, Unsent};
use crate::service::{ImportedUser, SignUp};
use crate::settings::{HOUR, MINUTE};
use crate::testing::{PASSWORD, World, through_component};

type Effort = BTreeMap<&'static str, usize>;

/// The same of each kind of work. What is put and deleted here stands for what other channels write in the other case: as
/// rows of the commit they are as many.
fn assert_alike(one: &Effort, other: &Effort) {
    for work in one.keys().chain(other.keys()) {
        if !["put", "delete"].contains(work) {
            assert_eq!(one.get(work), other.get(work), "{work}\n{one:?}\n{other:?}");
        }
    }
}

fn start(world: &World, email: &str, reset: bool) -> Effort {
    let answer = world.call_as(through_component(), |service| {
        if reset {
            service.start_password_reset(email)
        } else {
            service.start_verification(email)
        }
    });
    assert_eq!(answer, Ok(()));
    world.effort()
}

// A08
#[test]
fn a_sign_up_costs_the_same_for_an_address_that_has_an_account() {
    let world = World::default();
    world.active("ada@example.com");
    let sign_up = |email: &str| {
        let request = SignUp {
            email: email.to_owned(),
            password: secret(PASSWORD),
            first_name: None,
            last_name: Some("King".to_owned()),
        };
        world
            .call_as(through_component(), |service| service.sign_up(&request))
            .unwrap();
        world.effort()
    };
    let fresh = sign_up("new@example.com");
    let noticed = sign_up("ada@example.com");
    let again = sign_up("ada@example.com");
    assert_eq!((fresh["hash"], fresh["row"]), (1, 15));
    assert_alike(&fresh, &noticed);
    assert_alike(&fresh, &again);
    // Nor if there were too many mails, or none can be made.
    let failed = Unsent::Failed(Failed("unknown"));
    for (email, unsent) in [
        ("second@example.com", Unsent::TooMany),
        ("third@example.com", failed),
    ] {
        world.unsent.set(Some(unsent));
        world.pass(HOUR);
        assert_alike(&sign_up(email), &sign_up("ada@example.com"));
    }
}

// C01
#[test]
fn a_sign_in_that_fails_costs_the_same_for_every_reason() {
    let world = World::default();
    world.active("ada@example.com");
    let disabled = world.active("off@example.com");
    world
        .operate(|service| service.set_disabled(&disabled, true))
        .unwrap();
    let nopassword = vec![ImportedUser {
        email: "nopassword@example.com".to_owned(),
        ..ImportedUser::default()
    }];
    world
        .operate(|service| service.import_users(nopassword))
        .unwrap();
    let fail = |email: &str, password: &str| {
        let answer = world.call_as(through_component(), |service| {
            service.get_user(email, &secret(password))
        });
        assert_eq!(answer, Ok(None));
        world.effort()
    };
    let wrong = fail("ada@example.com", "wrong password");
    assert_eq!(wrong["verify"], 1);
    for (email, password) in [
        ("nobody@example.com", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
        ("off@example.com", PASSWORD),
        ("off@example.com", "wrong password"),
        ("nopassword@example.com", PASSWORD),
        ("ada@example.com", ""),
    ] {
        assert_alike(&wrong, &fail(email, password));
    }
}

// B05, I01
#[test]
fn asking_for_a_mail_costs_the_same_for_everybody() {
    for reset in [false, true] {
        let world = World::default();
        world.register("pending@example.com");
        world.active("active@example.com");
        let disabled = world.register("off@example.com").id;
        world
            .operate(|service| service.set_disabled(&disabled, true))
            .unwrap();
        world.pass(2 * MINUTE);
        let unknown = start(&world, "nobody@example.com", reset);
        for email in [
            "pending@example.com",
            "active@example.com",
            "off@example.com",
        ] {
            assert_alike(&unknown, &start(&world, email, reset));
            // And again within a minute, and after it, when an older token dies with a new one.
            assert_alike(&unknown, &start(&world, email, reset));
            for _ in 0..5 {
                world.pass(MINUTE);
                assert_alike(&unknown, &start(&world, email, reset));
            }
        }
    }
}

/// A configuration that makes no mails is no way to find out who has an account.
#[test]
fn asking_for_a_mail_that_cannot_be_made_costs_the_same_for_everybody() {
    for reset in [false, true] {
        let world = World::default();
        world.register("pending@example.com");
        world.pass(2 * MINUTE);
        world.unsent.set(Some(Unsent::Failed(Failed("unknown"))));
        let unknown = start(&world, "nobody@example.com", reset);
        assert_alike(&unknown, &start(&world, "pending@example.com", reset));
    }
}

// B05, I01
#[test]
fn requests_for_a_mail_to_one_address_conflict_alike_whoever_has_it() {
    for reset in [false, true] {
        let world = World::default();
        world.register("pending@example.com");
        world.active("active@example.com");
        let disabled = world.register("off@example.com").id;
        world
            .operate(|service| service.set_disabled(&disabled, true))
            .unwrap();
        world.pass(2 * MINUTE);
        let contended = |email: &str| {
            start(&world, email, reset);
            world.contended()
        };
        let emails =
            ["nobody", "pending", "active", "off"].map(|name| format!("{name}@example.com"));
        // Three mails and no more, and none within a minute.
        for (round, is_contended) in [true, true, true, false].into_iter().enumerate() {
            for email in &emails {
                let first = contended(email);
                assert_eq!(!first.is_empty(), is_contended, "{email} {round} {first:?}");
                assert_eq!(contended(email), [].into(), "{email} {round}");
            }
            world.pass(MINUTE);
        }
        // One address's are not another's.
        let (one, other) = (contended("a@example.com"), contended("b@example.com"));
        assert!(one.len() == 1 && other.len() == 1 && one.is_disjoint(&other));
        world.pass(MINUTE);
        assert_eq!(contended("a@example.com"), one);
    }
}

// A08
#[test]
fn sign_ups_with_one_address_conflict_alike_whoever_has_it() {
    let world = World::default();
    world.register("pending@example.com");
    world.active("active@example.com");
    world.active("noticed@example.com");
    world.pass(MINUTE);
    let sign_up = |email: &str| {
        let request = SignUp {
            email: email.to_owned(),
            password: secret(PASSWORD),
            first_name: None,
            last_name: None,
        };
        world
            .call_as(through_component(), |service| service.sign_up(&request))
            .unwrap();
        !world.contended().is_empty()
    };
    let verify = |email: &str| {
        start(&world, email, false);
        !world.contended().is_empty()
    };
    assert!(sign_up("noticed@example.com"));
    world.pass(MINUTE);
    for name in ["nobody", "pending", "active", "noticed"] {
        let email = format!("{name}@example.com");
        assert!(sign_up(&email), "{email}");
        // Whoever did not commit begins anew, and finds that somebody asked. So does who asks for a link then.
        assert!(!sign_up(&email) && !verify(&email), "{email}");
    }
    world.pass(MINUTE);
    for name in ["nobody", "pending", "active", "noticed"] {
        let email = format!("{name}@example.com");
        assert!(sign_up(&email) && !verify(&email), "{email}");
    }
    world.pass(MINUTE);
    for name in ["nobody", "pending", "active", "noticed"] {
        let email = format!("{name}@example.com");
        assert!(verify(&email) && sign_up(&email), "{email}");
    }
}

/// Nor does an installation that makes no mails tell one from another by it.
#[test]
fn requests_for_a_mail_that_cannot_be_made_conflict_alike() {
    for reset in [false, true] {
        let world = World::default();
        world.register("pending@example.com");
        world.pass(2 * MINUTE);
        world.unsent.set(Some(Unsent::Failed(Failed("unknown"))));
        for email in ["nobody@example.com", "pending@example.com"] {
            for count in [1, 0] {
                start(&world, email, reset);
                assert_eq!(world.contended().len(), count, "{email}");
            }
        }
    }
}

/// Decoys are written over each other, belong to nobody and expire; what is noted by address is for a minute.
#[test]
fn strangers_cannot_fill_the_store() {
    let world = World::default();
    for number in 0..50 {
        start(&world, &format!("u{number}@example.com"), number % 2 == 0);
    }
    let noted = world.stored("asked/").len();
    assert!(noted <= 50 && world.stored("").len() <= noted + 4);
    let state = world.state.borrow();
    let (now, all) = (world.now.get(), state.entries.values());
    assert!(all.into_iter().all(|entry| {
        entry.subject.is_none() && entry.expires_at.is_some_and(|at| at <= now + MINUTE)
    }));
}
