//! Whether the mail server can be used at all.
//!
//! ```text
//!                   it cannot be reached
//!   closed ─────────────────────────────────▶ open: nothing is tried
//!     ▲                                         │      ▲
//!     │ it answers                    wait over │      │ it cannot be reached: a longer wait
//!     │                                         ▼      │
//!     └──────────────────────────────────── half open: one mail is tried
//! ```
//!
//! So a server that is down costs no mail a try, and is found again within one wait, however many mails wait for it.

use crate::clock::Timestamp;
use crate::outbox::backoff::Backoff;
use crate::outbox::mail::Reason;

/// Its state.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// The last failure. A clock that steps back behind it ends the wait, which could be years otherwise.
    since: Timestamp,
    until: Timestamp,
    reason: Option<Reason>,
}

/// How many mails may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admits {
    /// As many as there is room for.
    All,
    /// One.
    One,
    /// None before this moment.
    NoneUntil(Timestamp),
}

impl Breaker {
    /// How many mails may be tried at `now`.
    pub(super) fn admits(&self, now: Timestamp) -> Admits {
        match self.failures {
            0 => Admits::All,
            _ if self.waits(now) => Admits::NoneUntil(self.until),
            _ => Admits::One,
        }
    }

    /// The server answered to a mail, whatever it was.
    pub(super) fn answered(&mut self) {
        *self = Self::default();
    }

    /// The server could not be reached. When to try again; and whether this is news, not one of several that were under way.
    pub(super) fn unreachable(
        &mut self,
        now: Timestamp,
        reason: Reason,
        backoff: &Backoff,
    ) -> (Timestamp, bool) {
        if self.failures > 0 && self.waits(now) {
            return (self.until, false);
        }
        let news = self.reason != Some(reason);
        self.failures = self.failures.saturating_add(1);
        self.since = now;
        self.until = now.saturating_add(backoff.wait(self.failures));
        self.reason = Some(reason);
        (self.until, news)
    }

    fn waits(&self, now: Timestamp) -> bool {
        (self.since..self.until).contains(&now)
    }

    /// Why the server cannot be used, if it cannot.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::backoff::Jitter;

    const DOWN: Reason = Reason::new("cannot be reached");

    fn backoff() -> Backoff {
        Backoff {
            min_ms: 10,
            max_ms: 40,
            jitter: Jitter::new(|most| most),
        }
    }

    #[test]
    fn it_opens_for_longer_and_longer_and_closes_with_an_answer() {
        let mut breaker = Breaker::default();
        assert_eq!(breaker.admits(0), Admits::All);
        let mut now = 0;
        for wait in [10, 20, 40, 40] {
            let (until, _) = breaker.unreachable(now, DOWN, &backoff());
            assert_eq!(until, now + wait);
            assert_eq!(breaker.admits(until - 1), Admits::NoneUntil(until));
            assert_eq!(breaker.admits(until), Admits::One);
            now = until;
        }
        assert_eq!(breaker.reason(), Some(DOWN));
        breaker.answered();
        assert_eq!((breaker.admits(0), breaker.reason()), (Admits::All, None));
    }

    #[test]
    fn those_that_were_under_way_together_fail_once() {
        let mut breaker = Breaker::default();
        assert_eq!(breaker.unreachable(0, DOWN, &backoff()), (10, true));
        for _ in 0..3 {
            assert_eq!(breaker.unreachable(5, DOWN, &backoff()), (10, false));
        }
        assert_eq!(
            breaker.unreachable(10, DOWN, &backoff()),
            (30, false),
            "known already"
        );
        let other = Reason::new("has another certificate");
        assert_eq!(breaker.unreachable(30, other, &backoff()), (70, true));
    }
}
