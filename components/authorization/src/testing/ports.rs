//! The host's side of the world.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Entry, World};
use crate::ports::{
    Caller, Config, Effects, Environment, Limits, Macs, Message, Outcome, Passwords, Ports,
    Principal, Storage, Verdict,
};
use crate::secret::Secret;

/// A hash that another system made of `password`.
pub(crate) fn foreign_hash(password: &str) -> Secret {
    hashed(password, 0)
}

fn hashed(password: &str, parameters: u32) -> Secret {
    let sum = u64::from_be_bytes(checksum(1, &password).try_into().unwrap());
    Secret::new(format!("$fake${parameters}${sum}"))
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
    fn get_many(&self, keys: &[String]) -> Vec<Option<Vec<u8>>> {
        assert!(keys.len() <= 1_000 && keys.iter().all(|key| (1..=512).contains(&key.len())));
        self.does("get");
        self.reads.borrow_mut().extend(keys.iter().cloned());
        let state = self.state.borrow();
        let live = |key: &String| {
            let entry = state.entries.get(key)?;
            entry
                .expires_at
                .is_none_or(|at| self.now.get() < at)
                .then(|| entry.value.clone())
        };
        keys.iter().map(live).collect()
    }

    fn scan(&self, prefix: &str, after: Option<&str>) -> Vec<String> {
        self.does("scan");
        let state = self.state.borrow();
        let live = state
            .entries
            .iter()
            .filter(|(_, entry)| entry.expires_at.is_none_or(|at| self.now.get() < at))
            .map(|(key, _)| key);
        // Pages smaller than the limit are allowed, and happen.
        live.filter(|key| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
            .take(700)
            .cloned()
            .collect()
    }

    fn put(&self, key: &str, value: &[u8], expires_at: Option<u64>, subject: Option<&str>) {
        assert!((1..=512).contains(&key.len()) && value.len() <= 256 * 1024);
        assert!(subject.is_none_or(|subject| (1..=128).contains(&subject.len())));
        self.does("put");
        self.rows.borrow_mut().insert(key.to_owned());
        let entry = Entry {
            value: value.to_vec(),
            expires_at,
            subject: subject.map(str::to_owned),
        };
        self.state
            .borrow_mut()
            .entries
            .insert(key.to_owned(), entry);
    }

    fn delete(&self, key: &str) {
        self.does("delete");
        self.rows.borrow_mut().insert(key.to_owned());
        self.state.borrow_mut().entries.remove(key);
    }
}

impl Macs for World {
    fn mac(&self, purpose: &str, data: &[u8]) -> Vec<u8> {
        self.does("mac");
        checksum(4, &(self.mac_key.get(), purpose, data))
    }

    fn candidates(&self, purpose: &str, data: &[u8]) -> Vec<Vec<u8>> {
        self.does("mac");
        let current = self.mac_key.get();
        let keys = [current, current - 1].into_iter();
        keys.map(|key| checksum(4, &(key, purpose, data))).collect()
    }
}

impl Passwords for World {
    fn hash(&self, password: &str) -> Secret {
        assert!(password.len() <= 4096);
        self.does("hash");
        hashed(password, self.parameters.get())
    }

    fn verify(&self, password: &str, hash: &Secret) -> Verdict {
        assert!(password.len() <= 4096 && hash.reveal().len() <= 1024);
        self.does("verify");
        if *hash == hashed(password, self.parameters.get()) {
            Verdict::Match
        } else if *hash == hashed(password, 0) || *hash == hashed(password, 1) {
            Verdict::MatchNeedsRehash
        } else {
            Verdict::Mismatch
        }
    }

    fn decoy(&self, password: &str) {
        assert!(password.len() <= 4096);
        // The same work.
        self.does("verify");
    }

    fn accepts(&self, hash: &str) -> bool {
        hash.starts_with("$fake$")
    }
}

impl Effects for World {
    fn keep(&self) {
        self.kept.replace(Some(self.state.borrow().clone()));
    }

    fn publish(&self, name: &str, payload: &str, about: &str) {
        self.writes("event", 1);
        let event = (name.to_owned(), payload.to_owned(), about.to_owned());
        self.state.borrow_mut().events.push(event);
    }

    fn record(
        &self,
        action: &str,
        outcome: Outcome,
        subject: Option<&str>,
        detail: &[(&str, &str)],
    ) {
        self.writes("audit", 1);
        assert!(action.len() <= 64 && subject.is_none_or(|subject| subject.len() <= 128));
        assert!(
            detail
                .iter()
                .all(|(name, value)| name.len() <= 64 && value.len() <= 256)
        );
        let reason = detail.iter().find(|(name, _)| *name == "reason");
        self.audit.borrow_mut().push((
            action.to_owned(),
            outcome,
            subject.map(str::to_owned),
            reason.map(|(_, value)| (*value).to_owned()),
        ));
    }

    fn complain(&self, line: &str) {
        self.log.borrow_mut().push(line.to_owned());
    }
}

impl Limits for World {
    fn take(&self, bucket: &str, key: &str) -> Option<u64> {
        assert!(key.len() <= 512);
        self.does("take");
        let now = self.now.get();
        let (burst, each, refills_by) = declared(bucket);
        let mut buckets = self.buckets.borrow_mut();
        let name = (bucket.to_owned(), key.to_owned());
        let bucket = buckets.entry(name).or_default();
        let refills = (now - bucket.since) / each;
        bucket.taken = bucket.taken.saturating_sub(refills * refills_by);
        bucket.since = if bucket.taken == 0 {
            now
        } else {
            bucket.since + refills * each
        };
        if bucket.taken == burst {
            return Some(bucket.since + each - now);
        }
        bucket.taken += 1;
        None
    }

    fn reset(&self, bucket: &str, key: &str) {
        let name = (bucket.to_owned(), key.to_owned());
        self.buckets.borrow_mut().remove(&name);
    }
}

/// How many there are in a bucket; after how long how many come back: of one that is counted in the store all at once, of the
/// others one by one. One that is not declared is a fault of the component.
fn declared(bucket: &str) -> (u64, u64, u64) {
    let manifest: serde_json::Value =
        serde_json::from_str(include_str!("../../manifest.json")).unwrap();
    let buckets = manifest["buckets"].as_array().unwrap();
    let found = buckets.iter().find(|it| it["name"] == bucket);
    let found = found.unwrap_or_else(|| panic!("`{bucket}` is not declared"));
    let number = |name: &str| found[name].as_u64().unwrap();
    let (burst, period) = (number("burst"), number("period_ms"));
    if found["persistent"] == true {
        (burst, period, burst)
    } else {
        (burst, (period / burst).max(1), 1)
    }
}

impl Caller for World {
    fn message(&self) -> Message {
        self.message.borrow().clone()
    }

    fn establish(&self, principal: &Principal) -> bool {
        assert!(principal.authenticated_at <= self.now.get());
        let mut message = self.message.borrow_mut();
        if let Some(known) = &message.principal
            && known.subject != principal.subject
        {
            return false;
        }
        message.principal = Some(principal.clone());
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

    fn random<const N: usize>(&self) -> [u8; N] {
        let next = self.random.get();
        self.random.set(next + 1);
        let bytes = checksum(u8::try_from(N.div_ceil(8)).unwrap(), &next);
        bytes[..N].try_into().unwrap()
    }
}
