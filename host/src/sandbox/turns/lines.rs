//! The lines and the turns, as plain state: time comes in as an argument.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

/// Who has used more than this is long.
pub(super) const LONG: Duration = Duration::from_millis(1);

/// What a message that ended in a fault is taken to have used: a few of them in a row, and their command is long.
pub(super) const FAULT: Duration = Duration::from_millis(4);

/// For how long cores are kept free after the last short turn.
pub(super) const RESERVED_FOR: Duration = Duration::from_secs(1);

/// A line, by its number.
pub(super) type LineId = usize;

/// A place in a line, ascending.
pub(super) type Ticket = u64;

/// What a turn takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// Any free core.
    Short,
    /// A core that is not kept free for short ones.
    Long,
}

/// All lines, and how many turns are taken.
pub(super) struct Lines {
    cores: usize,
    /// Turns that are taken, and those given to somebody who has not come yet.
    taken: usize,
    taken_by_long: usize,
    last_short: Option<Instant>,
    names: HashMap<Arc<str>, LineId>,
    lines: Vec<Line>,
    /// What the lines of turns had used by then at most: a line that nobody stood in starts here, or it could save up turns.
    floor: Duration,
    next_ticket: Ticket,
    /// Given to somebody who waited, and not begun yet.
    granted: HashMap<Ticket, Turn>,
}

/// The messages of one command.
#[derive(Default)]
struct Line {
    used: Duration,
    /// What a message of it uses altogether, as a moving mean.
    usual: Duration,
    /// Turns of it that are taken.
    taken: usize,
    short: VecDeque<(Ticket, Waker)>,
    long: VecDeque<(Ticket, Waker)>,
}

impl Lines {
    pub(super) fn new(cores: usize) -> Self {
        Self {
            cores,
            taken: 0,
            taken_by_long: 0,
            last_short: None,
            names: HashMap::new(),
            lines: Vec::new(),
            floor: Duration::ZERO,
            next_ticket: 0,
            granted: HashMap::new(),
        }
    }

    pub(super) fn join(&mut self, command: &Arc<str>) -> LineId {
        match self.names.get(command) {
            Some(id) => *id,
            None => {
                self.names.insert(command.clone(), self.lines.len());
                self.lines.push(Line::default());
                self.lines.len() - 1
            }
        }
    }

    /// A turn for a message that has `used` so much by now, or its place in the line.
    pub(super) fn ask(
        &mut self,
        id: LineId,
        used: Duration,
        waker: &Waker,
        now: Instant,
    ) -> Result<Turn, Ticket> {
        let line = &mut self.lines[id];
        if line.is_idle() {
            // However many of its messages wait for something else meanwhile.
            line.used = line.used.max(self.floor);
        }
        let turn = match used > LONG || line.usual > LONG {
            true => Turn::Long,
            false => Turn::Short,
        };
        if turn == Turn::Short {
            self.last_short = Some(now);
        } else if self
            .last_short
            .is_some_and(|last| now - last > RESERVED_FOR)
        {
            self.last_short = None;
        }
        if self.has_room(turn) {
            self.take(id, turn);
            return Ok(turn);
        }
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.lines[id]
            .queue(turn)
            .push_back((ticket, waker.clone()));
        Err(ticket)
    }

    /// The same for one that waits.
    pub(super) fn ask_again(
        &mut self,
        id: LineId,
        ticket: Ticket,
        waker: &Waker,
    ) -> Result<Turn, Ticket> {
        if let Some(turn) = self.granted.remove(&ticket) {
            return Ok(turn);
        }
        let line = &mut self.lines[id];
        let mut waiting = line.short.iter_mut().chain(line.long.iter_mut());
        if let Some((_, known)) = waiting.find(|(waiting, _)| *waiting == ticket) {
            known.clone_from(waker);
        }
        Err(ticket)
    }

    /// Ends a turn that took `used`, and says who is to be woken.
    pub(super) fn end(&mut self, id: LineId, turn: Turn, used: Duration) -> Vec<Waker> {
        self.lines[id].used += used;
        self.give_back(id, turn);
        self.grant()
    }

    /// A message that counts as having used so much ends, or is called off while it waits.
    pub(super) fn leave(
        &mut self,
        id: LineId,
        ticket: Option<Ticket>,
        used: Duration,
    ) -> Vec<Waker> {
        let line = &mut self.lines[id];
        line.usual = (line.usual * 7 + used) / 8;
        let Some(ticket) = ticket else {
            return Vec::new();
        };
        line.short.retain(|(waiting, _)| *waiting != ticket);
        line.long.retain(|(waiting, _)| *waiting != ticket);
        match self.granted.remove(&ticket) {
            Some(turn) => {
                self.give_back(id, turn);
                self.grant()
            }
            None => Vec::new(),
        }
    }

    fn has_room(&self, turn: Turn) -> bool {
        let reserved = match self.last_short {
            Some(_) => self.cores / 2,
            None => 0,
        };
        self.taken < self.cores
            && (turn == Turn::Short || self.taken_by_long < self.cores - reserved)
    }

    fn take(&mut self, id: LineId, turn: Turn) {
        self.taken += 1;
        self.lines[id].taken += 1;
        self.taken_by_long += usize::from(turn == Turn::Long);
        self.floor = self.floor.max(self.lines[id].used);
    }

    fn give_back(&mut self, id: LineId, turn: Turn) {
        self.taken -= 1;
        self.lines[id].taken -= 1;
        self.taken_by_long -= usize::from(turn == Turn::Long);
    }

    /// Gives free turns to those who wait, and says whom to wake.
    fn grant(&mut self) -> Vec<Waker> {
        let mut woken = Vec::new();
        while self.has_room(Turn::Short) {
            let long = self.has_room(Turn::Long);
            let waiting = |line: &Line| line.next(long).is_some();
            let least = (0..self.lines.len())
                .filter(|id| waiting(&self.lines[*id]))
                .min_by_key(|id| self.lines[*id].used);
            let Some(id) = least else {
                break;
            };
            let Some(turn) = self.lines[id].next(long) else {
                break;
            };
            if let Some((ticket, waker)) = self.lines[id].queue(turn).pop_front() {
                self.take(id, turn);
                self.granted.insert(ticket, turn);
                woken.push(waker);
            }
        }
        woken
    }
}

impl Line {
    /// Whether nobody stands in it and nobody of it has a turn.
    fn is_idle(&self) -> bool {
        self.taken == 0 && self.short.is_empty() && self.long.is_empty()
    }

    /// What the next of the line would take: first come, first served among those there is room for.
    fn next(&self, long: bool) -> Option<Turn> {
        let short = self.short.front().map(|(ticket, _)| *ticket);
        let long = self
            .long
            .front()
            .map(|(ticket, _)| *ticket)
            .filter(|_| long);
        match (short, long) {
            (None, None) => None,
            (Some(_), None) => Some(Turn::Short),
            (None, Some(_)) => Some(Turn::Long),
            (Some(short), Some(long)) if short < long => Some(Turn::Short),
            (Some(_), Some(_)) => Some(Turn::Long),
        }
    }

    fn queue(&mut self, turn: Turn) -> &mut VecDeque<(Ticket, Waker)> {
        match turn {
            Turn::Short => &mut self.short,
            Turn::Long => &mut self.long,
        }
    }
}
