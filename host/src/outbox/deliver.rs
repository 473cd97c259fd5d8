//! The deliverer: leases mails that are due and hands them to the mailer.
//!
//! Mails do not wait for each other: several are handed over at once, each for a bounded time, and one that fails is due
//! again later by itself. What every one of them would meet, a server that cannot be reached, stops all of them together
//! (`breaker`) and costs none a try.
//!
//! Between the hand-over and the mark that it succeeded a host may end. Then the lease ends, and the mail is handed over
//! once more under the same Message-ID: at least once, and recognisable.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::Unreadable;
use super::backoff::{Backoff, Jitter};
use super::breaker::{Admits, Breaker};
use super::held::{Held, Settled, Taken};
use super::mail::{Delivered, Letter, MailError, Mailer, Reason};
use super::queue::{Queue, Words};
use crate::clock::Timestamp;
use crate::config;
use crate::store::StoreError;
use crate::telemetry::Metrics;

/// How often the queue is looked at if nobody says that there is something: other hosts on the store fill it too.
const POLL: Duration = Duration::from_secs(5);

/// How long to wait when the store cannot be read.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How often the result of a hand-over is tried to be written, and the first wait between.
const MARK_ATTEMPTS: u32 = 6;
const MARK_PAUSE: Duration = Duration::from_millis(50);

/// How much longer than a hand-over a lease is: time to write the result.
const LEASE_MARGIN_MS: u64 = 10_000;

/// The longest wait for a server that cannot be reached, in milliseconds: it is found again within it.
const MAX_OUTAGE_WAIT_MS: u64 = 60_000;

/// More mails than there is room for, so that some that cannot be leased do not hide the others.
const SPARE: usize = 16;

/// How often the queue is read in one go.
const MAX_PASSES: u32 = 64;

/// How to deliver.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// How many mails are handed over at once.
    pub(crate) concurrency: usize,
    /// How long one hand-over may take.
    pub(crate) timeout: Duration,
    /// How often a mail is tried.
    pub(crate) max_tries: u32,
    /// The waits between.
    pub(crate) backoff: Backoff,
}

impl Settings {
    /// As configured.
    pub(crate) fn of(config: &config::Mail, jitter: Jitter) -> Self {
        Self {
            concurrency: usize::try_from(config.concurrency).unwrap_or(usize::MAX),
            timeout: Duration::from_millis(config.timeout_ms),
            max_tries: config.max_tries,
            backoff: Backoff {
                min_ms: config.retry_min_ms,
                max_ms: config.retry_max_ms,
                jitter,
            },
        }
    }

    fn timeout_ms(&self) -> u64 {
        u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX)
    }

    fn lease_ms(&self) -> u64 {
        self.timeout_ms().saturating_add(LEASE_MARGIN_MS)
    }

    /// The waits for a server that cannot be reached.
    fn outage(&self) -> Backoff {
        Backoff {
            max_ms: self.backoff.max_ms.min(MAX_OUTAGE_WAIT_MS),
            ..self.backoff.clone()
        }
    }
}

/// Delivers the mails of a queue.
pub(crate) struct Deliverer {
    queue: Arc<Queue>,
    mailer: Arc<dyn Mailer>,
    settings: Settings,
    metrics: Arc<Metrics>,
    /// Told when there is something to deliver.
    woken: Arc<Notify>,
    breaker: Mutex<Breaker>,
}

impl Deliverer {
    /// A deliverer of the mails in `queue` to `mailer`.
    pub(crate) fn new(
        queue: Arc<Queue>,
        mailer: Arc<dyn Mailer>,
        settings: Settings,
        metrics: Arc<Metrics>,
        woken: Arc<Notify>,
    ) -> Self {
        Self {
            queue,
            mailer,
            settings,
            metrics,
            woken,
            breaker: Mutex::default(),
        }
    }

