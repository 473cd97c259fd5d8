//! A world in memory: every port.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::ports::{Caller, Config, Ports, Storage};
use crate::service::Service;

#[derive(Default)]
pub(crate) struct World {
    /// Values, and whose they are.
    pub(crate) entries: RefCell<BTreeMap<String, (Vec<u8>, String)>>,
    pub(crate) config: RefCell<BTreeMap<String, String>>,
    pub(crate) subject: RefCell<Option<String>>,
}

impl World {
    /// One in which messages act for `subject`.
    pub(crate) fn of(subject: &str) -> Self {
        let world = Self::default();
        world.subject.replace(Some(subject.to_owned()));
        world
    }

    pub(crate) fn service(&self) -> Service<'_, Self> {
        Service::new(self)
    }
}

impl Ports for World {}

impl Storage for World {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let entries = self.entries.borrow();
        entries.get(key).map(|(value, _)| value.clone())
    }

    fn put(&self, key: &str, value: &[u8], subject: &str) {
        // The host ends such a message as a fault of the component.
        assert!((1..=512).contains(&key.len()) && value.len() <= 256 * 1024);
        let entry = (value.to_vec(), subject.to_owned());
        self.entries.borrow_mut().insert(key.to_owned(), entry);
    }
}

impl Config for World {
    fn get(&self, name: &str) -> Option<String> {
        self.config.borrow().get(name).cloned()
    }
}

impl Caller for World {
    fn subject(&self) -> Option<String> {
        self.subject.borrow().clone()
    }
}
