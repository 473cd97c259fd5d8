//! The threads that hash, and what waits for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use argon2::Block;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::HashError;
use super::cost::Cost;
use super::queue::{FairQueue, Pushed};

/// What a hash is taken to last before one was measured.
const FIRST_GUESS: Duration = Duration::from_millis(50);

/// One hash to compute.
pub(super) struct Task {
    pub(super) input: Zeroizing<Vec<u8>>,
    pub(super) cost: Cost,
    pub(super) salt: Vec<u8>,
    pub(super) length: usize,
}

type Hash = Zeroizing<Vec<u8>>;

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
    own: Cost,
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
    hashed: u64,
    refused: u64,
    mean: Duration,
    closed: bool,
}

/// A task and who waits for it.
struct Job {
    task: Task,
    answer: oneshot::Sender<Result<Hash, HashError>>,
}

impl Pool {
    /// A pool of `workers` threads, yet to be started, for hashes that mostly cost `own`. `queue` more may wait.
    pub(super) fn new(own: Cost, workers: usize, queue: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                own,
                workers,
                queue,
                state: Mutex::new(State {
                    queue: FairQueue::new(),
                    running: 0,
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
        self.shared.submit(who, Job { task, answer });
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
        let mut memory = Vec::new();
        while let Some(job) = self.next() {
            let began = Instant::now();
            let hash = catch_unwind(AssertUnwindSafe(|| compute(&job.task, &mut memory)));
            let lasted = began.elapsed();
            if memory.len() > self.own.memory_kib as usize {
                // An imported hash wanted more than the own ones: give it back.
                memory = Vec::new();
            }
            let mut state = self.lock();
            state.running -= 1;
            state.hashed += 1;
            state.mean = (state.mean * 7 + lasted) / 8;
            drop(state);
            let _ = job
                .answer
                .send(hash.unwrap_or(None).ok_or(HashError::Failed));
        }
    }

    /// The next job that somebody still waits for; none when the pool is closed.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            match state.queue.pop() {
                Some(job) if job.answer.is_closed() => {}
                Some(job) => {
                    state.running += 1;
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

/// The hash, computed in `memory`, which grows as needed. What the last hash left is not wiped, which would cost a fifth of a hash: it
/// comes of a password under its pepper, and whoever reads this process's memory has what is in it anyway.
fn compute(task: &Task, memory: &mut Vec<Block>) -> Option<Hash> {
    let argon2 = task.cost.argon2id(task.length)?;
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.try_reserve_exact(blocks - memory.len()).ok()?;
        memory.resize(blocks, Block::default());
    }
    let mut hash = Zeroizing::new(vec![0; task.length]);
    argon2
        .hash_password_into_with_memory(&task.input, &task.salt, &mut hash, &mut memory[..])
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn threads_end_with_the_pool() {
        let cost = Cost {
            memory_kib: 64,
            iterations: 1,
            parallelism: 1,
        };
        let pool = Pool::new(cost, 3, 4);
        pool.start().unwrap();
        let task = Task {
            input: Zeroizing::new(b"x".to_vec()),
            cost,
            salt: vec![0; 16],
            length: 32,
        };
        assert!(pool.run("w", task).await.is_ok());
        // Each thread holds it: none is left when nobody does.
        let shared = Arc::downgrade(&pool.shared);
        assert_eq!(shared.strong_count(), 4);
        drop(pool);
        assert_eq!(shared.strong_count(), 0);
    }
}
