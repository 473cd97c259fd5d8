//! Whether a message may still be called off. Client and message decide it by one compare-and-swap: never both. And whether it is
//! committing, so that others wait for it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

const OPEN: u8 = 0;
const HELD: u8 = 1;
const CALLED_OFF: u8 = 2;

/// The state of one message.
#[derive(Debug, Default)]
pub(crate) struct Pin {
    state: AtomicU8,
    committing: AtomicBool,
}

/// While it lives, the message is committing.
pub(crate) struct Committing<'a>(&'a Pin);

impl Drop for Committing<'_> {
    fn drop(&mut self) {
        self.0.committing.store(false, Ordering::SeqCst);
    }
}

impl Pin {
    /// Holds the message: its client can no longer call it off. False if the client was faster.
    pub(crate) fn hold(&self) -> bool {
        match self
            .state
            .compare_exchange(OPEN, HELD, Ordering::SeqCst, Ordering::SeqCst)
        {
            Ok(_) => true,
            Err(state) => state == HELD,
        }
    }

    /// Lets go again: what it was held for has left no trace.
    pub(crate) fn release(&self) {
        self.state.store(OPEN, Ordering::SeqCst);
    }

    /// Says that others may wait for this message from now on.
    pub(crate) fn commit(&self) -> Committing<'_> {
        self.committing.store(true, Ordering::SeqCst);
        Committing(self)
    }

    pub(crate) fn is_committing(&self) -> bool {
        self.committing.load(Ordering::SeqCst)
    }

    pub(crate) fn is_held(&self) -> bool {
        self.state.load(Ordering::SeqCst) == HELD
    }

    /// Calls the message off. False if it is held.
    pub(crate) fn call_off(&self) -> bool {
        match self
            .state
            .compare_exchange(OPEN, CALLED_OFF, Ordering::SeqCst, Ordering::SeqCst)
        {
            Ok(_) => true,
            Err(state) => state == CALLED_OFF,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_decides() {
        let pin = Pin::default();
        assert!(pin.hold() && pin.hold() && !pin.call_off());
        pin.release();
        assert!(pin.call_off() && pin.call_off() && !pin.hold());
    }

    #[test]
    fn it_commits_for_as_long_as_it_says() {
        let pin = Pin::default();
        let committing = pin.commit();
        assert!(pin.is_committing());
        drop(committing);
        assert!(!pin.is_committing());
    }
}
