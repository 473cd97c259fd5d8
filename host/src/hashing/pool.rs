//! The threads that hash, and what waits for them.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::HashError;
use super::compute::{Hash, Task, compute};
use super::own::Own;
use super::queue::{FairQueue, Pushed};

/// What a hash is taken to last before one was measured.
const FIRST_GUESS: Duration = Duration::from_millis(50);

/// The memory that all hashes not of today that are being computed may want together, beside what the threads keep, in KiB: 256 MiB,
/// however many threads there are.
const OTHERS_KIB: u32 = 256 * 1024;

/// What a pool has done and has to do, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Requests that wait.
    pub waiting: usize,
    /// Hashes being computed.
    pub running: usize,
    /// Hashes computed since the start.
    pub hashed: u64,
    /// Requests refused since the start because there was no room.
    pub refused: u64,
    /// What a hash lasts lately, in microseconds.
    pub mean_us: u64,
}

/// Threads with a queue.
pub(super) struct Pool {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    own: Own,
    workers: usize,
    /// How many may wait beside those that are computed.
    queue: usize,
    state: Mutex<State>,
    /// Something waits, or the pool is closed.
    wake: Condvar,
}

struct State {
    queue: FairQueue<Job>,
    running: usize,
    /// What is left of [`OTHERS_KIB`].
    others_kib: u32,
    hashed: u64,
    refused: u64,
    mean: Duration,
    closed: bool,
}

/// A task and who waits for it.
struct Job {
    task: Task,
    /// The memory that it wants beside what the threads keep.
    others_kib: u32,
    answer: oneshot::Sender<Result<Hash, HashError>>,
}

impl Pool {
    /// A pool of `workers` threads, yet to be started. `queue` more may wait.
    pub(super) fn new(own: Own, workers: usize, queue: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                own,
                workers,
                queue,
                state: Mutex::new(State {
                    queue: FairQueue::new(),
                    running: 0,
                    others_kib: OTHERS_KIB,
                    hashed: 0,
                    refused: 0,
                    mean: FIRST_GUESS,
                    closed: false,
                }),
                wake: Condvar::new(),
            }),
            threads: Mutex::default(),
        }
    }

    /// Starts the threads.
    pub(super) fn start(&self) -> std::io::Result<()> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for number in 0..self.shared.workers {
            let shared = self.shared.clone();
            let thread = std::thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || shared.work())?;
            threads.push(thread);
        }
        Ok(())
    }

    /// The hash of `task`, in the turn of `who`. Dropping the future takes it back.
    pub(super) async fn run(&self, who: &str, task: Task) -> Result<Hash, HashError> {
        let (answer, hash) = oneshot::channel();
        let job = Job {
            others_kib: others_kib(&task),
            task,
            answer,
        };
        self.shared.submit(who, job);
        // An answer is lost only if the hash function panicked.
        hash.await.unwrap_or(Err(HashError::Failed))
    }

    pub(super) fn status(&self) -> PoolStatus {
        let state = self.shared.lock();
        PoolStatus {
            waiting: state.queue.len(),
            running: state.running,
            hashed: state.hashed,
            refused: state.refused,
            mean_us: u64::try_from(state.mean.as_micros()).unwrap_or(u64::MAX),
        }
    }
}

