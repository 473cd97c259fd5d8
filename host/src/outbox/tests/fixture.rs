//! A queue on a store of the test's own, and a mailer that answers as it is told.

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::clock::{Clock as _, Timestamp};
use crate::keyring::{KeyRing, Options, RootKey};
use crate::outbox::backoff::{Backoff, Jitter};
use crate::outbox::held::{Held, Taken};
use crate::outbox::mail::{Delivered, Letter, MailError, Mailer, Reason};
use crate::outbox::{
    Deliverer, Item, Keep, Mail, MailQuery, MailState, MailSummary, Mails, Posted, Queue, Settings,
    newest, posting,
};
use crate::services::attempt_id;
use crate::store::memory::MemoryStore;
use crate::store::{Batch, Commit, Namespace, Range, Store, StoreError, Write};
use crate::telemetry::Metrics;
use crate::testing::{Hook, HookedStore, TestClock};

/// When a fixture's clock begins.
pub(super) const START: Timestamp = 1_700_000_000_000;

/// A lease: the hand-over's twenty milliseconds, and the margin.
pub(super) const LEASE_MS: u64 = 10_020;

/// How often a mail is tried.
pub(super) const MAX_TRIES: u32 = 3;

/// What a mailer does with a mail.
#[derive(Clone)]
pub(super) enum Answer {
    Send,
    Capture,
    Refuse,
    /// It is refused before any server is asked.
    Unfit,
    PutOff,
    Unreachable,
    /// Nothing, ever.
    Nothing,
    Panic,
    /// It waits at the gate, and sends then.
    Gate(Arc<Gate>),
}

#[derive(Default)]
pub(super) struct Gate {
    pub(super) reached: Notify,
    pub(super) open: Notify,
}

/// A mailer that answers by address, or as all are answered.
pub(super) struct Script {
    answers: Mutex<HashMap<String, Answer>>,
    otherwise: Mutex<Answer>,
    seen: Mutex<Vec<Letter>>,
}

impl Script {
    pub(super) fn to(&self, address: &str, answer: Answer) {
        let mut answers = self.answers.lock().unwrap();
        answers.insert(address.to_owned(), answer);
    }

    pub(super) fn to_all(&self, answer: Answer) {
        self.answers.lock().unwrap().clear();
        *self.otherwise.lock().unwrap() = answer;
    }

    /// The ids of the letters that were handed over, in order, every try.
    pub(super) fn seen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|letter| letter.id.clone()).collect()
    }

    pub(super) fn letters(&self) -> Vec<Letter> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Mailer for Script {
    async fn deliver(&self, letter: &Letter) -> Result<Delivered, MailError> {
        self.seen.lock().unwrap().push(letter.clone());
        let answer = {
            let answers = self.answers.lock().unwrap();
            answers
                .get(&letter.mail.to)
                .cloned()
                .unwrap_or_else(|| self.otherwise.lock().unwrap().clone())
        };
        match answer {
            Answer::Send => Ok(Delivered::Sent),
            Answer::Capture => Ok(Delivered::Captured),
            Answer::Refuse => Err(MailError::Refused(Reason::new("refused").with_code(550))),
            Answer::Unfit => Err(MailError::Refused(Reason::new("it is no message"))),
            Answer::PutOff => Err(MailError::Deferred(Reason::new("put off").with_code(451))),
            Answer::Unreachable => Err(MailError::Down(Reason::new("cannot be reached"))),
            Answer::Nothing => pending().await,
            Answer::Panic => panic!("as the script says"),
            Answer::Gate(gate) => {
                gate.reached.notify_one();
                gate.open.notified().await;
                Ok(Delivered::Sent)
            }
        }
    }
}

/// Makes the next commits fail, the host's own too.
#[derive(Default)]
pub(super) struct Flaky(AtomicUsize);

impl Flaky {
    pub(super) fn fail_commits(&self, count: usize) {
        self.0.store(count, Ordering::SeqCst);
    }
}

#[async_trait]
impl Hook for Flaky {
    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        let ahead = |failures: usize| failures.checked_sub(1);
        match self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, ahead)
        {
            Ok(_) => Err(StoreError::Unavailable("as the test says".into())),
            Err(_) => below.commit(batch).await,
        }
    }
}

pub(super) struct Fixture {
    pub(super) clock: Arc<TestClock>,
    pub(super) store: Arc<HookedStore<Flaky>>,
    pub(super) script: Arc<Script>,
    pub(super) queue: Arc<Queue>,
    pub(super) deliverer: Arc<Deliverer>,
    pub(super) mails: Mails,
    pub(super) woken: Arc<Notify>,
    pub(super) metrics: Arc<Metrics>,
    keyring: Arc<KeyRing>,
    posted: AtomicUsize,
    _folder: Option<tempfile::TempDir>,
}

impl Fixture {
    pub(super) async fn in_memory() -> Self {
        Self::over(Arc::new(MemoryStore::new()), None).await
    }

    #[cfg(feature = "sqlite")]
    pub(super) async fn on_disk() -> Self {
        use crate::store::sqlite::{SqliteOptions, SqliteStore};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vestibule.db");
        let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
        Self::over(Arc::new(store), Some(folder)).await
    }

