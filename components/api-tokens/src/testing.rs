//! A world in memory: every port, a clock that the test moves, the accounts that it names, and cryptography that is none.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::error::Error;
use crate::ports::{
    Account, Accounts, Caller, Config, Effects, Environment, Macs, Message, Outcome, Ports,
    Principal, Storage, Unanswered,
};
use crate::service::Service;

/// Where every test's clock starts: a full hour.
pub(crate) const START: u64 = 1_800_000_000_000;

/// What, how, whom it concerns, with which details.
type Audited = (String, Outcome, Option<String>, Vec<(String, String)>);

pub(crate) struct World {
    pub(crate) now: Cell<u64>,
    pub(crate) message: RefCell<Message>,
    pub(crate) established: RefCell<Vec<Principal>>,
    pub(crate) entries: RefCell<BTreeMap<String, Entry>>,
    pub(crate) accounts: RefCell<BTreeMap<String, Account>>,
    /// What authorization answers instead of an account.
    pub(crate) unanswered: Cell<Option<Unanswered>>,
    pub(crate) reads: Cell<usize>,
    pub(crate) writes: Cell<usize>,
    pub(crate) audit: RefCell<Vec<Audited>>,
    pub(crate) log: RefCell<Vec<String>>,
    /// Bucket and key of each take.
    pub(crate) takes: RefCell<Vec<(String, String)>>,
    /// What every bucket answers.
    pub(crate) retry_after: Cell<Option<u64>>,
    config: RefCell<BTreeMap<String, String>>,
    mac_key: Cell<u64>,
    random: Cell<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) value: Vec<u8>,
    pub(crate) expires_at: u64,
    pub(crate) subject: String,
}

impl Default for World {
    /// Two users, `a1` and `a2`; the message is `a1`'s.
    fn default() -> Self {
        let world = Self {
            now: Cell::new(START),
            message: RefCell::new(Message {
                is_service: false,
                principal: Some(principal("a1")),
            }),
            established: RefCell::default(),
            entries: RefCell::default(),
            accounts: RefCell::default(),
            unanswered: Cell::default(),
            reads: Cell::default(),
            writes: Cell::default(),
            audit: RefCell::default(),
            log: RefCell::default(),
            takes: RefCell::default(),
            retry_after: Cell::default(),
            config: RefCell::default(),
            mac_key: Cell::new(1),
            random: Cell::new(1),
        };
        world.set_account("a1", &["user"], false);
        world.set_account("a2", &["user"], false);
        world
    }
}

impl World {
    pub(crate) fn service(&self) -> Service<'_, Self> {
        Service::new(self)
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        self.config
            .borrow_mut()
            .insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn set_account(&self, id: &str, roles: &[&str], is_disabled: bool) {
        let account = Account {
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            is_verified: true,
            is_disabled,
            credentials_since: START,
        };
        self.accounts.borrow_mut().insert(id.to_owned(), account);
    }

    /// The account's address was not proved.
    pub(crate) fn unverify(&self, id: &str) {
        if let Some(account) = self.accounts.borrow_mut().get_mut(id) {
            account.is_verified = false;
        }
    }

    /// The account's password was reset at this moment, or another account has its id since then.
    pub(crate) fn begin_credentials_anew(&self, id: &str) {
        if let Some(account) = self.accounts.borrow_mut().get_mut(id) {
            account.credentials_since = self.now.get();
        }
    }

    /// The next message is of `principal`, on the plane of users.
    pub(crate) fn become_user(&self, principal: Option<Principal>) {
        *self.message.borrow_mut() = Message {
            is_service: false,
            principal,
        };
    }

    /// The next message comes from a service that may act for somebody.
    pub(crate) fn become_service(&self, acting: Option<&str>) {
        let principal = acting.map(|subject| Principal {
            methods: vec!["acting".to_owned()],
            ..principal(subject)
        });
        *self.message.borrow_mut() = Message {
            is_service: true,
            principal,
        };
    }

    /// Moves the clock on, by milliseconds.
    pub(crate) fn pass(&self, milliseconds: u64) {
        self.now.set(self.now.get() + milliseconds);
    }

    pub(crate) fn rotate_mac_key(&self) {
        self.mac_key.set(self.mac_key.get() + 1);
    }

    /// How often this was audited.
    pub(crate) fn audited(&self, action: &str, outcome: Outcome, subject: Option<&str>) -> usize {
        let audit = self.audit.borrow();
        let is_it = |(found, how, whom, _): &&Audited| {
            found == action && *how == outcome && whom.as_deref() == subject
        };
        audit.iter().filter(is_it).count()
    }

    /// Everything that is stored or left behind, as text.
    pub(crate) fn traces(&self) -> String {
        let entries = self.entries.borrow();
        let stored: String = entries
            .iter()
            .map(|(key, entry)| format!("{key} {}\n", String::from_utf8_lossy(&entry.value)))
            .collect();
        format!(
            "{stored}{:?}{:?}{:?}",
            self.audit.borrow(),
            self.log.borrow(),
            self.takes.borrow()
        )
    }

    /// Puts nonsense where the records under `prefix` are.
    pub(crate) fn damage(&self, prefix: &str) {
        let mut entries = self.entries.borrow_mut();
        let damaged = entries
            .iter_mut()
            .filter(|(key, _)| key.starts_with(prefix));
        damaged.for_each(|(_, entry)| entry.value = b"?".to_vec());
    }

    fn tag(key: u64, purpose: &str, data: &[u8]) -> Vec<u8> {
        checksum(4, &(key, purpose, data))
    }
}

