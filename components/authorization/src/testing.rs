//! A world in memory: every port, a clock that the test moves, and cryptography that is none.
//!
//! [`World::call`] sends one message: what a command wrote is gone if it answers an error, but for what it kept. Hashes and
//! tags are made by a checksum, enough to tell one from another.

mod channels;
mod ports;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::account::Account;
use crate::channels::{Failed, Notice, PersonName, Unsent};
use crate::error::Error;
use crate::ports::{Message, Outcome, Principal};
use crate::secret::Secret;
use crate::service::{Registered, Registration, Service};

pub(crate) use ports::foreign_hash;

/// Where every test's clock starts.
pub(crate) const START: u64 = 1_800_000_000_000;

/// A password that nothing speaks against.
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct World {
    pub(crate) now: Cell<u64>,
    pub(crate) message: RefCell<Message>,
    pub(crate) state: RefCell<State>,
    kept: RefCell<Option<State>>,
    pub(crate) audit: RefCell<Vec<Audited>>,
    pub(crate) log: RefCell<Vec<String>>,
    /// What was taken, by bucket and key.
    buckets: RefCell<BTreeMap<(String, String), Bucket>>,
    /// Each call of a port that takes time, by its name, in order.
    pub(crate) work: RefCell<Vec<&'static str>>,
    /// What the message's commit writes, here and in other channels, by name.
    rows: RefCell<BTreeSet<String>>,
    /// What the message read by its key.
    reads: RefCell<BTreeSet<String>>,
    /// What the email channel answers, if it takes no mail.
    pub(crate) unsent: Cell<Option<Unsent>>,
    /// What the other channels answer, if they fail.
    pub(crate) failed: Cell<Option<Failed>>,
    /// Which hash parameters are today's.
    pub(crate) parameters: Cell<u32>,
    config: RefCell<BTreeMap<String, String>>,
    mac_key: Cell<u64>,
    random: Cell<u64>,
}

/// Action, outcome, subject, reason.
pub(crate) type Audited = (String, Outcome, Option<String>, Option<String>);

/// What belongs to the message's transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) entries: BTreeMap<String, Entry>,
    pub(crate) mails: Vec<Mail>,
    /// Name, payload, whom it is about.
    pub(crate) events: Vec<(String, String, String)>,
    pub(crate) profiles: BTreeMap<String, (String, PersonName)>,
    /// Whose sessions were ended, and but for which.
    pub(crate) ended: Vec<(String, Option<String>)>,
    /// From which addresses mails were taken back.
    pub(crate) withdrawn: Vec<String>,
}

/// A bucket for one key.
#[derive(Debug, Default)]
struct Bucket {
    taken: u64,
    /// Since when it fills.
    since: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: Vec<u8>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) subject: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) kind: Kind,
    pub(crate) about: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Verification(Secret),
    Reset(Secret),
    Notice(Notice),
}

impl Default for World {
    fn default() -> Self {
        Self {
            now: Cell::new(START),
            message: RefCell::new(service()),
            state: RefCell::default(),
            kept: RefCell::default(),
            audit: RefCell::default(),
            log: RefCell::default(),
            buckets: RefCell::default(),
            work: RefCell::default(),
            rows: RefCell::default(),
            reads: RefCell::default(),
            unsent: Cell::default(),
            failed: Cell::default(),
            parameters: Cell::new(1),
            config: RefCell::default(),
            mac_key: Cell::new(1),
            random: Cell::new(1),
        }
    }
}

