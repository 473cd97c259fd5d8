//! A bounded queue that is fair to those who use it: each has a line of its own, and the lines are served in turn.

use std::collections::{HashMap, VecDeque};

/// What waits, by who put it there.
pub(super) struct FairQueue<T> {
    lines: HashMap<String, VecDeque<T>>,
    /// Everybody with something waiting, the one whose turn it is first.
    turns: VecDeque<String>,
    waiting: usize,
}

/// What became of an item that was pushed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed<T> {
    /// It waits.
    Waits,
    /// It waits, in the place of this one, which was the last of the longest line.
    InsteadOf(T),
    /// There is no room, and its own line is among the longest.
    Refused(T),
}

impl<T> FairQueue<T> {
    pub(super) fn new() -> Self {
        Self {
            lines: HashMap::new(),
            turns: VecDeque::new(),
            waiting: 0,
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// Puts `item` into the line of `who`, if no more than `room` wait then.
    ///
    /// If there is no room, whoever has the longest line gives way, but only to somebody whose line stays shorter than theirs becomes:
    /// else two would push each other out in turns.
    pub(super) fn push(&mut self, who: &str, item: T, room: usize) -> Pushed<T> {
        if self.waiting < room {
            self.append(who, item);
            return Pushed::Waits;
        }
        let own = self.lines.get(who).map_or(0, VecDeque::len);
        let longest = self
            .lines
            .iter()
            .max_by_key(|(_, line)| line.len())
            .filter(|(_, line)| line.len() > own + 1)
            .map(|(name, _)| name.clone());
        match longest.and_then(|name| self.take_last(&name)) {
            Some(evicted) => {
                self.append(who, item);
                Pushed::InsteadOf(evicted)
            }
            None => Pushed::Refused(item),
        }
    }

    /// The next item: the first that `may` go in the line of the one whose turn it is, or if none of theirs may, of the next in turn.
    /// Those that may not keep their places.
    pub(super) fn pop(&mut self, may: impl Fn(&T) -> bool) -> Option<T> {
        let (turn, place) = self.turns.iter().enumerate().find_map(|(turn, who)| {
            let place = self.lines.get(who)?.iter().position(&may)?;
            Some((turn, place))
        })?;
        let who = self.turns.remove(turn)?;
        let line = self.lines.get_mut(&who)?;
        let item = line.remove(place);
        if line.is_empty() {
            self.lines.remove(&who);
        } else {
            self.turns.push_back(who);
        }
        self.waiting -= usize::from(item.is_some());
        item
    }

    /// Drops what `keep` does not keep.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        for line in self.lines.values_mut() {
            line.retain(&mut keep);
        }
        self.lines.retain(|_, line| !line.is_empty());
        self.turns.retain(|who| self.lines.contains_key(who));
        self.waiting = self.lines.values().map(VecDeque::len).sum();
    }

    fn append(&mut self, who: &str, item: T) {
        if let Some(line) = self.lines.get_mut(who) {
            line.push_back(item);
        } else {
            self.lines.insert(who.to_owned(), VecDeque::from([item]));
            self.turns.push_back(who.to_owned());
        }
        self.waiting += 1;
    }

    /// The last item of a line that holds more than one.
    fn take_last(&mut self, who: &str) -> Option<T> {
        let item = self.lines.get_mut(who)?.pop_back();
        self.waiting -= usize::from(item.is_some());
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(queue: &mut FairQueue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.pop(|_| true)).collect()
    }

    #[test]
    fn lines_are_served_in_turn() {
        let mut queue = FairQueue::new();
        for item in ["a1", "a2", "a3", "a4"] {
            assert_eq!(queue.push("a", item, 9), Pushed::Waits);
        }
        queue.push("b", "b1", 9);
        queue.push("c", "c1", 9);
        queue.push("b", "b2", 9);
        assert_eq!(queue.len(), 7);
        let expected = ["a1", "b1", "c1", "a2", "b2", "a3", "a4"];
        assert_eq!(drain(&mut queue), expected);
        assert_eq!(queue.len(), 0);
        assert!(queue.lines.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn whoever_fills_it_gives_way_and_nobody_else() {
        let mut queue = FairQueue::new();
        for item in ["a1", "a2", "a3", "a4"] {
            queue.push("a", item, 4);
        }
        assert_eq!(queue.push("a", "a5", 4), Pushed::Refused("a5"));
        assert_eq!(queue.push("b", "b1", 4), Pushed::InsteadOf("a4"));
        assert_eq!(queue.push("b", "b2", 4), Pushed::InsteadOf("a3"));
        // Two and two: neither pushes the other out.
        assert_eq!(queue.push("b", "b3", 4), Pushed::Refused("b3"));
        assert_eq!(queue.push("a", "a6", 4), Pushed::Refused("a6"));
        assert_eq!(queue.push("c", "c1", 4).into_evicted().len(), 2);
        assert_eq!(queue.len(), 4);
        assert_eq!(drain(&mut queue).len(), 4);
    }

    #[test]
    fn what_may_not_go_keeps_its_place_and_holds_up_nobody() {
        let mut queue = FairQueue::new();
        for item in ["large a1", "a2", "a3"] {
            queue.push("a", item, 9);
        }
        queue.push("b", "large b1", 9);
        queue.push("c", "c1", 9);
        let is_small = |item: &&str| !item.starts_with("large");
        assert_eq!(queue.pop(is_small), Some("a2"));
        assert_eq!(queue.pop(is_small), Some("c1"));
        assert_eq!(queue.pop(is_small), Some("a3"));
        assert_eq!(queue.pop(is_small), None);
        // It was the turn of "b" all the time.
        assert_eq!(drain(&mut queue), ["large b1", "large a1"]);
        assert_eq!(queue.len(), 0);
        assert!(queue.lines.is_empty() && queue.turns.is_empty());
    }

    #[test]
    fn what_is_dropped_makes_room() {
        let mut queue = FairQueue::new();
        queue.push("a", "a1", 3);
        queue.push("b", "b1", 3);
        queue.push("b", "b2", 3);
        queue.retain(|item| *item != "a1" && *item != "b1");
        assert_eq!(queue.len(), 1);
        assert_eq!(queue.push("a", "a2", 2), Pushed::Waits);
        assert_eq!(drain(&mut queue), ["b2", "a2"]);
    }

    #[test]
    fn without_room_nothing_waits() {
        let mut queue = FairQueue::new();
        assert_eq!(queue.push("a", "a1", 0), Pushed::Refused("a1"));
        assert_eq!(queue.pop(|_| true), None);
    }

    impl Pushed<&'static str> {
        fn into_evicted(self) -> &'static str {
            match self {
                Self::InsteadOf(item) => item,
                other => panic!("{other:?}"),
            }
        }
    }
}