/// A user who proved who they are a minute before the test's clock starts, and whose credential is not limited.
pub(crate) fn principal(subject: &str) -> Principal {
    Principal {
        subject: subject.to_owned(),
        roles: vec!["user".to_owned()],
        scopes: None,
        methods: vec!["jwt".to_owned(), "pwd".to_owned()],
        authenticated_at: START - 60_000,
    }
}

/// The same with an access token that is limited.
pub(crate) fn limited(subject: &str, scopes: &[&str]) -> Principal {
    Principal {
        scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        ..principal(subject)
    }
}

/// The same with an API token.
pub(crate) fn program(subject: &str, scopes: &[&str]) -> Principal {
    Principal {
        methods: vec!["api-token".to_owned()],
        ..limited(subject, scopes)
    }
}

/// The fields that a refusal names.
pub(crate) fn violated<T>(refused: Result<T, Error>) -> Vec<&'static str> {
    match refused {
        Err(Error::ValidationFailed(violations)) => {
            violations.iter().map(|violation| violation.path).collect()
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("answered ok"),
    }
}

fn checksum(words: u8, data: &impl Hash) -> Vec<u8> {
    let word = |index: u8| {
        let mut hasher = DefaultHasher::new();
        (index, data).hash(&mut hasher);
        hasher.finish().to_be_bytes()
    };
    (0..words).flat_map(word).collect()
}

impl Ports for World {}

impl Storage for World {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.get_many(&[key.to_owned()]).pop().flatten()
    }

    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        assert!(keys.len() <= 1_000 && keys.iter().all(|key| (1..=512).contains(&key.len())));
        self.reads.set(self.reads.get() + 1);
        let entries = self.entries.borrow();
        let live = |key: &String| {
            entries
                .get(key)
                .filter(|entry| self.now.get() < entry.expires_at)
        };
        keys.iter()
            .map(|key| live(key).map(|entry| entry.value.clone()))
            .collect()
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Vec<(String, Vec<u8>)> {
        assert!(limit > 0);
        self.reads.set(self.reads.get() + 1);
        let entries = self.entries.borrow();
        let live = entries
            .iter()
            .filter(|(_, entry)| self.now.get() < entry.expires_at);
        // Pages smaller than the limit are allowed, and happen.
        let page = usize::try_from(limit).unwrap().min(70);
        live.filter(|(key, _)| {
            key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after)
        })
        .take(page)
        .map(|(key, entry)| (key.clone(), entry.value.clone()))
        .collect()
    }

    fn put(&self, key: &str, value: &[u8], expires_at: u64, subject: &str) {
        assert!((1..=512).contains(&key.len()) && (1..=128).contains(&subject.len()));
        self.writes.set(self.writes.get() + 1);
        let entry = Entry {
            value: value.to_vec(),
            expires_at,
            subject: subject.to_owned(),
        };
        self.entries.borrow_mut().insert(key.to_owned(), entry);
    }

    fn delete(&self, key: &str) {
        self.writes.set(self.writes.get() + 1);
        self.entries.borrow_mut().remove(key);
    }
}

impl Macs for World {
    fn mac(&self, purpose: &str, data: &[u8]) -> Vec<u8> {
        Self::tag(self.mac_key.get(), purpose, data)
    }

    fn candidates(&self, purpose: &str, data: &[u8]) -> Vec<Vec<u8>> {
        let current = self.mac_key.get();
        vec![
            Self::tag(current, purpose, data),
            Self::tag(current - 1, purpose, data),
        ]
    }
}

impl Accounts for World {
    fn account(&self, id: &str) -> Result<Option<Account>, Unanswered> {
        if let Some(unanswered) = self.unanswered.get() {
            return Err(unanswered);
        }
        // As authorization has it: a service any, otherwise one's own.
        let message = self.message.borrow();
        let is_own = message
            .principal
            .as_ref()
            .is_some_and(|principal| principal.subject == id);
        if !message.is_service && !is_own {
            return Err(Unanswered::Refused("access-denied"));
        }
        Ok(self.accounts.borrow().get(id).cloned())
    }
}

impl Effects for World {
    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    ) {
        // The host ends such a message as a fault of the component.
        assert!(action.len() <= 64 && detail.len() <= 16);
        let detail = detail
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.audit.borrow_mut().push((
            action.to_owned(),
            outcome,
            subject.map(str::to_owned),
            detail.collect(),
        ));
    }

    fn complain(&self, line: &str) {
        assert!(line.len() <= 1_024);
        self.log.borrow_mut().push(line.to_owned());
    }

    fn take(&self, bucket: &str, key: &str) -> Option<u64> {
        self.takes
            .borrow_mut()
            .push((bucket.to_owned(), key.to_owned()));
        self.retry_after.get()
    }
}

impl Caller for World {
    fn message(&self) -> Message {
        self.message.borrow().clone()
    }

    fn establish(&self, principal: &Principal) -> bool {
        assert!(principal.authenticated_at <= self.now.get());
        let mut message = self.message.borrow_mut();
        let known = message.principal.as_ref();
        if known.is_some_and(|known| known.subject != principal.subject) {
            return false;
        }
        message.principal = Some(principal.clone());
        self.established.borrow_mut().push(principal.clone());
        true
    }
}

impl Config for World {
    fn setting(&self, name: &str) -> Option<String> {
        self.config.borrow().get(name).cloned()
    }
}

impl Environment for World {
    fn now(&self) -> u64 {
        self.now.get()
    }

    fn random(&self) -> [u8; 64] {
        let next = self.random.get();
        self.random.set(next + 1);
        checksum(8, &next).try_into().unwrap()
    }
}
