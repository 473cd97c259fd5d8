//! What a [`MemoryStore`](super::MemoryStore) holds, and the changes of it. Nothing here waits or locks.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use super::super::{
    ATTEMPT_LIFETIME_MS, AttemptId, Batch, Check, Commit, Entry, MAX_TIMESTAMP, Namespace, Range,
    Record, Version, Write,
};
use crate::clock::Timestamp;

/// The number of a change. Not the version: sweeping is a change too, but no commit.
pub(super) type Sequence = u64;

/// Everything stored.
#[derive(Default)]
pub(super) struct State {
    /// The last change.
    sequence: Sequence,
    last_version: Version,
    namespaces: BTreeMap<Namespace, BTreeMap<String, Chain>>,
    /// Subject → the entries with how many kept revisions of each name it.
    subjects: HashMap<String, BTreeMap<Place, usize>>,
    /// Newest revisions that expire.
    expiring: BTreeSet<(Timestamp, Place)>,
    attempts: HashMap<AttemptId, Version>,
    attempts_by_time: BTreeSet<(Timestamp, Version, [u8; 16])>,
    /// Places whose older revisions are superseded since a sequence, ascending by it.
    garbage: VecDeque<(Sequence, Place)>,
}

/// Where an entry is.
type Place = (Namespace, String);

/// What an entry was, ascending by `since`.
type Chain = Vec<Revision>;

struct Revision {
    since: Sequence,
    /// None once deleted.
    content: Option<Arc<Content>>,
}

struct Content {
    version: Version,
    record: Record,
}

impl State {
    pub(super) fn sequence(&self) -> Sequence {
        self.sequence
    }

    pub(super) fn has_garbage(&self) -> bool {
        !self.garbage.is_empty()
    }

    pub(super) fn find_attempt(&self, attempt: AttemptId) -> Option<Version> {
        self.attempts.get(&attempt).copied()
    }

    pub(super) fn get(
        &self,
        at: Sequence,
        namespace: &Namespace,
        key: &str,
        now: Timestamp,
    ) -> Option<Entry> {
        let chain = self.namespaces.get(namespace)?.get(key)?;
        visible(chain, at, now).map(|content| content.entry(key))
    }

    pub(super) fn scan(
        &self,
        at: Sequence,
        range: &Range,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Vec<Entry> {
        let mut found = Vec::new();
        let mut bytes = 0;
        for (key, content) in self.live(at, range, now).take(limit) {
            bytes += content.record.value.len();
            found.push(content.entry(key));
            if bytes >= max_bytes {
                break;
            }
        }
        found
    }

    pub(super) fn scan_back(
        &self,
        at: Sequence,
        range: &Range,
        before: Option<&str>,
        limit: usize,
        max_bytes: usize,
        now: Timestamp,
    ) -> Vec<Entry> {
        let mut found = Vec::new();
        let mut bytes = 0;
        for (key, content) in self.live_back(at, range, before, now).take(limit) {
            bytes += content.record.value.len();
            found.push(content.entry(key));
            if bytes >= max_bytes {
                break;
            }
        }
        found
    }

    pub(super) fn scan_subject(
        &self,
        at: Sequence,
        subject: &str,
        after: Option<Place>,
        limit: usize,
        now: Timestamp,
    ) -> Vec<(Namespace, Entry)> {
        self.live_of(at, subject, after, now)
            .take(limit)
            .map(|((namespace, key), content)| (namespace.clone(), content.entry(key)))
            .collect()
    }

    pub(super) fn commit(&mut self, batch: Batch) -> Commit {
        if !batch
            .checks
            .iter()
            .all(|check| self.holds(check, batch.now))
        {
            return Commit::Conflict;
        }
        if batch.writes.is_empty() {
            return Commit::Committed(self.last_version);
        }
        self.sequence += 1;
        self.last_version += 1;
        let version = self.last_version;
        for write in batch.writes {
            match write {
                Write::Put {
                    namespace,
                    key,
                    mut record,
                } => {
                    record.expires_at = record.expires_at.map(|at| at.min(MAX_TIMESTAMP));
                    let content = Content { version, record };
                    self.set((namespace, key), Some(Arc::new(content)));
                }
                Write::Delete { namespace, key } => self.set((namespace, key), None),
            }
        }
        self.attempts.insert(batch.attempt, version);
        self.attempts_by_time
            .insert((batch.now, version, batch.attempt.0));
        Commit::Committed(version)
    }

    pub(super) fn sweep(&mut self, now: Timestamp, limit: usize) -> usize {
        let expired: Vec<Place> = self
            .expiring
            .iter()
            .take_while(|(at, _)| *at <= now)
            .take(limit)
            .map(|(_, place)| place.clone())
            .collect();
        let swept = expired.len();
        if swept > 0 {
            self.sequence += 1;
        }
        for place in expired {
            self.set(place, None);
        }
        let horizon = now.saturating_sub(ATTEMPT_LIFETIME_MS);
        while let Some(&(at, version, id)) = self.attempts_by_time.first()
            && at < horizon
        {
            self.attempts_by_time.remove(&(at, version, id));
            self.attempts.remove(&AttemptId(id));
        }
        swept
    }

    /// Drops what neither the snapshots open since `oldest` nor new ones can see.
    pub(super) fn forget_before(&mut self, oldest: Option<Sequence>) {
        let horizon = oldest.unwrap_or(self.sequence);
        while let Some((since, _)) = self.garbage.front()
            && *since <= horizon
        {
            if let Some((_, place)) = self.garbage.pop_front() {
                self.trim(&place, horizon);
            }
        }
    }

    fn holds(&self, check: &Check, now: Timestamp) -> bool {
        match check {
            Check::Key {
                namespace,
                key,
                version,
            } => {
                let chain = self.namespaces.get(namespace).and_then(|all| all.get(key));
                let found = chain.and_then(|chain| visible(chain, self.sequence, now));
                found.map(|content| content.version) == *version
            }
            Check::Range {
                range,
                through,
                seen,
            } => {
                let found = self
                    .live(self.sequence, range, now)
                    .take_while(|(key, _)| through.as_deref().is_none_or(|through| *key <= through))
                    .map(|(key, content)| (key, content.version));
                found.eq(seen.iter().map(|(key, version)| (key.as_str(), *version)))
            }
            Check::Subject { subject, seen } => self
                .live_of(self.sequence, subject, None, now)
                .map(|((namespace, key), content)| (namespace, key, content.version))
                .eq(seen
                    .iter()
                    .map(|(namespace, key, version)| (namespace, key, *version))),
        }
    }

    /// The entries of `range` that are visible at `at` and live at `now`, ascending.
    fn live<'a>(
        &'a self,
        at: Sequence,
        range: &'a Range,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a str, &'a Content)> {
        self.namespaces
            .get(&range.namespace)
            .into_iter()
            .flat_map(|entries| entries.range::<str, _>((range.start(), Bound::Unbounded)))
            .take_while(|(key, _)| key.starts_with(&range.prefix))
            .filter_map(move |(key, chain)| {
                visible(chain, at, now).map(|content| (key.as_str(), content))
            })
    }

