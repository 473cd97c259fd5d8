//! A world in memory: every port, a clock that the test moves, and cryptography that is none.
//!
//! Signatures and tags are made by a keyed checksum: enough to tell a genuine one from another, and to sign whatever an attack needs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::ports::{
    Algorithm, Caller, Config, Effects, Environment, MAX_LIST, Macs, Message, Outcome, Plane,
    Ports, Principal, Signing, SigningKey, Storage,
};
use crate::service::Service;

/// Where every test's clock starts.
pub(crate) const START: u64 = 1_800_000_000_000;

thread_local! {
    /// The signing keys, the current first. Each test has a thread, and so keys, of its own.
    static KEYS: RefCell<Vec<SigningKey>> = RefCell::new(vec![key("k1", Algorithm::EdDsa)]);
}

pub(crate) struct World {
    pub(crate) now: Cell<u64>,
    pub(crate) message: RefCell<Message>,
    pub(crate) established: RefCell<Vec<Principal>>,
    /// Whether the host finds that the message acts for somebody else.
    pub(crate) taken: Cell<bool>,
    pub(crate) entries: RefCell<BTreeMap<String, Entry>>,
    pub(crate) reads: Cell<usize>,
    pub(crate) writes: Cell<usize>,
    pub(crate) audit: RefCell<Vec<(String, Outcome, Option<String>)>>,
    /// Name, payload, whom it is about.
    pub(crate) events: RefCell<Vec<(String, String, Option<String>)>>,
    /// How many writes, events and audit records were kept.
    pub(crate) kept: Cell<(usize, usize, usize)>,
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
    fn default() -> Self {
        Self {
            now: Cell::new(START),
            message: RefCell::new(message(Plane::Service)),
            established: RefCell::default(),
            taken: Cell::default(),
            entries: RefCell::default(),
            reads: Cell::default(),
            writes: Cell::default(),
            audit: RefCell::default(),
            events: RefCell::default(),
            kept: Cell::default(),
            config: RefCell::default(),
            mac_key: Cell::new(1),
            random: Cell::new(1),
        }
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

    /// Moves the clock on, by milliseconds.
    pub(crate) fn pass(&self, milliseconds: u64) {
        self.now.set(self.now.get() + milliseconds);
    }

    pub(crate) fn rotate_mac_key(&self) {
        self.mac_key.set(self.mac_key.get() + 1);
    }

    /// Whether an audit record of this kind was written.
    pub(crate) fn audited(&self, action: &str, outcome: Outcome, subject: Option<&str>) -> bool {
        self.audit
            .borrow()
            .contains(&(action.to_owned(), outcome, subject.map(str::to_owned)))
    }

    /// How many writes, events and audit records there are.
    pub(crate) fn left_behind(&self) -> (usize, usize, usize) {
        (
            self.writes.get(),
            self.events.borrow().len(),
            self.audit.borrow().len(),
        )
    }

    fn tag(&self, key: u64, purpose: &str, data: &[u8]) -> Vec<u8> {
        checksum(4, &(key, purpose, data))
    }
}

/// A message from outside in which nobody is known.
pub(crate) fn message(plane: Plane) -> Message {
    Message {
        plane,
        via: None,
        service_key: None,
        principal: None,
    }
}

/// Somebody who proved who they are a minute before the test's clock starts.
pub(crate) fn principal(subject: &str, methods: &[&str]) -> Principal {
    Principal {
        subject: subject.to_owned(),
        roles: vec!["buyer".to_owned()],
        scopes: Some(vec!["shop".to_owned()]),
        session: None,
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        authenticated_at: START - 60_000,
    }
}

/// Makes `id` the current signing key; the earlier ones still verify.
pub(crate) fn rotate_signing_key(id: &str, algorithm: Algorithm) {
    KEYS.with_borrow_mut(|keys| keys.insert(0, key(id, algorithm)));
}

/// Forgets the signing key `id`.
pub(crate) fn retire_signing_key(id: &str) {
    KEYS.with_borrow_mut(|keys| keys.retain(|key| key.id != id));
}

/// A token with any header and any claims, signed by `key_id` as it should be.
pub(crate) fn forge(header: &Value, claims: &Value, key_id: &str) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = URL_SAFE_NO_PAD.encode(World::sign(key_id, signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The header and the claims of a token.
pub(crate) fn parts(token: &str) -> (Value, Value) {
    let mut parts = token
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut json = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (json(), json())
}

fn key(id: &str, algorithm: Algorithm) -> SigningKey {
    SigningKey {
        id: id.to_owned(),
        algorithm,
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

impl Ports for World {
    type Signing = Self;
}

impl Storage for World {
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

    fn scan(&self, prefix: &str, after: Option<&str>) -> Vec<String> {
        self.reads.set(self.reads.get() + 1);
        let entries = self.entries.borrow();
        let live = entries
            .iter()
            .filter(|(_, entry)| self.now.get() < entry.expires_at)
            .map(|(key, _)| key);
        // Pages smaller than the limit are allowed, and happen.
        live.filter(|key| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
            .take(700)
            .cloned()
            .collect()
    }

    fn put(&self, key: &str, value: &[u8], expires_at: u64, subject: &str) {
        assert!((1..=512).contains(&key.len()) && subject.len() <= 128);
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

impl Signing for World {
    fn current() -> SigningKey {
        KEYS.with_borrow(|keys| keys[0].clone())
    }

    fn find(key_id: &str) -> Option<SigningKey> {
        assert!(key_id.len() <= 64);
        KEYS.with_borrow(|keys| keys.iter().find(|key| key.id == key_id).cloned())
    }

    fn sign(key_id: &str, message: &[u8]) -> Vec<u8> {
        checksum(8, &(key_id, message))
    }

    fn verify(key_id: &str, message: &[u8], signature: &[u8]) -> bool {
        Self::find(key_id).is_some() && signature == Self::sign(key_id, message)
    }
}

impl Macs for World {
    fn mac(&self, purpose: &str, data: &[u8]) -> Vec<u8> {
        self.tag(self.mac_key.get(), purpose, data)
    }

    fn candidates(&self, purpose: &str, data: &[u8]) -> Vec<Vec<u8>> {
        let current = self.mac_key.get();
        vec![
            self.tag(current, purpose, data),
            self.tag(current - 1, purpose, data),
        ]
    }
}

impl Effects for World {
    fn keep(&self) {
        self.kept.set(self.left_behind());
    }

    fn publish(&self, name: &str, payload: &str, about: Option<&str>) {
        let event = (
            name.to_owned(),
            payload.to_owned(),
            about.map(str::to_owned),
        );
        self.events.borrow_mut().push(event);
    }

    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    ) {
        assert!(action.len() <= 64 && detail.len() <= 16);
        assert!(
            detail
                .iter()
                .all(|(name, value)| name.len() <= 64 && value.len() <= 256)
        );
        self.audit
            .borrow_mut()
            .push((action.to_owned(), outcome, subject.map(str::to_owned)));
    }
}

impl Caller for World {
    fn message(&self) -> Message {
        self.message.borrow().clone()
    }

    fn establish(&self, principal: &Principal) -> bool {
        // The host ends such a message as a fault of the component.
        assert!(principal.authenticated_at <= self.now.get());
        let scopes = principal.scopes.as_deref().unwrap_or_default();
        for list in [&*principal.roles, scopes, &*principal.methods] {
            assert!(list.len() <= MAX_LIST);
        }
        if self.taken.get() {
            return false;
        }
        self.message.borrow_mut().principal = Some(principal.clone());
        self.established.borrow_mut().push(principal.clone());
        true
    }
}

impl Config for World {
    fn get(&self, name: &str) -> Option<String> {
        self.config.borrow().get(name).cloned()
    }
}

impl Environment for World {
    fn now(&self) -> u64 {
        self.now.get()
    }

    fn random(&self) -> [u8; 16] {
        let next = self.random.get();
        self.random.set(next + 1);
        // A sign-in takes a family's id and a token's: the first byte counts sign-ins, so that a test knows which of them
        // looks for surplus sessions.
        let mut bytes: [u8; 16] = checksum(2, &next).try_into().unwrap();
        bytes[0] = (next / 2) as u8;
        bytes
    }
}
