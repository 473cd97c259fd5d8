//! Sending at a steady pace, whether or not answers come: a stall shows in everything that is sent meanwhile.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::measure::Latencies;

/// A thread that sends, and what becomes of what it sent.
pub(crate) struct Pace<T> {
    sender: JoinHandle<Latencies>,
    results: mpsc::UnboundedReceiver<T>,
}

impl<T: Send + 'static> Pace<T> {
    /// Spawns what `once` gives, `a_second` times a second for `span`, from a thread of its own: load is not to delay the sending.
    pub(crate) fn start<F, W>(
        runtime: &Runtime,
        a_second: f64,
        span: Duration,
        once: F,
    ) -> Result<Self>
    where
        F: Fn(usize) -> W + Send + 'static,
        W: Future<Output = T> + Send + 'static,
    {
        let (done, results) = mpsc::unbounded_channel();
        let runtime = runtime.handle().clone();
        let started = Instant::now();
        let send = move || {
            let mut late = Latencies::new();
            for number in 0_u32.. {
                let due = started + Duration::from_secs_f64(f64::from(number) / a_second);
                if due >= started + span {
                    break;
                }
                wait_until(due);
                late.record(due.elapsed());
                let (work, done) = (once(number as usize), done.clone());
                runtime.spawn(async move {
                    // Whoever asked for the results may have given up.
                    let _ = done.send(work.await);
                });
            }
            late
        };
        let sender = std::thread::Builder::new()
            .name("pace".into())
            .spawn(send)?;
        Ok(Self { sender, results })
    }

    /// Waits for the end: everything that was sent has its result then. Second, how late things were sent.
    pub(crate) fn finish(self, runtime: &Runtime) -> Result<(Vec<T>, Latencies)> {
        let Self {
            sender,
            mut results,
        } = self;
        // First: a thread that woke up for every result would take part in what is measured.
        let late = sender
            .join()
            .map_err(|_| anyhow!("the pacing thread panicked"))?;
        let all = runtime.block_on(async {
            let mut all = Vec::new();
            while let Some(result) = results.recv().await {
                all.push(result);
            }
            all
        });
        Ok((all, late))
    }
}

#[expect(clippy::disallowed_methods, reason = "it keeps a pace")]
fn wait_until(due: Instant) {
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
}