    /// As [`State::live`], from the last one before `before`, descending.
    fn live_back<'a>(
        &'a self,
        at: Sequence,
        range: &'a Range,
        before: Option<&'a str>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a str, &'a Content)> {
        let end = range.end();
        self.namespaces
            .get(&range.namespace)
            .into_iter()
            .flat_map(move |entries| {
                // Bounds that cross are no range of a map: the least of both is taken from all before it.
                let end = match (before, end.as_deref()) {
                    (Some(before), Some(end)) => Bound::Excluded(before.min(end)),
                    (Some(end), None) | (None, Some(end)) => Bound::Excluded(end),
                    (None, None) => Bound::Unbounded,
                };
                entries.range::<str, _>((Bound::Unbounded, end)).rev()
            })
            .take_while(|(key, _)| range.contains(key))
            .filter_map(move |(key, chain)| {
                visible(chain, at, now).map(|content| (key.as_str(), content))
            })
    }

    /// The entries of `subject` that are visible at `at` and live at `now`, ascending by place, after `after`.
    fn live_of<'a>(
        &'a self,
        at: Sequence,
        subject: &'a str,
        after: Option<Place>,
        now: Timestamp,
    ) -> impl Iterator<Item = (&'a Place, &'a Content)> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.subjects
            .get(subject)
            .into_iter()
            .flat_map(move |places| places.range((start.clone(), Bound::Unbounded)))
            .filter_map(move |(place, _)| {
                let chain = self.namespaces.get(&place.0)?.get(&place.1)?;
                let content = visible(chain, at, now)?;
                let is_theirs = content.record.subject.as_deref() == Some(subject);
                is_theirs.then_some((place, content))
            })
    }

    /// Makes `content` the newest revision of `place`, as of the current sequence.
    fn set(&mut self, place: Place, content: Option<Arc<Content>>) {
        let known = self
            .namespaces
            .get(&place.0)
            .is_some_and(|entries| entries.contains_key(&place.1));
        if content.is_none() && !known {
            return;
        }
        if let Some(content) = &content {
            self.name_subject(content, &place);
            if let Some(at) = content.record.expires_at {
                self.expiring.insert((at, place.clone()));
            }
        }
        let since = self.sequence;
        let (namespace, key) = place.clone();
        let chain = self
            .namespaces
            .entry(namespace)
            .or_default()
            .entry(key)
            .or_default();
        let previous = chain.last().and_then(|last| last.content.clone());
        // A second write in one batch replaces the first: nobody ever saw it.
        let replaced = chain.pop_if(|last| last.since == since);
        let expires = content
            .as_ref()
            .and_then(|content| content.record.expires_at);
        chain.push(Revision { since, content });

        if let Some(at) = previous.and_then(|content| content.record.expires_at)
            && expires != Some(at)
        {
            self.expiring.remove(&(at, place.clone()));
        }
        if let Some(content) = replaced.and_then(|revision| revision.content) {
            self.unname_subject(&content, &place);
        }
        if known {
            self.garbage.push_back((since, place));
        }
    }

    /// Drops the revisions of `place` that were superseded at `horizon`.
    fn trim(&mut self, place: &Place, horizon: Sequence) {
        let Some(entries) = self.namespaces.get_mut(&place.0) else {
            return;
        };
        let Some(chain) = entries.get_mut(&place.1) else {
            return;
        };
        let newer = chain.partition_point(|revision| revision.since <= horizon);
        let visible_at_horizon = newer.saturating_sub(1);
        let dropped: Vec<Revision> = chain.drain(..visible_at_horizon).collect();
        // A deletion with nothing older to hide says as much as no revision.
        if chain
            .first()
            .is_some_and(|first| first.since <= horizon && first.content.is_none())
        {
            chain.remove(0);
        }
        if chain.is_empty() {
            entries.remove(&place.1);
            if entries.is_empty() {
                self.namespaces.remove(&place.0);
            }
        }
        for content in dropped.into_iter().filter_map(|revision| revision.content) {
            self.unname_subject(&content, place);
        }
    }

    fn name_subject(&mut self, content: &Content, place: &Place) {
        if let Some(subject) = &content.record.subject {
            let places = self.subjects.entry(subject.clone()).or_default();
            *places.entry(place.clone()).or_default() += 1;
        }
    }

    fn unname_subject(&mut self, content: &Content, place: &Place) {
        let Some(subject) = &content.record.subject else {
            return;
        };
        let Some(places) = self.subjects.get_mut(subject) else {
            return;
        };
        if let Some(count) = places.get_mut(place) {
            *count -= 1;
            if *count == 0 {
                places.remove(place);
            }
        }
        if places.is_empty() {
            self.subjects.remove(subject);
        }
    }
}