    async fn over(store: Arc<dyn Store>, folder: Option<tempfile::TempDir>) -> Self {
        let clock = Arc::new(TestClock::at(START));
        let store = HookedStore::over(store, Flaky::default());
        let root = RootKey::from_bytes([7; 32]);
        let ring = KeyRing::open(store.clone(), &root, clock.clone(), Options::default());
        let keyring = Arc::new(ring.await.unwrap());
        let keep = Keep {
            sent_ms: 30_000_000,
            captured_ms: 7_000_000,
            failed_ms: 20_000_000,
        };
        let queue = Arc::new(Queue::new(
            store.clone(),
            keyring.clone(),
            clock.clone(),
            keep,
        ));
        let script = Arc::new(Script {
            answers: Mutex::default(),
            otherwise: Mutex::new(Answer::Send),
            seen: Mutex::default(),
        });
        let (woken, metrics) = (Arc::new(Notify::new()), Arc::new(Metrics::new()));
        let mut fixture = Self {
            mails: Mails::new(queue.clone(), woken.clone()),
            deliverer: deliverer(&queue, &script, &metrics, &woken),
            clock,
            store,
            script,
            queue,
            woken,
            metrics,
            keyring,
            posted: AtomicUsize::new(0),
            _folder: folder,
        };
        fixture.deliverer = fixture.another_deliverer();
        fixture
    }

    /// Another host's deliverer on the same store, with the same mailer.
    pub(super) fn another_deliverer(&self) -> Arc<Deliverer> {
        deliverer(&self.queue, &self.script, &self.metrics, &self.woken)
    }

    /// A mail to `to` that is valid for an hour.
    pub(super) async fn post(&self, to: &str) -> String {
        self.post_mail(to, None, self.clock.now() + 3_600_000).await
    }

    /// The same with a name.
    pub(super) async fn post_named(&self, to: &str, name: &str) -> String {
        self.post_mail(to, Some(name), self.clock.now() + 3_600_000)
            .await
    }

    pub(super) async fn post_mail(
        &self,
        to: &str,
        name: Option<&str>,
        expires_at: Timestamp,
    ) -> String {
        let id = format!("mail-{:04}", self.posted.fetch_add(1, Ordering::SeqCst));
        let posted = Posted {
            id: id.clone(),
            channel: "email".to_owned(),
            at: self.clock.now(),
            item: Item::Mail(Mail {
                to: to.to_owned(),
                subject: "your s3cret link".to_owned(),
                text: "https://example.com/#t0ken".to_owned(),
                html: "<a>t0ken</a>".to_owned(),
                expires_at,
                supersedes: name.map(str::to_owned),
            }),
        };
        let entries = posting::entries(&self.keyring, &posted, Some("ann-1")).unwrap();
        let writes = entries
            .into_iter()
            .map(|(namespace, key, record)| Write::Put {
                namespace,
                key,
                record,
            });
        self.commit(writes.collect()).await;
        id
    }

    pub(super) async fn withdraw(&self, to: &str, name: &str) {
        let keys = newest::keys(&self.keyring, "email", to, name).unwrap();
        let gone = keys.into_iter().map(|key| Write::Delete {
            namespace: newest::namespace(),
            key,
        });
        self.commit(gone.collect()).await;
    }

    pub(super) async fn commit(&self, writes: Vec<Write>) {
        let batch = Batch {
            attempt: attempt_id(),
            now: self.clock.now(),
            checks: Vec::new(),
            writes,
        };
        let committed = self.store.commit(batch).await.unwrap();
        assert!(matches!(committed, Commit::Committed(_)));
    }

    /// Delivers all that is due now.
    pub(super) async fn deliver(&self) {
        deliver(&self.deliverer).await;
    }

    /// Leases the mail `id`, which must be due.
    pub(super) async fn lease(&self, id: &str) -> Held {
        let now = self.clock.now();
        let (due, _) = self.queue.due(now, 100).await.unwrap();
        let place = due.iter().find(|place| place.id == id).unwrap();
        match self.queue.take(place, MAX_TRIES, LEASE_MS).await.unwrap() {
            Taken::Leased(held) => *held,
            other => panic!("not leased: {other:?}"),
        }
    }

    /// What a list says of the mail `id`.
    pub(super) async fn mail(&self, id: &str) -> MailSummary {
        self.mails.find(id).await.unwrap().unwrap().summary
    }

    pub(super) async fn state(&self, id: &str) -> MailState {
        self.mail(id).await.state
    }

    /// The states of all mails, oldest first.
    pub(super) async fn states(&self) -> Vec<MailState> {
        let page = self.mails.list(&MailQuery::default()).await.unwrap();
        assert_eq!(page.next, None);
        page.mails.iter().map(|mail| mail.state).collect()
    }

    /// What lies in a namespace of the host's own.
    pub(super) async fn records(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        let range = Range {
            namespace: Namespace::reserved(name),
            prefix: String::new(),
            after: None,
        };
        let mut snapshot = self.store.begin().await.unwrap();
        let found = snapshot.scan(&range, 1_000, usize::MAX, self.clock.now());
        let found = found.await.unwrap();
        found
            .into_iter()
            .map(|entry| (entry.key, entry.record.value))
            .collect()
    }
}

fn deliverer(
    queue: &Arc<Queue>,
    script: &Arc<Script>,
    metrics: &Arc<Metrics>,
    woken: &Arc<Notify>,
) -> Arc<Deliverer> {
    let settings = Settings {
        concurrency: 2,
        timeout: Duration::from_millis(20),
        max_tries: MAX_TRIES,
        backoff: Backoff {
            min_ms: 1_000,
            max_ms: 8_000,
            jitter: Jitter::new(|most| most),
        },
    };
    Arc::new(Deliverer::new(
        queue.clone(),
        script.clone(),
        settings,
        metrics.clone(),
        woken.clone(),
    ))
}

/// Delivers all that is due now.
pub(super) async fn deliver(deliverer: &Arc<Deliverer>) {
    let mut running = JoinSet::new();
    loop {
        deliverer.start_due(&mut running).await.unwrap();
        if running.join_next().await.is_none() {
            return;
        }
    }
}