impl World {
    /// One message from a service, in which nobody is known.
    pub(crate) fn call<T>(
        &self,
        command: impl FnOnce(&Service<'_, Self>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.call_as(service(), command)
    }

    /// One message from the operator.
    pub(crate) fn operate<T>(
        &self,
        command: impl FnOnce(&Service<'_, Self>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.call_as(operator(), command)
    }

    /// One message.
    pub(crate) fn call_as<T>(
        &self,
        message: Message,
        command: impl FnOnce(&Service<'_, Self>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.message.replace(message.clone());
        self.work.borrow_mut().clear();
        self.rows.borrow_mut().clear();
        self.reads.borrow_mut().clear();
        let before = self.state.borrow().clone();
        self.kept.replace(None);
        let answer = command(&Service::new(self));
        if answer.is_err() {
            let kept = self.kept.take();
            self.state.replace(kept.unwrap_or(before));
            self.message.replace(message);
        }
        answer
    }

    /// A pending account.
    pub(crate) fn register(&self, email: &str) -> Registered {
        let request = Registration {
            email: email.to_owned(),
            password: Secret::new(PASSWORD),
            owner: false,
        };
        self.call(|service| service.registration(&request)).unwrap()
    }

    /// The id of an active account.
    pub(crate) fn active(&self, email: &str) -> String {
        let registered = self.register(email);
        self.call(|service| service.verify_email(&registered.signup_token))
            .unwrap();
        registered.id
    }

    /// The account of this id.
    pub(crate) fn account(&self, id: &str) -> Option<Account> {
        self.call(|service| service.get_account(id)).unwrap()
    }

    /// Whether the password is the account's, and it is let in.
    pub(crate) fn signs_in(&self, email: &str, password: &str) -> bool {
        self.call(|service| service.get_user(email, &Secret::new(password)))
            .unwrap()
            .is_some()
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        self.config
            .borrow_mut()
            .insert(name.to_owned(), value.to_owned());
    }

    /// How much is taken from a bucket for a key.
    pub(crate) fn taken(&self, bucket: &str, key: &str) -> u64 {
        let name = (bucket.to_owned(), key.to_owned());
        self.buckets
            .borrow()
            .get(&name)
            .map_or(0, |bucket| bucket.taken)
    }

    /// The keys for which something is taken from a bucket.
    pub(crate) fn taken_for(&self, bucket: &str) -> Vec<String> {
        let buckets = self.buckets.borrow();
        let names = buckets.keys().filter(|(name, _)| name == bucket);
        names.map(|(_, key)| key.clone()).collect()
    }

    /// Moves the clock on, by milliseconds.
    pub(crate) fn pass(&self, milliseconds: u64) {
        self.now.set(self.now.get() + milliseconds);
    }

    pub(crate) fn rotate_mac_key(&self) {
        self.mac_key.set(self.mac_key.get() + 1);
    }

    /// The newest mail.
    pub(crate) fn last_mail(&self) -> Mail {
        self.state.borrow().mails.last().unwrap().clone()
    }

    /// The token in the newest mail.
    pub(crate) fn mailed_token(&self) -> Secret {
        match self.last_mail().kind {
            Kind::Verification(token) | Kind::Reset(token) => token,
            Kind::Notice(notice) => panic!("a {notice:?} has no token"),
        }
    }

    /// The last audit record.
    pub(crate) fn last_audit(&self) -> Audited {
        self.audit.borrow().last().unwrap().clone()
    }

    /// Whether the last audit record is this refusal.
    pub(crate) fn was_denied(&self, action: &str, subject: Option<&str>, reason: &str) -> bool {
        let (found, outcome, whom, why) = self.last_audit();
        (found.as_str(), outcome) == (action, Outcome::Denied)
            && whom.as_deref() == subject
            && why.as_deref() == Some(reason)
    }

    /// What is stored under keys that start so.
    pub(crate) fn stored(&self, prefix: &str) -> Vec<String> {
        let state = self.state.borrow();
        let keys = state.entries.keys().filter(|key| key.starts_with(prefix));
        keys.cloned().collect()
    }

    /// How often each kind of work was done in the last message, and how many rows its commit writes.
    pub(crate) fn effort(&self) -> BTreeMap<&'static str, usize> {
        let mut effort = BTreeMap::from([("row", self.rows.borrow().len())]);
        for work in self.work.borrow().iter() {
            *effort.entry(*work).or_default() += 1;
        }
        effort
    }

    /// What the last message read and wrote: of two that do so at once, one has to begin anew.
    pub(crate) fn contended(&self) -> BTreeSet<String> {
        &*self.reads.borrow() & &*self.rows.borrow()
    }

    /// Notes that the commit writes so many rows of this name.
    fn writes(&self, name: &str, count: usize) {
        let mut rows = self.rows.borrow_mut();
        let before = rows.len();
        rows.extend((before..before + count).map(|n| format!("{name} {n}")));
    }

    fn does(&self, work: &'static str) {
        self.work.borrow_mut().push(work);
    }
}

/// A message of a service that calls from outside.
pub(crate) fn service() -> Message {
    Message {
        is_service: true,
        is_nested: false,
        is_operator: false,
        remote_address: None,
        principal: None,
    }
}

/// A message of the operator.
pub(crate) fn operator() -> Message {
    Message {
        is_operator: true,
        ..service()
    }
}

/// A message of anybody at this address, through another component.
pub(crate) fn from(remote_address: &str) -> Message {
    Message {
        remote_address: Some(remote_address.to_owned()),
        ..through_component()
    }
}

/// A message of anybody, through another component.
pub(crate) fn through_component() -> Message {
    Message {
        is_service: false,
        is_nested: true,
        ..service()
    }
}

/// A message of a stranger, straight to this channel.
pub(crate) fn stranger() -> Message {
    Message {
        is_service: false,
        ..service()
    }
}

/// A message of somebody with a session, through another component.
pub(crate) fn in_session(id: &str, session: &str) -> Message {
    Message {
        principal: Some(principal(id, Some(session), &["jwt", "pwd"])),
        ..through_component()
    }
}

pub(crate) fn principal(id: &str, session: Option<&str>, methods: &[&str]) -> Principal {
    Principal {
        subject: id.to_owned(),
        roles: vec!["user".to_owned()],
        session: session.map(str::to_owned),
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        authenticated_at: START,
    }
}
