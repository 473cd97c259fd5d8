use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

use super::Turns;
use super::lines::{LONG, LineId, Lines, RESERVED_FOR, Ticket, Turn};

const SHORT: Duration = Duration::from_micros(50);
const TICK: Duration = Duration::from_millis(1);

/// A limit that no test reaches.
fn later() -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(3_600)
}

/// Lines on a machine of so many cores, with a moment that the test moves.
struct Site {
    lines: Lines,
    now: Instant,
}

impl Site {
    fn new(cores: usize) -> Self {
        Self {
            lines: Lines::new(cores),
            now: Instant::now(),
        }
    }

    fn join(&mut self, command: &str) -> LineId {
        self.lines.join(&command.into())
    }

    fn ask(&mut self, line: LineId, used: Duration) -> Result<Turn, Ticket> {
        self.lines.ask(line, used, Waker::noop(), self.now)
    }

    fn wait(&mut self, line: LineId, used: Duration) -> Ticket {
        self.ask(line, used).expect_err("there was a free turn")
    }

    fn may_begin(&mut self, line: LineId, ticket: Ticket) -> bool {
        self.lines.ask_again(line, ticket, Waker::noop()).is_ok()
    }
}

#[test]
fn no_more_messages_run_than_there_are_cores() {
    let mut site = Site::new(2);
    let line = site.join("a/a");
    assert_eq!(site.ask(line, SHORT), Ok(Turn::Short));
    assert_eq!(site.ask(line, SHORT), Ok(Turn::Short));
    let third = site.wait(line, SHORT);
    assert!(!site.may_begin(line, third));
    assert_eq!(site.lines.end(line, Turn::Short, SHORT).len(), 1);
    assert!(site.may_begin(line, third));
}

#[test]
fn the_line_that_used_least_is_next_however_long_the_other_is() {
    let mut site = Site::new(1);
    let (flood, quiet) = (site.join("flood/run"), site.join("quiet/run"));
    assert_eq!(site.ask(flood, SHORT), Ok(Turn::Short));
    let before: Vec<_> = (0..40).map(|_| site.wait(flood, SHORT)).collect();
    let one = site.wait(quiet, SHORT);
    site.lines.end(flood, Turn::Short, SHORT);
    assert!(site.may_begin(quiet, one));
    assert!(before.iter().all(|ticket| !site.may_begin(flood, *ticket)));
}

#[test]
fn within_a_line_the_first_is_first() {
    let mut site = Site::new(1);
    let line = site.join("a/a");
    assert_eq!(site.ask(line, SHORT), Ok(Turn::Short));
    let (first, second) = (site.wait(line, SHORT), site.wait(line, SHORT));
    site.lines.end(line, Turn::Short, SHORT);
    assert!(!site.may_begin(line, second));
    assert!(site.may_begin(line, first));
}

#[test]
fn a_line_cannot_save_up_turns_while_it_is_empty() {
    let mut site = Site::new(1);
    // Its message waits for something else all the while.
    let (busy, idle) = (site.join("busy/run"), site.join("idle/run"));
    assert!(site.ask(idle, SHORT).is_ok());
    site.lines.end(idle, Turn::Short, SHORT);
    for _ in 0..100 {
        assert!(site.ask(busy, SHORT).is_ok());
        site.lines.end(busy, Turn::Short, TICK);
    }
    // It comes back, and takes turns with the busy one instead of a hundred in a row.
    assert!(site.ask(busy, SHORT).is_ok());
    let (busy_next, idle_first) = (site.wait(busy, SHORT), site.wait(idle, SHORT));
    site.lines.end(busy, Turn::Short, TICK);
    assert!(site.may_begin(idle, idle_first));
    let idle_second = site.wait(idle, SHORT);
    site.lines.end(idle, Turn::Short, 2 * TICK);
    assert!(!site.may_begin(idle, idle_second));
    assert!(site.may_begin(busy, busy_next));
}

