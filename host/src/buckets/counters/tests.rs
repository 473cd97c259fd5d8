use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::store::memory::MemoryStore;

const START: Timestamp = 1_700_000_000_000;
const PERIOD_MS: u64 = 900_000;

#[derive(Debug)]
struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.load(Ordering::Relaxed)
    }
}

impl TestClock {
    fn advance(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

/// A store and a clock that hosts share.
struct World {
    store: Arc<MemoryStore>,
    clock: Arc<TestClock>,
}

impl World {
    fn new() -> Self {
        Self {
            store: Arc::default(),
            clock: Arc::new(TestClock(AtomicU64::new(START))),
        }
    }

    /// A host's counters. Its own task does not come to write unless a test lets it: nothing here waits.
    fn host(&self) -> Arc<Counters> {
        Arc::new(Counters::new(self.store.clone(), self.clock.clone()))
    }

    fn commits(&self) -> u64 {
        self.store.status().commits
    }

    async fn stored(&self) -> Option<Entry> {
        let mut snapshot = self.store.begin().await.unwrap();
        let now = self.clock.now();
        snapshot.get(&namespace(), "key", now).await.unwrap()
    }
}

fn settings(burst: u32) -> config::Bucket {
    config::Bucket {
        burst,
        period_ms: PERIOD_MS,
        persistent: true,
    }
}

async fn take(host: &Arc<Counters>) -> Option<u64> {
    host.take(&settings(3), "key").await.unwrap()
}

#[tokio::test]
async fn what_is_taken_holds_at_once_and_is_written_later() {
    let world = World::new();
    let host = world.host();
    for _ in 0..3 {
        assert_eq!(take(&host).await, None);
        world.clock.advance(1_000);
    }
    assert_eq!(take(&host).await, Some(PERIOD_MS - 3_000));
    assert_eq!(world.commits(), 0);
    host.flush().await.unwrap();
    assert_eq!(world.commits(), 1);
    assert_eq!(take(&host).await, Some(PERIOD_MS - 3_000));
    world.clock.advance(PERIOD_MS - 3_000);
    assert_eq!(take(&host).await, None, "the period is over");
}

#[tokio::test]
async fn the_counters_write_without_being_asked() {
    let world = World::new();
    let host = world.host();
    assert_eq!(take(&host).await, None);
    assert!(host.state().is_scheduled);
    while host.state().is_scheduled {
        tokio::task::yield_now().await;
    }
    assert!(world.stored().await.is_some());
}

#[tokio::test]
async fn a_try_that_is_forgiven_soon_is_never_written() {
    let world = World::new();
    let host = world.host();
    for _ in 0..10 {
        assert_eq!(take(&host).await, None);
        host.reset("key").await.unwrap();
    }
    host.flush().await.unwrap();
    assert_eq!(world.commits(), 0);
    assert!(host.state().pending.is_empty());
}

#[tokio::test]
async fn what_is_written_and_forgiven_later_is_deleted() {
    let world = World::new();
    let host = world.host();
    for _ in 0..3 {
        take(&host).await;
    }
    host.flush().await.unwrap();
    world.clock.advance(60_000);
    host.reset("key").await.unwrap();
    for _ in 0..2 {
        assert_eq!(take(&host).await, None);
    }
    world.clock.advance(60_000);
    assert_eq!(take(&host).await, None);
    assert_eq!(
        take(&host).await,
        Some(PERIOD_MS - 60_000),
        "a period of its own"
    );
    host.flush().await.unwrap();
    assert_eq!(take(&host).await, Some(PERIOD_MS - 60_000));

    host.reset("key").await.unwrap();
    host.flush().await.unwrap();
    assert!(world.stored().await.is_none());
}

#[tokio::test]
async fn the_next_host_goes_on_counting() {
    let world = World::new();
    let first = world.host();
    take(&first).await;
    take(&first).await;
    first.flush().await.unwrap();
    let second = world.host();
    assert_eq!(take(&second).await, None);
    assert_eq!(take(&second).await, Some(PERIOD_MS));
}

#[tokio::test]
async fn hosts_on_one_store_add_up() {
    let world = World::new();
    let (first, second) = (world.host(), world.host());
    assert_eq!(take(&first).await, None);
    assert_eq!(take(&second).await, None);
    let (one, other) = tokio::join!(first.flush(), second.flush());
    one.unwrap();
    other.unwrap();
    assert_eq!(take(&first).await, None);
    first.flush().await.unwrap();
    assert_eq!(take(&second).await, Some(PERIOD_MS));
    assert_eq!(take(&first).await, Some(PERIOD_MS));
}

#[tokio::test]
async fn what_is_forgiven_while_it_is_written_stays_forgiven() {
    let world = World::new();
    let host = world.host();
    for _ in 0..3 {
        take(&host).await;
    }
    // As far as a flush has come when it waits for the store.
    let stored = host.read("key", START).await.unwrap().1;
    let batch = {
        let mut state = host.state();
        let pending = state.pending.get_mut("key").unwrap();
        pending.begin("key", &stored, START)
    };
    assert_eq!(
        take(&host).await,
        Some(PERIOD_MS),
        "it counts while it is written"
    );
    host.reset("key").await.unwrap();
    assert_eq!(take(&host).await, None);
    commit(&*host.store, batch).await.unwrap().unwrap();
    assert_eq!(take(&host).await, None, "and once it is stored");
    {
        let mut state = host.state();
        state.written += 1;
        state.pending.get_mut("key").unwrap().end(true);
    }
    assert_eq!(take(&host).await, None);
    assert_eq!(take(&host).await, Some(PERIOD_MS));
    host.flush().await.unwrap();
    assert_eq!(take(&host).await, Some(PERIOD_MS));
}

#[test]
fn what_could_not_be_written_is_pending_still() {
    let change = |forgives, taken| Change { forgives, taken };
    for (written, later, left) in [
        (change(false, 2), change(false, 1), change(false, 3)),
        (change(true, 2), change(false, 1), change(true, 3)),
        (change(false, 2), change(true, 1), change(true, 1)),
    ] {
        let mut pending = Pending {
            change: later,
            writing: Some((written, None)),
            ..Pending::default()
        };
        let mut done = pending;
        pending.end(false);
        assert_eq!((pending.change, pending.writing), (left, None));
        done.end(true);
        assert_eq!((done.change, done.writing), (later, None));
    }
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_left_holds_nobody_up() {
    let world = World::new();
    world.clock.advance(10 * PERIOD_MS);
    let ahead = world.host();
    for _ in 0..3 {
        take(&ahead).await;
    }
    ahead.flush().await.unwrap();
    world.clock.0.store(START, Ordering::Relaxed);
    let host = world.host();
    for _ in 0..3 {
        assert_eq!(take(&host).await, None);
    }
    host.flush().await.unwrap();
    assert_eq!(take(&host).await, Some(PERIOD_MS));
}
