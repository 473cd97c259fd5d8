//! Who may start: one permit a message from outside, and no command may hold them all.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::sandbox::fault::Ending;
use crate::telemetry::Metrics;

/// When it is worth trying again after too many waited.
const RETRY_AFTER_MS: u64 = 500;

/// Permits for messages in sandboxes.
pub(crate) struct Permits {
    all: Arc<Semaphore>,
    share: usize,
    shares: Mutex<HashMap<Arc<str>, Arc<Semaphore>>>,
    waiting: AtomicU32,
    max_waiting: u32,
    metrics: Arc<Metrics>,
}

/// Leave to be in a sandbox. Dropping it lets the next one in.
pub(crate) struct Permit {
    _share: OwnedSemaphorePermit,
    _one: OwnedSemaphorePermit,
}

impl Permits {
    /// `concurrent` messages at once, `waiting` more at the door.
    pub(crate) fn new(concurrent: u32, waiting: u32, metrics: Arc<Metrics>) -> Self {
        let concurrent = usize::try_from(concurrent.max(1)).unwrap_or(1);
        Self {
            all: Arc::new(Semaphore::new(concurrent)),
            // A quarter stays free of any one command, however often it is called.
            share: (concurrent - concurrent / 4).max(1),
            shares: Mutex::default(),
            waiting: AtomicU32::new(0),
            max_waiting: waiting,
            metrics,
        }
    }

    /// Waits for a permit for `command`, first come first served within the command.
    pub(crate) async fn acquire(&self, command: &Arc<str>) -> Result<Permit, Ending> {
        let share = self.share_of(command);
        if let Ok(one_share) = share.clone().try_acquire_owned()
            && let Ok(one) = self.all.clone().try_acquire_owned()
        {
            return Ok(Permit {
                _share: one_share,
                _one: one,
            });
        }
        let _waiting = self.wait()?;
        let closed = |_| Ending::Unavailable {
            retry_after_ms: RETRY_AFTER_MS,
            cause: None,
        };
        let one_share = share.acquire_owned().await.map_err(closed)?;
        let one = self.all.clone().acquire_owned().await.map_err(closed)?;
        Ok(Permit {
            _share: one_share,
            _one: one,
        })
    }

    fn wait(&self) -> Result<Waiting<'_>, Ending> {
        let before = self.waiting.fetch_add(1, Ordering::SeqCst);
        let waiting = Waiting(self);
        self.metrics.sandbox_waiting(1);
        if before >= self.max_waiting {
            return Err(Ending::Unavailable {
                retry_after_ms: RETRY_AFTER_MS,
                cause: None,
            });
        }
        Ok(waiting)
    }

    fn share_of(&self, command: &Arc<str>) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        match shares.get(command) {
            Some(share) => share.clone(),
            None => shares
                .entry(command.clone())
                .or_insert_with(|| Arc::new(Semaphore::new(self.share)))
                .clone(),
        }
    }
}

/// Counts one that waits, for as long as it does.
struct Waiting<'a>(&'a Permits);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
        self.0.metrics.sandbox_waiting(-1);
    }
}
