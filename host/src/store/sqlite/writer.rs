//! The one writer: a thread that commits all waiting batches in one SQLite transaction.

mod group;
mod reply;

use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use self::group::Group;
use self::reply::{Reply, reply};
use super::Counters;
use super::schema::Opened;
use crate::clock::Timestamp;
use crate::store::{AttemptId, Batch, Commit, StoreError, Version};

/// How the writer is run.
pub(super) struct WriterOptions {
    /// How many jobs wait, and how many are taken at once.
    pub(super) queue: usize,
}

/// The writer's handle. Dropping it waits until all jobs are done.
pub(super) struct Writer {
    /// None only while it is being dropped.
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// What the writer is asked to do.
enum Job {
    Commit(Batch, Reply<Commit>),
    FindAttempt(AttemptId, Reply<Option<Version>>),
    Sweep(Timestamp, usize, Reply<usize>),
}

impl Writer {
    pub(super) fn start(
        opened: Opened,
        options: WriterOptions,
        counters: Arc<Counters>,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel(options.queue);
        let thread = std::thread::Builder::new()
            .name("vestibule-store".to_owned())
            .spawn(move || run(waiting, options.queue, Group::new(opened, counters)))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        self.ask(|reply| Job::Commit(batch, reply)).await
    }

    /// Asked of the writer, behind whatever waits, so that "it was not" stays true.
    pub(super) async fn find_attempt(
        &self,
        attempt: AttemptId,
    ) -> Result<Option<Version>, StoreError> {
        self.ask(|reply| Job::FindAttempt(attempt, reply)).await
    }

    pub(super) async fn sweep(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.ask(|reply| Job::Sweep(now, limit, reply)).await
    }

    /// Hands a job over, waiting for room, and waits for its answer. Once handed over, it is done whether or not anybody waits.
    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError>
    where
        T: reply::Lost,
    {
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        let room = jobs.reserve().await.map_err(|_| gone())?;
        let (reply, answer) = reply();
        room.send(job(reply));
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has answered all its callers, and there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// The writer thread. Whatever comes in while it syncs is the next group.
fn run(mut waiting: mpsc::Receiver<Job>, at_once: usize, mut group: Group) {
    let mut jobs = Vec::new();
    while waiting.blocking_recv_many(&mut jobs, at_once) > 0 {
        let mut commits = Vec::new();
        let mut others = Vec::new();
        for job in jobs.drain(..) {
            match job {
                Job::Commit(batch, reply) => commits.push((batch, reply)),
                other => others.push(other),
            }
        }
        if !commits.is_empty() {
            group.commit(commits);
        }
        for job in others {
            match job {
                Job::Commit(batch, reply) => group.commit(vec![(batch, reply)]),
                Job::FindAttempt(attempt, reply) => reply.answer(group.find_attempt(attempt)),
                Job::Sweep(now, limit, reply) => reply.answer(group.sweep(now, limit)),
            }
        }
        group.checkpoint_if_due();
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the store's writer has stopped".into())
}