impl Content {
    fn entry(&self, key: &str) -> Entry {
        Entry {
            key: key.to_owned(),
            version: self.version,
            record: self.record.clone(),
        }
    }
}

/// What `chain` was at `at`, if it is live at `now`.
fn visible(chain: &Chain, at: Sequence, now: Timestamp) -> Option<&Content> {
    chain
        .iter()
        .rev()
        .find(|revision| revision.since <= at)
        .and_then(|revision| revision.content.as_deref())
        .filter(|content| content.record.is_live(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(state: &mut State, key: &str, subject: Option<&str>, expires_at: Option<Timestamp>) {
        let record = Record {
            subject: subject.map(str::to_owned),
            expires_at,
            ..Record::plain(b"value".to_vec())
        };
        commit(
            state,
            Write::Put {
                namespace: Namespace::reserved("test"),
                key: key.to_owned(),
                record,
            },
        );
    }

    fn delete(state: &mut State, key: &str) {
        commit(
            state,
            Write::Delete {
                namespace: Namespace::reserved("test"),
                key: key.to_owned(),
            },
        );
    }

    fn commit(state: &mut State, write: Write) {
        let attempt = AttemptId(u128::from(state.last_version).to_be_bytes());
        let outcome = state.commit(Batch {
            attempt,
            now: 0,
            checks: Vec::new(),
            writes: vec![write],
        });
        assert!(matches!(outcome, Commit::Committed(_)));
    }

    #[test]
    fn nothing_is_kept_that_nobody_can_see() {
        let mut state = State::default();
        put(&mut state, "a", Some("ann"), Some(10));
        let pinned = state.sequence();
        put(&mut state, "a", Some("bob"), Some(20));
        delete(&mut state, "a");

        state.forget_before(Some(pinned));
        let namespace = Namespace::reserved("test");
        let seen = state.get(pinned, &namespace, "a", 0);
        assert_eq!(
            seen.and_then(|entry| entry.record.subject).as_deref(),
            Some("ann")
        );
        assert_eq!(state.scan_subject(pinned, "ann", None, 9, 0).len(), 1);

        state.forget_before(None);
        assert!(state.namespaces.is_empty());
        assert!(state.subjects.is_empty());
        assert!(state.expiring.is_empty());
        assert!(!state.has_garbage());
    }

    #[test]
    fn sweeping_leaves_open_snapshots_alone() {
        let mut state = State::default();
        put(&mut state, "a", None, Some(10));
        let pinned = state.sequence();
        assert_eq!(state.sweep(10, 5), 1);
        state.forget_before(Some(pinned));
        let namespace = Namespace::reserved("test");
        assert!(state.get(pinned, &namespace, "a", 9).is_some());
        assert!(state.get(state.sequence(), &namespace, "a", 9).is_none());
    }
}