    /// Why no mail can be handed over now, if that is so.
    pub(crate) fn outage(&self) -> Option<Reason> {
        self.breaker().reason()
    }

    /// Delivers until `stopped` turns true or its sender is gone; then finishes what it has begun.
    pub(crate) async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = Instant::now() + self.begin(&mut running).await;
            tokio::select! {
                // In this order: once it is to stop nothing more is begun, and what is rare is not kept waiting by what is not.
                biased;
                () = told(&mut stopped) => break,
                _ = ticks.tick() => self.look_around(running.is_empty()).await,
                Some(ended) = running.join_next() => report(ended),
                () = self.woken.notified() => {}
                () = sleep_until(wake) => {}
            }
        }
        while let Some(ended) = running.join_next().await {
            report(ended);
        }
    }

    /// Begins what can be begun, and says how long to wait if nothing happens.
    async fn begin(self: &Arc<Self>, running: &mut JoinSet<()>) -> Duration {
        match self.start_due(running).await {
            Ok(None) => POLL,
            Ok(Some(at)) => Duration::from_millis(at.saturating_sub(self.queue.now())).min(POLL),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the queue of mails could not be read");
                STORE_PAUSE
            }
        }
    }

    /// Now and then: says how many mails wait, and lets the mailer rest if it is idle.
    async fn look_around(&self, idle: bool) {
        if let Ok(waiting) = self.queue.waiting().await {
            self.metrics.mails_waiting(waiting);
        }
        if idle {
            self.mailer.rest().await;
        }
    }

    /// Leases what is due and begins to hand it over, as far as there is room. When the next mail is due, if there is room for it.
    pub(super) async fn start_due(
        self: &Arc<Self>,
        running: &mut JoinSet<()>,
    ) -> Result<Option<Timestamp>, StoreError> {
        for _ in 0..MAX_PASSES {
            let now = self.queue.now();
            let room = match self.breaker().admits(now) {
                Admits::All => self.settings.concurrency.saturating_sub(running.len()),
                Admits::One => usize::from(running.is_empty()),
                Admits::NoneUntil(at) => return Ok(Some(at)),
            };
            if room == 0 {
                return Ok(None);
            }
            let (due, next) = self.queue.due(now, room.saturating_add(SPARE)).await?;
            if due.is_empty() {
                return Ok(next);
            }
            let mut failed = None;
            let mut begun = 0;
            for place in &due {
                let taken =
                    self.queue
                        .take(place, self.settings.max_tries, self.settings.lease_ms());
                match taken.await {
                    Ok(Taken::Leased(held)) => {
                        running.spawn(self.clone().hand_over(*held));
                        begun += 1;
                    }
                    Ok(Taken::Settled(state)) => self.metrics.mail(state.as_str()),
                    Ok(Taken::Lost) => {}
                    // It may be this one mail that cannot be read.
                    Err(error) => failed = Some(error),
                }
                if begun == room {
                    return Ok(None);
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(Some(self.queue.now()))
    }

    /// Hands one mail over, if it still may be, and writes what became of it.
    pub(super) async fn hand_over(self: Arc<Self>, held: Held) {
        let settled = match self.queue.words(&held, self.settings.timeout_ms()).await {
            Ok(Words::Letter(letter)) => self.deliver(&held, &letter).await,
            Ok(Words::Over(over)) => over,
            Ok(Words::NotHeld) => {
                tracing::info!(
                    mail = held.id,
                    "a mail is not this host's to hand over any more"
                );
                return;
            }
            Ok(Words::Unreadable(Unreadable::Damaged)) => {
                self.give_up(&held, Reason::new("damaged"))
            }
            Ok(Words::Unreadable(Unreadable::NotNow(_))) | Err(_) => {
                self.put_off(&held, Reason::new("cannot be read now"))
            }
        };
        self.mark(held, &settled).await;
    }

    /// Hands `letter` over. What the server answered to it says that the server can be used, and nothing else does.
    async fn deliver(&self, held: &Held, letter: &Letter) -> Settled {
        let delivered = timeout(self.settings.timeout, self.mailer.deliver(letter)).await;
        let Ok(outcome) = delivered else {
            return self.put_off(held, Reason::new("not in time"));
        };
        let answered = match &outcome {
            Ok(_) => true,
            Err(MailError::Refused(reason) | MailError::Deferred(reason)) => reason.is_answer(),
            Err(MailError::Down(_)) => false,
        };
        if answered {
            self.breaker().answered();
        }
        match outcome {
            Ok(Delivered::Sent) => Settled::Sent,
            Ok(Delivered::Captured) => Settled::Captured,
            Err(MailError::Refused(reason)) => self.give_up(held, reason),
            Err(MailError::Deferred(reason)) => self.put_off(held, reason),
            Err(MailError::Down(reason)) => self.wait_for_server(held, reason),
        }
    }

    fn give_up(&self, held: &Held, reason: Reason) -> Settled {
        let (id, tries) = (&held.id, held.progress.tries);
        tracing::warn!(mail = id, tries, %reason, "a mail is given up: it will not be accepted");
        Settled::Failed(reason.to_string())
    }

    /// Later again, unless it was tried too often.
    fn put_off(&self, held: &Held, reason: Reason) -> Settled {
        let (id, tries) = (&held.id, held.progress.tries);
        if tries >= self.settings.max_tries {
            tracing::warn!(mail = id, tries, %reason, "a mail is given up: it was tried too often");
            return Settled::Failed(format!("{reason}, tried too often"));
        }
        tracing::info!(mail = id, tries, %reason, "a mail is put off");
        let wait = self.settings.backoff.wait(tries);
        let due = self.queue.now().saturating_add(wait);
        Settled::Again {
            // It is looked at when its time is over, to say so.
            due: due.min(held.progress.expires_at),
            reason: reason.to_string(),
            counts: true,
        }
    }

    /// Again when the server is asked next, and without counting: it is not the mail's fault.
    fn wait_for_server(&self, held: &Held, reason: Reason) -> Settled {
        let outage = self.settings.outage();
        let now = self.queue.now();
        let (until, news) = self.breaker().unreachable(now, reason, &outage);
        if news {
            tracing::warn!(%reason, "mails wait: the mail server cannot be used");
        }
        Settled::Again {
            due: until.min(held.progress.expires_at),
            reason: reason.to_string(),
            counts: false,
        }
    }

    /// Writes what became of a mail. If the store cannot do it now, again: a mail that was sent and is not marked is sent twice.
    async fn mark(&self, held: Held, settled: &Settled) {
        let id = held.id.clone();
        for attempt in 0..MARK_ATTEMPTS {
            match self.queue.settle(held.clone(), settled).await {
                Ok(Some(state)) => {
                    tracing::debug!(mail = id, state = state.as_str(), "a mail was handled");
                    let deferred = matches!(settled, Settled::Again { .. });
                    self.metrics
                        .mail(if deferred { "deferred" } else { state.as_str() });
                    return;
                }
                Ok(None) => {
                    tracing::warn!(mail = id, "the lease of a mail was over before its end");
                    return;
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(mail = id, error, "what became of a mail was not written");
                }
            }
            sleep_until(Instant::now() + MARK_PAUSE * 2_u32.pow(attempt)).await;
        }
        tracing::error!(
            mail = id,
            "what became of a mail could not be written: it is tried again"
        );
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        // It is changed in one step: it cannot be half changed.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ready once `stopped` is true, or can never be.
async fn told(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|&stop| stop).await);
}

/// A hand-over that panicked has marked nothing: its mail is due again when the lease is over.
fn report(ended: Result<(), JoinError>) {
    if ended.is_err() {
        // What a panic says may hold a value: it is not logged.
        tracing::error!("the hand-over of a mail panicked; the mailer is at fault");
    }
}
