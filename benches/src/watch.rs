//! The resident memory of a process, as it goes.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Looks at a process's memory every few milliseconds.
pub(crate) struct Watch {
    stop: oneshot::Sender<()>,
    task: JoinHandle<f64>,
}

impl Watch {
    /// Watches the process `id`.
    pub(crate) fn start(runtime: &Runtime, id: u32) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = runtime.spawn(async move {
            let mut most = 0.0_f64;
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            loop {
                tokio::select! {
                    // A process that has ended has no memory.
                    _ = ticks.tick() => most = most.max(megabytes(id).unwrap_or_default()),
                    _ = &mut stopped => return most,
                }
            }
        });
        Self { stop, task }
    }

    /// The most that was seen, in MB (10^6 bytes).
    pub(crate) fn most(self, runtime: &Runtime) -> Result<f64> {
        // The task waits for it or has ended.
        let _ = self.stop.send(());
        Ok(runtime.block_on(self.task)?)
    }
}

/// The resident memory of the process `id`, in MB (10^6 bytes).
pub(crate) fn megabytes(id: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .context("no such figure")?
        .parse()?;
    Ok(kib * 1_024.0 / 1e6)
}