impl Drop for Pool {
    /// Ends the threads, each after the hash it is at.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        state.queue.retain(|_| false);
        drop(state);
        self.shared.wake.notify_all();
        let threads = self
            .threads
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

impl State {
    /// The next job that there is memory for. Hashes of today, which want none, pass those that wait for it; nobody else does, or
    /// one that wants much would wait for as long as smaller ones come.
    fn pop(&mut self) -> Option<Job> {
        let (room, is_waited_for) = (self.others_kib, Cell::new(false));
        self.queue.pop(|job| {
            let fits = job.others_kib == 0 || (!is_waited_for.get() && job.others_kib <= room);
            if !fits {
                is_waited_for.set(true);
            }
            fits
        })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues `job`, or refuses it or another in its place.
    fn submit(&self, who: &str, job: Job) {
        let mut state = self.lock();
        let room = (self.workers + self.queue).saturating_sub(state.running);
        if state.queue.len() >= room {
            // Before anybody is refused: some may have gone away.
            state.queue.retain(|job| !job.answer.is_closed());
        }
        let retry_after_ms = self.retry_after_ms(&state);
        let refused = match state.queue.push(who, job, room) {
            Pushed::Waits => None,
            Pushed::InsteadOf(job) | Pushed::Refused(job) => Some(job),
        };
        state.refused += u64::from(refused.is_some());
        drop(state);
        self.wake.notify_one();
        if let Some(job) = refused {
            // Whoever asked may have gone away meanwhile.
            let _ = job
                .answer
                .send(Err(HashError::Overloaded { retry_after_ms }));
        }
    }

    /// How long until all that is there now is done.
    fn retry_after_ms(&self, state: &State) -> u64 {
        let ahead = (state.queue.len() + state.running + 1).div_ceil(self.workers.max(1));
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        let wait = state.mean.saturating_mul(ahead).as_micros().div_ceil(1000);
        u64::try_from(wait).unwrap_or(u64::MAX).max(1)
    }

    /// What a thread does until the pool is closed.
    fn work(&self) {
        give_way();
        let mut worker = self.own.worker();
        while let Some(job) = self.next() {
            let began = Instant::now();
            let hash = catch_unwind(AssertUnwindSafe(|| compute(&job.task, &mut worker)));
            let lasted = began.elapsed();
            let mut state = self.lock();
            state.running -= 1;
            state.others_kib += job.others_kib;
            state.hashed += 1;
            state.mean = (state.mean * 7 + lasted) / 8;
            drop(state);
            if job.others_kib > 0 {
                // There may be room for several now.
                self.wake.notify_all();
            }
            let _ = job
                .answer
                .send(hash.unwrap_or(None).ok_or(HashError::Failed));
        }
    }

    /// The next job that somebody still waits for and that there is memory for; none when the pool is closed.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            match state.pop() {
                Some(job) if job.answer.is_closed() => {}
                Some(job) => {
                    state.running += 1;
                    state.others_kib -= job.others_kib;
                    return Some(job);
                }
                None => {
                    state = self
                        .wake
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }
}

/// Lets other threads go first: a hash keeps a core for milliseconds, and whoever verifies a token needs it for microseconds. Where
/// every core is taken by others, hashing still has a tenth of what one of them has.
fn give_way() {
    // Linux alone has priorities of threads behind this call; elsewhere it would be the process's.
    #[cfg(target_os = "linux")]
    if let Err(cause) = rustix::process::setpriority_process(None, 10) {
        tracing::debug!(%cause, "hashing has the priority of everything else");
    }
}

/// The memory that `task` wants beside what a thread keeps, in KiB. One that wants more than there is gets all of it.
fn others_kib(task: &Task) -> u32 {
    match task {
        Task::Own { .. } => 0,
        Task::Other(other) => other.function.memory_kib().min(OTHERS_KIB),
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use futures::stream::FuturesUnordered;
    use zeroize::Zeroizing;

    use super::*;
    use crate::hashing::compute::Other;
    use crate::hashing::cost::Cost;
    use crate::hashing::function::{Function, Scrypt};

    fn pool(workers: usize, queue: usize) -> Pool {
        let cost = Cost {
            memory_kib: 64,
            iterations: 1,
            parallelism: 1,
        };
        Pool::new(Own::checked(cost).unwrap(), workers, queue)
    }

    fn own() -> Task {
        Task::Own {
            input: Zeroizing::new([1; 32]),
            salt: [0; 16],
        }
    }

    /// One that wants so much memory for itself.
    fn large(mib: u32) -> Task {
        let scrypt = Scrypt {
            log_n: 10 + mib.ilog2(),
            r: 8,
            p: 1,
        };
        let task = Task::Other(Other {
            input: Zeroizing::new(b"x".to_vec()),
            function: Function::Scrypt(scrypt),
            salt: vec![0; 16],
            length: 32,
            is_padded: false,
        });
        assert_eq!(others_kib(&task), mib * 1024);
        task
    }

    #[tokio::test]
    async fn threads_end_with_the_pool() {
        let pool = pool(3, 4);
        pool.start().unwrap();
        assert!(pool.run("w", own()).await.is_ok());
        // Each thread holds it: none is left when nobody does.
        let shared = Arc::downgrade(&pool.shared);
        assert_eq!(shared.strong_count(), 4);
        drop(pool);
        assert_eq!(shared.strong_count(), 0);
    }

    #[test]
    fn imported_hashes_share_their_memory_and_only_hashes_of_today_pass_those_that_wait_for_it() {
        let pool = pool(9, 9);
        let mut answers = Vec::new();
        for task in [large(128), large(64), large(128), own(), large(64)] {
            let (answer, hash) = oneshot::channel();
            let job = Job {
                others_kib: others_kib(&task),
                task,
                answer,
            };
            pool.shared.submit("w", job);
            answers.push(hash);
        }
        let taken = || pool.shared.next().unwrap().others_kib / 1024;
        assert_eq!([taken(), taken(), taken()], [128, 64, 0]);
        // There is room for the last one, but it came after one that waits for more.
        let mut state = pool.shared.lock();
        assert!(state.pop().is_none());
        assert_eq!((state.others_kib, state.queue.len()), (64 * 1024, 2));
        state.others_kib += 64 * 1024;
        drop(state);
        assert_eq!(taken(), 128);
    }

    #[tokio::test]
    async fn the_memory_is_given_back_and_all_are_hashed() {
        let pool = pool(4, 16);
        pool.start().unwrap();
        let tasks = (0..12).map(|number| if number % 3 == 0 { large(1) } else { own() });
        let hashes: FuturesUnordered<_> = tasks.map(|task| pool.run("w", task)).collect();
        let hashed = hashes.filter(|hash| std::future::ready(hash.is_ok()));
        assert_eq!(hashed.count().await, 12);
        assert_eq!(pool.shared.lock().others_kib, OTHERS_KIB);
    }
}
