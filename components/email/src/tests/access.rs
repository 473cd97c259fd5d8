use super::ALL_MAILS;
use crate::error::Error;
use crate::ports::Outcome;
use crate::testing::{COMPONENT, SERVICE, STRANGER, World};

#[test]
fn services_and_who_was_granted_it_send_mails() {
    for caller in [SERVICE, COMPONENT] {
        for ask in ALL_MAILS {
            let world = World::default();
            world.message.set(caller);
            assert_eq!(ask(&world), Ok(()));
            assert_eq!(world.queue.borrow().len(), 1);
            assert!(world.last_audited("mail-send", Outcome::Success, "enqueued"));
        }
    }
}

#[test]
fn nobody_else_sends_mails() {
    for ask in ALL_MAILS {
        let world = World::default();
        world.message.set(STRANGER);
        assert_eq!(ask(&world), Err(Error::AccessDenied));
        assert!(world.queue.borrow().is_empty() && world.takes.borrow().is_empty());
        assert!(world.last_audited("mail-send", Outcome::Denied, ""));
    }
}

#[test]
fn services_and_who_was_granted_it_withdraw_mails() {
    for caller in [SERVICE, COMPONENT] {
        let world = World::default();
        world.message.set(caller);
        assert_eq!(world.service().withdraw_mails("ada@example.org"), Ok(()));
        assert!(world.last_audited("mail-withdraw", Outcome::Success, ""));
    }
}

#[test]
fn nobody_else_withdraws_mails() {
    let world = World::default();
    ALL_MAILS[0](&world).unwrap();
    world.message.set(STRANGER);
    let refused = world.service().withdraw_mails("ada@example.org");
    assert_eq!(refused, Err(Error::AccessDenied));
    assert_eq!(world.queue.borrow().len(), 1);
    assert!(world.last_audited("mail-withdraw", Outcome::Denied, ""));
}
