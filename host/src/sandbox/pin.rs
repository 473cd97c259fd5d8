//! Whether a message may still be called off. Client and message decide it by one compare-and-swap: never both.

use std::sync::atomic::{AtomicU8, Ordering};

const OPEN: u8 = 0;
const HELD: u8 = 1;
const CALLED_OFF: u8 = 2;

/// The state of one message.
#[derive(Debug, Default)]
pub(crate) struct Pin(AtomicU8);

impl Pin {
    /// Holds the message: its client can no longer call it off. False if the client was faster.
    pub(crate) fn hold(&self) -> bool {
        match self
            .0
            .compare_exchange(OPEN, HELD, Ordering::SeqCst, Ordering::SeqCst)
        {
            Ok(_) => true,
            Err(state) => state == HELD,
        }
    }

    /// Lets go again: what it was held for has left no trace.
    pub(crate) fn release(&self) {
        self.0.store(OPEN, Ordering::SeqCst);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.0.load(Ordering::SeqCst) == HELD
    }

    /// Calls the message off. False if it is held.
    pub(crate) fn call_off(&self) -> bool {
        match self
            .0
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
}