#[test]
fn long_messages_leave_half_of_the_cores_to_short_ones() {
    let mut site = Site::new(2);
    let (long, short) = (site.join("long/run"), site.join("short/run"));
    assert_eq!(site.ask(short, SHORT), Ok(Turn::Short));
    site.lines.end(short, Turn::Short, SHORT);
    assert_eq!(site.ask(long, 2 * LONG), Ok(Turn::Long));
    site.wait(long, 2 * LONG);
    assert_eq!(site.ask(short, SHORT), Ok(Turn::Short));
}

#[test]
fn without_short_messages_long_ones_have_all_cores() {
    let mut site = Site::new(2);
    let (long, short) = (site.join("long/run"), site.join("short/run"));
    assert_eq!(site.ask(long, 2 * LONG), Ok(Turn::Long));
    assert_eq!(site.ask(long, 2 * LONG), Ok(Turn::Long));
    site.lines.end(long, Turn::Long, TICK);
    // A short one has been there, but that is long ago.
    assert_eq!(site.ask(short, SHORT), Ok(Turn::Short));
    site.lines.end(short, Turn::Short, SHORT);
    site.wait(long, 2 * LONG);
    site.now += RESERVED_FOR + TICK;
    assert_eq!(site.ask(long, 2 * LONG), Ok(Turn::Long));
}

#[test]
fn a_command_that_is_usually_long_is_long_from_the_start() {
    let mut site = Site::new(2);
    let line = site.join("long/run");
    assert_eq!(site.ask(line, Duration::ZERO), Ok(Turn::Short));
    site.lines.end(line, Turn::Short, 100 * TICK);
    site.lines.leave(line, None, 100 * TICK);
    site.join("long/run");
    assert_eq!(site.ask(line, Duration::ZERO), Ok(Turn::Long));
}

#[tokio::test]
async fn a_command_that_keeps_faulting_is_long_and_one_fault_is_forgiven() {
    let turns = Turns::new();
    let (faulty, sound) = (Arc::from("faulty/run"), Arc::from("sound/run"));
    let is_long = |command: &Arc<str>| {
        let mut lines = turns.lines();
        let line = lines.join(command);
        let turn = lines.ask(line, Duration::ZERO, Waker::noop(), Instant::now());
        let turn = turn.expect("nobody else is there");
        drop(lines.end(line, turn, Duration::ZERO));
        drop(lines.leave(line, None, Duration::ZERO));
        turn == Turn::Long
    };
    for _ in 0..8 {
        turns
            .run(&faulty, later, || false, async {}, |()| true)
            .await;
    }
    assert!(is_long(&faulty));
    turns
        .run(&sound, later, || false, async {}, |()| true)
        .await;
    assert!(!is_long(&sound));
    for _ in 0..16 {
        turns
            .run(&faulty, later, || false, async {}, |()| false)
            .await;
    }
    assert!(!is_long(&faulty));
}

#[test]
fn a_short_one_does_not_wait_behind_a_long_one_of_its_line() {
    let mut site = Site::new(2);
    let line = site.join("a/a");
    assert_eq!(site.ask(line, SHORT), Ok(Turn::Short));
    assert_eq!(site.ask(line, 2 * LONG), Ok(Turn::Long));
    let (long, short) = (site.wait(line, 2 * LONG), site.wait(line, SHORT));
    // The other long one still has its turn.
    site.lines.end(line, Turn::Short, SHORT);
    assert!(!site.may_begin(line, long));
    assert!(site.may_begin(line, short));
}

