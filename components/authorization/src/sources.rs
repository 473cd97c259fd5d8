//! From where an account was signed in to lately, or its address proved: its *known* sources.
//!
//! They are kept as keyed hashes, bound to the account, so that the store does not say where people are.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::account::Account;
use crate::error::Error;
use crate::keys;
use crate::ports::{Effects, Environment, Macs, Storage};
use crate::record;
use crate::settings::DAY;

/// The purpose of the keyed hash.
const SOURCE: &str = "known-source";

/// How long a source stays known after a sign-in, in milliseconds.
const KNOWN_FOR: u64 = 90 * DAY;

/// So many sources of an account are known, the latest ones.
const MAX_SOURCES: usize = 20;

/// No account's id.
const NOBODY: &str = "";

/// The stored record of an account's sources (schema 1).
#[derive(Debug, Default, Serialize, Deserialize)]
struct Sources {
    /// The latest last.
    sources: Vec<Source>,
    /// Fields that a later build wrote: they are kept as they are.
    #[serde(flatten)]
    later: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Source {
    tag: String,
    /// When it was signed in from, to the day.
    seen_at: u64,
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// One source, and what an account knows of it.
pub(crate) struct KnownSource<'a, P> {
    ports: &'a P,
    /// Its tags, that of the current key first.
    tags: Vec<String>,
    all: Sources,
}

impl<'a, P: Storage + Macs + Effects + Environment> KnownSource<'a, P> {
    /// What `account` knows of `source`; for nobody the same work.
    pub(crate) fn read(
        ports: &'a P,
        account: Option<&Account>,
        source: &str,
    ) -> Result<Self, Error> {
        let id = account.map_or(NOBODY, |account| &account.id);
        let data = format!("{id}\0{source}");
        let tags = ports.candidates(SOURCE, data.as_bytes());
        let all = record::read(ports, &keys::known_sources(id))?;
        Ok(Self {
            ports,
            tags: tags.iter().map(|tag| keys::encode(tag)).collect(),
            all: all.unwrap_or_default(),
        })
    }

    /// Whether the account was signed in to from here lately.
    pub(crate) fn is_known(&self) -> bool {
        self.seen_at()
            .is_some_and(|at| self.ports.now().saturating_sub(at) < KNOWN_FOR)
    }

    /// Notes that `account` was signed in to from here, if that is news: it is once a day.
    pub(crate) fn note(mut self, account: &Account) {
        let now = self.ports.now();
        let is_news = self
            .seen_at()
            .is_none_or(|at| now.saturating_sub(at) >= DAY);
        if !is_news {
            return;
        }
        let tags = std::mem::take(&mut self.tags);
        let others = |other: &Source| {
            now.saturating_sub(other.seen_at) < KNOWN_FOR && !tags.contains(&other.tag)
        };
        self.all.sources.retain(others);
        self.add(account, tags);
    }

    /// Makes this the only source that `account` knows: whoever was elsewhere before may not have been its owner.
    pub(crate) fn note_alone(mut self, account: &Account) {
        let tags = std::mem::take(&mut self.tags);
        self.all.sources.clear();
        self.add(account, tags);
    }

    fn add(mut self, account: &Account, tags: Vec<String>) {
        let now = self.ports.now();
        if let Some(tag) = tags.into_iter().next() {
            self.all.sources.push(Source {
                tag,
                seen_at: now,
                later: Map::new(),
            });
        }
        let surplus = self.all.sources.len().saturating_sub(MAX_SOURCES);
        self.all.sources.drain(..surplus);
        self.ports.put(
            &keys::known_sources(&account.id),
            &record::bytes(&self.all),
            Some(now.saturating_add(KNOWN_FOR)),
            Some(&account.id),
        );
    }

    fn seen_at(&self) -> Option<u64> {
        let mut sources = self.all.sources.iter();
        let found = sources.find(|source| self.tags.contains(&source.tag));
        found.map(|source| source.seen_at)
    }
}
