//! A host as an embedder makes it, over a store and a clock that belong to the test.

mod builder;

use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::sync::Arc;

use serde_json::Value;

use super::TestClock;
use crate::Host;
use crate::builds::{DeployOptions, Deployed, Refused, RollbackOptions};
use crate::clock::Clock as _;
use crate::error::Failure;
use crate::message::{Answer, Caller, Message};
use crate::outbox::{Event, Item, Mail, MailQuery, MailState};
use crate::sandbox::Fault;
use crate::store::memory::MemoryStore;
use crate::store::{Namespace, Range, Record, Store, Write};

pub use builder::HarnessBuilder;
pub(crate) use builder::cheap;

/// A host under test.
pub struct Harness {
    /// The host.
    pub host: Host,
    /// Its clock, which stands until it is moved.
    pub clock: Arc<TestClock>,
    /// Its store.
    pub store: Arc<dyn Store>,
    _kept: Option<Box<dyn Any + Send + Sync>>,
}

impl Harness {
    /// A host without components over an empty store in memory. Passwords are hashed cheaply.
    #[must_use]
    pub fn in_memory() -> HarnessBuilder {
        Self::over(Arc::new(MemoryStore::new()))
    }

    /// The same over the test's own store.
    #[must_use]
    pub fn over(store: Arc<dyn Store>) -> HarnessBuilder {
        HarnessBuilder::new(store)
    }

    /// Around a host that is there already.
    pub(crate) fn around(host: Host, clock: Arc<TestClock>, store: Arc<dyn Store>) -> Self {
        let _kept = None;
        Self {
            host,
            clock,
            store,
            _kept,
        }
    }

    /// Sends one request as the embedding program.
    pub async fn send(&self, channel: &str, command: &str, request: Value) -> Answer {
        self.send_as(Caller::service(None), channel, command, request)
            .await
    }

    /// Sends one request as somebody else: a stranger ([`Caller::public`]), somebody with a credential ([`Caller::user`]), a
    /// service that acts for somebody.
    pub async fn send_as(
        &self,
        caller: Caller,
        channel: &str,
        command: &str,
        request: Value,
    ) -> Answer {
        let message = Message::new(channel, command, request, caller);
        self.host.send(message).await
    }

    /// The reply to a request that must be answered ok; `Null` if there is none.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn ok(&self, channel: &str, command: &str, request: Value) -> Value {
        match self.send(channel, command, request).await {
            Ok(reply) => reply.unwrap_or(Value::Null),
            Err(failure) => panic!("{channel}/{command}: {}", explain(&failure)),
        }
    }

    /// The failure of a request that must be refused.
    ///
    /// # Panics
    /// If it is answered ok.
    pub async fn refused(&self, channel: &str, command: &str, request: Value) -> Failure {
        match self.send(channel, command, request).await {
            Ok(reply) => panic!("{channel}/{command} was answered {reply:?}"),
            Err(failure) => failure,
        }
    }

    /// Deploys a build as its channel's next, with nothing beyond the usual.
    ///
    /// # Errors
    /// As [`Host::deploy`].
    pub async fn deploy(
        &self,
        channel: &str,
        build: impl Into<Vec<u8>>,
    ) -> Result<Deployed, Refused> {
        let options = DeployOptions::default();
        self.host.deploy(channel, build.into(), options).await
    }

    /// The same, and gives it these grants.
    ///
    /// # Errors
    /// As [`Host::deploy`].
    pub async fn deploy_with(
        &self,
        channel: &str,
        build: impl Into<Vec<u8>>,
        grants: &[&str],
    ) -> Result<Deployed, Refused> {
        let grants = grants.iter().map(|grant| (*grant).to_owned()).collect();
        let options = DeployOptions {
            grants,
            ..DeployOptions::default()
        };
        self.host.deploy(channel, build.into(), options).await
    }

    /// Goes back to the build before.
    ///
    /// # Errors
    /// As [`Host::rollback`].
    pub async fn rollback(&self, channel: &str) -> Result<Deployed, Refused> {
        let options = RollbackOptions::default();
        self.host.rollback(channel, options).await
    }

    /// What a channel has stored and is live, as text.
    pub async fn entries(&self, channel: &str) -> BTreeMap<String, String> {
        let records = self.records(&Namespace::channel("default", channel)).await;
        records
            .into_iter()
            .map(|(key, record)| (key, String::from_utf8_lossy(&record.value).into_owned()))
            .collect()
    }

    /// What lies in a namespace and is live.
    ///
    /// # Panics
    /// If the store cannot be read.
    pub async fn records(&self, namespace: &Namespace) -> BTreeMap<String, Record> {
        let range = Range {
            namespace: namespace.clone(),
            prefix: String::new(),
            after: None,
        };
        let mut snapshot = self.store.begin().await.expect("a snapshot");
        let entries = snapshot
            .scan(&range, 100_000, usize::MAX, self.clock.now())
            .await
            .expect("a scan");
        entries
            .into_iter()
            .map(|entry| (entry.key, entry.record))
            .collect()
    }

    /// The mails that wait for delivery.
    ///
    /// # Panics
    /// If the store cannot be read.
    pub async fn mails(&self) -> Vec<Mail> {
        let posted = self.host.outbox().await.expect("the outbox");
        let mails = posted.into_iter().filter_map(|posted| match posted.item {
            Item::Mail(mail) => Some(mail),
            Item::Event(_) => None,
        });
        mails.collect()
    }

    /// Whether a mail is still to be handed over.
    ///
    /// # Panics
    /// If the store cannot be read.
    pub async fn mails_wait(&self) -> bool {
        let page = self.host.mails().list(&MailQuery::default()).await;
        let mails = page.expect("the mails").mails;
        let waits = |state| matches!(state, MailState::Queued | MailState::Sending);
        mails.iter().any(|mail| waits(mail.state))
    }

    /// The events that wait for delivery.
    ///
    /// # Panics
    /// If the store cannot be read.
    pub async fn events(&self) -> Vec<Event> {
        let posted = self.host.outbox().await.expect("the outbox");
        let events = posted.into_iter().filter_map(|posted| match posted.item {
            Item::Event(event) => Some(event),
            Item::Mail(_) => None,
        });
        events.collect()
    }

    /// The audit records, oldest first.
    ///
    /// # Panics
    /// If one is no JSON.
    pub async fn audit(&self) -> Vec<Value> {
        let records = self.records(&Namespace::reserved("audit")).await;
        records
            .values()
            .map(|record| serde_json::from_slice(&record.value).expect("JSON"))
            .collect()
    }
}

/// Which fault of a component is behind a failure, if one is.
#[must_use]
pub fn fault(failure: &Failure) -> Option<Fault> {
    failure.source()?.downcast_ref().copied()
}

/// A failure with its causes, for the person who reads a failed test.
#[must_use]
pub fn explain(failure: &Failure) -> String {
    let mut text = format!(
        "{}: {failure} {:?}",
        failure.code.as_str(),
        failure.violations
    );
    let mut source = failure.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// A write of `channel`'s, as if one of its messages had made it.
#[must_use]
pub fn write_of(channel: &str, key: &str, value: &str) -> Write {
    Write::Put {
        namespace: Namespace::channel("default", channel),
        key: key.to_owned(),
        record: Record::plain(value.as_bytes().to_vec()),
    }
}
