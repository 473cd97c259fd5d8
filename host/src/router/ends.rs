//! When a message is to have ended. Fixed once, at its arrival: standing in line counts.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Timestamp;

/// The ends of one message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// When it arrived.
    pub(super) now: Timestamp,
    /// The nearer of the two ends, on the clock that components see.
    pub(super) answer_by: Timestamp,
    /// Its client waits no longer. It counts until the message is held. Never after `limit`.
    pub(super) deadline: Instant,
    /// It may run no longer.
    pub(super) limit: Instant,
}

impl Ends {
    /// Of a message that arrives `now`, whose client waits until `deadline`, and that may take `wall_ms` milliseconds.
    pub(super) fn of(now: Timestamp, deadline: Option<Timestamp>, wall_ms: u64) -> Self {
        let latest = now.saturating_add(wall_ms);
        let answer_by = deadline.map_or(latest, |deadline| deadline.min(latest));
        let arrived = Instant::now();
        Self {
            now,
            answer_by,
            deadline: arrived + Duration::from_millis(answer_by.saturating_sub(now)),
            limit: arrived + Duration::from_millis(wall_ms),
        }
    }

    /// Whether the client waits shorter than the message may take.
    pub(super) fn has_deadline(&self) -> bool {
        self.deadline < self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_s_deadline_is_nearer_or_does_not_count() {
        let near = Ends::of(1_000, Some(1_200), 500);
        assert_eq!((near.answer_by, near.has_deadline()), (1_200, true));
        assert_eq!(near.limit - near.deadline, Duration::from_millis(300));
        for deadline in [None, Some(1_500), Some(9_000)] {
            let far = Ends::of(1_000, deadline, 500);
            assert_eq!((far.answer_by, far.has_deadline()), (1_500, false));
            assert_eq!(far.limit, far.deadline);
        }
    }

    #[test]
    fn a_deadline_that_has_passed_is_now() {
        let past = Ends::of(1_000, Some(10), 500);
        assert_eq!(past.limit - past.deadline, Duration::from_millis(500));
    }
}