#[test]
fn who_leaves_while_it_waits_gives_its_turn_to_the_next() {
    let mut site = Site::new(1);
    let line = site.join("a/a");
    for _ in 0..3 {
        site.join("a/a");
    }
    assert_eq!(site.ask(line, SHORT), Ok(Turn::Short));
    let (first, second, third) = (
        site.wait(line, SHORT),
        site.wait(line, SHORT),
        site.wait(line, SHORT),
    );
    // One that only waits, and one that was given the turn and did not come.
    assert!(site.lines.leave(line, Some(second), SHORT).is_empty());
    assert_eq!(site.lines.end(line, Turn::Short, SHORT).len(), 1);
    assert_eq!(site.lines.leave(line, Some(first), SHORT).len(), 1);
    assert!(site.may_begin(line, third));
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_that_is_called() {
    let mut site = Site::new(1);
    let line = site.join("a/a");
    assert!(site.ask(line, SHORT).is_ok());
    let ticket = site.wait(line, SHORT);
    let count = Arc::new(Count::default());
    assert!(
        site.lines
            .ask_again(line, ticket, &count.clone().into())
            .is_err()
    );
    for waker in site.lines.end(line, Turn::Short, SHORT) {
        waker.wake();
    }
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_comes_to_an_end_however_many_wait_and_hang_up() {
    let turns = Arc::new(Turns::new());
    let mut all = Vec::new();
    for number in 0..200_u32 {
        let turns = turns.clone();
        let work = async move {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            number
        };
        all.push(tokio::spawn(async move {
            let command = format!("a/{}", number % 3).into();
            turns.run(&command, later, || false, work, |_| false).await
        }));
    }
    // Every fifth hangs up: none of them may take a turn along.
    all.iter().step_by(5).for_each(|task| task.abort());
    let mut ended = 0;
    for (number, task) in all.into_iter().enumerate() {
        match task.await {
            Ok(answer) => assert_eq!(answer as usize, number),
            Err(error) => assert!(error.is_cancelled()),
        }
        ended += 1;
    }
    assert_eq!(ended, 200);
    let one = "a/0".into();
    assert_eq!(
        turns
            .run(&one, later, || false, async { 7 }, |_| false)
            .await,
        7
    );
}

#[tokio::test]
async fn a_panic_gives_the_turn_back() {
    let turns = Arc::new(Turns::new());
    for _ in 0..100 {
        let turns = turns.clone();
        let panicked = tokio::spawn(async move {
            let command = "a/a".into();
            turns
                .run(
                    &command,
                    later,
                    || false,
                    async { panic!("on purpose") },
                    |()| false,
                )
                .await
        });
        assert!(panicked.await.is_err());
    }
    assert_eq!(
        turns
            .run(&"a/a".into(), later, || false, async { 7 }, |_| false)
            .await,
        7
    );
}

/// A line with `turns` where somebody holds every turn until the sender is dropped.
async fn all_taken(turns: &Arc<Turns>) -> Vec<std::sync::mpsc::Sender<()>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut held = Vec::new();
    for _ in 0..cores {
        let (hold, held_until) = std::sync::mpsc::channel::<()>();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let turns = turns.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            let work = async {
                begun.send(()).unwrap();
                // One poll that takes until the test is over.
                assert!(held_until.recv().is_err());
            };
            runtime.block_on(turns.run(&"held/run".into(), later, || false, work, |()| false));
        });
        has_begun.await.unwrap();
        held.push(hold);
    }
    held
}

#[tokio::test]
async fn who_is_past_the_limit_or_urgent_waits_for_no_turn() {
    let turns = Arc::new(Turns::new());
    let held = all_taken(&turns).await;
    let command = Arc::from("a/a");
    let now = tokio::time::Instant::now();
    let overdue = turns.run(&command, || now, || false, async { 1 }, |_| false);
    assert_eq!(overdue.await, 1);
    let urgent = turns.run(&command, later, || true, async { 2 }, |_| false);
    assert_eq!(urgent.await, 2);
    // And somebody who is neither does wait.
    let mut other = std::pin::pin!(turns.run(&command, later, || false, async { 3 }, |_| false));
    assert!(futures::poll!(&mut other).is_pending());
    drop(held);
    assert_eq!(other.await, 3);
}

#[tokio::test]
async fn the_limit_may_change_while_it_waits() {
    let turns = Arc::new(Turns::new());
    let _held = all_taken(&turns).await;
    let command = Arc::from("a/a");
    let limit = std::cell::Cell::new(later());
    let mut one =
        std::pin::pin!(turns.run(&command, || limit.get(), || false, async { 1 }, |_| false));
    assert!(futures::poll!(&mut one).is_pending());
    limit.set(tokio::time::Instant::now());
    assert_eq!(one.await, 1);
}
