//! Whose turn it is: messages run turn by turn, and no command's messages can make another's wait for more than a turn.
//!
//! An executor polls what is ready in the order in which it became ready, so a hundred messages of one command stand before
//! the one message of another. Here each command has a line of its own. No more messages are polled at once than there
//! are cores; whoever else is ready stands in the line of its command, and when a turn ends, the next is of the line that has
//! used least so far. A turn ends where the message waits for something, and at the latest with the engine's next tick.
//!
//! A turn of a looping guest is a whole tick, and much longer than a short message takes altogether. So messages that are
//! long, by what they used or by what their command usually uses, leave half of the cores to the short ones, as long as there
//! are any. A message that ends in a fault counts as long, however short: nobody is to be slowed down by a build that traps.
//!
//! Nobody stands in line for ever, and nobody with something in hand that others wait for: a message that is past its limit, or
//! that is committing, is polled at once, without a turn.

mod lines;
#[cfg(test)]
mod tests;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use lines::{FAULT, LineId, Lines, Ticket, Turn};

/// The turns of one host.
pub(crate) struct Turns(Mutex<Lines>);

impl Turns {
    /// As many turns at once as the machine has cores.
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self(Mutex::new(Lines::new(cores)))
    }

    /// Runs `work` in the line of `command`, but without waiting there from `limit` on, which may change as it runs, or while it
    /// `is_urgent`. `faulted` says of what came of it whether it was a fault.
    pub(crate) async fn run<T>(
        &self,
        command: &Arc<str>,
        limit: impl Fn() -> tokio::time::Instant,
        is_urgent: impl Fn() -> bool,
        work: impl Future<Output = T>,
        faulted: impl Fn(&T) -> bool,
    ) -> T {
        let mut work = pin!(work);
        let mut member = Member::join(self, command);
        // Made when it first has to wait: most never do.
        let mut overdue = None;
        poll_fn(|context| {
            if !is_urgent() && !member.begin(context.waker()) {
                let limit = limit();
                let overdue = overdue.get_or_insert_with(|| Box::pin(sleep_until(limit)));
                if overdue.deadline() != limit {
                    overdue.as_mut().reset(limit);
                }
                if overdue.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
            }
            let polled = work.as_mut().poll(context);
            member.end();
            if let Poll::Ready(outcome) = &polled {
                member.faulted = faulted(outcome);
            }
            polled
        })
        .await
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One message in its line. Dropping it gives up whatever it has.
struct Member<'a> {
    turns: &'a Turns,
    line: LineId,
    used: Duration,
    faulted: bool,
    stand: Stand,
}

/// Where a message is.
#[derive(Clone, Copy)]
enum Stand {
    /// Not ready, or just come.
    Away,
    /// In its line.
    Waiting(Ticket),
    /// It is polled.
    Running(Turn, Instant),
}

impl<'a> Member<'a> {
    fn join(turns: &'a Turns, command: &Arc<str>) -> Self {
        Self {
            turns,
            line: turns.lines().join(command),
            used: Duration::ZERO,
            faulted: false,
            stand: Stand::Away,
        }
    }

    /// Whether it may be polled now; if not, `waker` is called when it may.
    fn begin(&mut self, waker: &Waker) -> bool {
        let mut lines = self.turns.lines();
        let asked = match self.stand {
            Stand::Away => lines.ask(self.line, self.used, waker, Instant::now()),
            Stand::Waiting(ticket) => lines.ask_again(self.line, ticket, waker),
            Stand::Running(turn, _) => Ok(turn),
        };
        drop(lines);
        match asked {
            Ok(turn) => self.stand = Stand::Running(turn, Instant::now()),
            Err(ticket) => self.stand = Stand::Waiting(ticket),
        }
        asked.is_ok()
    }

    fn end(&mut self) {
        if let Stand::Running(turn, since) = self.stand {
            self.stand = Stand::Away;
            let used = since.elapsed();
            self.used += used;
            let next = self.turns.lines().end(self.line, turn, used);
            wake(next);
        }
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        // A poll that panicked.
        self.end();
        let ticket = match self.stand {
            Stand::Waiting(ticket) => Some(ticket),
            Stand::Away | Stand::Running(..) => None,
        };
        let counted = match self.faulted {
            true => self.used.max(FAULT),
            false => self.used,
        };
        let next = self.turns.lines().leave(self.line, ticket, counted);
        wake(next);
    }
}

/// Outside the lock: whoever wakes may come at once.
fn wake(next: Vec<Waker>) {
    for waker in next {
        waker.wake();
    }
}
