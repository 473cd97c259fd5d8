//! A world in memory: every port, a clock that the test moves, and chance that is none.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use crate::error::Error;
use crate::ports::{Caller, Effects, Environment, Message, Outcome, Ports, Principal, Storage};
use crate::service::Service;

/// Where every test's clock starts.
pub(crate) const START: u64 = 1_800_000_000_000;

pub(crate) struct World {
    pub(crate) now: Cell<u64>,
    pub(crate) message: RefCell<Message>,
    /// Value and subject.
    pub(crate) entries: RefCell<BTreeMap<String, (Vec<u8>, String)>>,
    pub(crate) reads: Cell<usize>,
    pub(crate) writes: Cell<usize>,
    pub(crate) audit: RefCell<Vec<(String, Outcome, Option<String>)>>,
    /// Name, payload, whom it is about.
    pub(crate) events: RefCell<Vec<(String, String, String)>>,
    pub(crate) log: RefCell<Vec<String>>,
    random: Cell<u8>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            now: Cell::new(START),
            message: RefCell::new(service()),
            entries: RefCell::default(),
            reads: Cell::default(),
            writes: Cell::default(),
            audit: RefCell::default(),
            events: RefCell::default(),
            log: RefCell::default(),
            random: Cell::default(),
        }
    }
}

impl World {
    pub(crate) fn service(&self) -> Service<'_, Self> {
        Service::new(self)
    }

    /// The next message comes from outside, by the users' door, with `principal`.
    pub(crate) fn become_user(&self, principal: Option<Principal>) {
        *self.message.borrow_mut() = Message {
            is_service: false,
            is_nested: false,
            principal,
        };
    }

    /// The next message comes from a service that acts for nobody.
    pub(crate) fn become_service(&self) {
        *self.message.borrow_mut() = service();
    }

    /// How often an audit record of this kind was written.
    pub(crate) fn audited(&self, action: &str, outcome: Outcome, subject: Option<&str>) -> usize {
        let record = (action.to_owned(), outcome, subject.map(str::to_owned));
        let audit = self.audit.borrow();
        audit.iter().filter(|found| **found == record).count()
    }

    /// Puts `value` where a record of the account is.
    pub(crate) fn damage(&self, value: &[u8]) {
        let mut entries = self.entries.borrow_mut();
        let records = entries
            .iter_mut()
            .filter(|(key, _)| key.starts_with("profile/"));
        records.for_each(|(_, entry)| entry.0 = value.to_vec());
    }
}

/// Somebody without roles whose credential is not limited.
pub(crate) fn principal(subject: &str) -> Principal {
    Principal {
        subject: subject.to_owned(),
        roles: vec!["user".to_owned()],
        scopes: None,
    }
}

/// Somebody with a credential that is limited.
pub(crate) fn limited(subject: &str, scopes: &[&str]) -> Principal {
    Principal {
        scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        ..principal(subject)
    }
}

/// Somebody who administers people.
pub(crate) fn admin(subject: &str) -> Principal {
    Principal {
        roles: vec!["user".to_owned(), "admin".to_owned()],
        ..principal(subject)
    }
}

/// The fields that a refusal names.
pub(crate) fn violated<T: std::fmt::Debug>(refused: Result<T, Error>) -> Vec<&'static str> {
    match refused {
        Err(Error::ValidationFailed(violations)) => {
            violations.iter().map(|violation| violation.path).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn service() -> Message {
    Message {
        is_service: true,
        is_nested: false,
        principal: None,
    }
}

impl Ports for World {}

impl Storage for World {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        assert!((1..=512).contains(&key.len()));
        self.reads.set(self.reads.get() + 1);
        let entries = self.entries.borrow();
        entries.get(key).map(|(value, _)| value.clone())
    }

    fn put(&self, key: &str, value: &[u8], subject: &str) {
        assert!((1..=512).contains(&key.len()) && (1..=128).contains(&subject.len()));
        self.writes.set(self.writes.get() + 1);
        let entry = (value.to_vec(), subject.to_owned());
        self.entries.borrow_mut().insert(key.to_owned(), entry);
    }

    fn delete(&self, key: &str) {
        self.writes.set(self.writes.get() + 1);
        self.entries.borrow_mut().remove(key);
    }
}

impl Effects for World {
    fn publish(&self, name: &str, payload: &str, about: &str) {
        assert!(name.len() <= 64 && (1..=128).contains(&about.len()));
        let event = (name.to_owned(), payload.to_owned(), about.to_owned());
        self.events.borrow_mut().push(event);
    }

    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    ) {
        // The host ends such a message as a fault of the component.
        assert!(action.len() <= 64 && detail.len() <= 16);
        assert!(subject.is_none_or(|subject| subject.len() <= 128));
        assert!(
            detail
                .iter()
                .all(|(name, value)| name.len() <= 64 && value.len() <= 256)
        );
        self.audit
            .borrow_mut()
            .push((action.to_owned(), outcome, subject.map(str::to_owned)));
    }

    fn complain(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}

impl Caller for World {
    fn message(&self) -> Message {
        self.message.borrow().clone()
    }
}

impl Environment for World {
    fn now(&self) -> u64 {
        self.now.get()
    }

    fn random(&self) -> [u8; 10] {
        self.random.set(self.random.get() + 1);
        [self.random.get(); 10]
    }
}
