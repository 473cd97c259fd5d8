//! The slow lane: messages that have used more than a moment of CPU take turns, so that short ones need not wait for them.
//!
//! A tick alone lets others run, but if forty messages loop, a short one still waits for forty ticks. So a message that is
//! past its first [`FAST_TICKS`] queues for a place before each further tick; there are places for half of the cores,
//! and the queue is fair.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many ticks a message may use before it is slow.
pub(crate) const FAST_TICKS: u64 = 2;

/// The places for slow messages of one host.
pub(crate) struct SlowLane(Arc<Semaphore>);

/// A sandbox's place in the lane, while it has one.
#[derive(Clone, Default)]
pub(crate) struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl SlowLane {
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new((cores / 2).max(1))))
    }

    /// Gives `place` up and queues for another.
    pub(crate) fn queue(&self, place: &Place) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        place.leave();
        let (lane, place) = (self.0.clone(), place.clone());
        Box::pin(async move {
            // Also when a place is free: whoever is short comes first, and so does a deadline.
            tokio::task::yield_now().await;
            // The semaphore is never closed; if it were, nobody would be slow.
            if let Ok(permit) = lane.acquire_owned().await {
                place.hold(permit);
            }
        })
    }
}

impl Place {
    /// Lets the next one in: this one waits for something else, or has ended.
    pub(crate) fn leave(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn hold(&self, permit: OwnedSemaphorePermit) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
    }
}
