//! Random histories: both backends answer exactly as a model does that copies everything at every commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError};
use vestibule::clock::Timestamp;
use vestibule::store::{
    AttemptId, Batch, Check, Commit, Entry, Namespace, Range, Record, Snapshot, Store, Version,
    Write,
};

use crate::fixture;

/// Few enough to collide, with the edges of the order.
const KEYS: [&str; 10] = [
    "",
    "\0",
    "a",
    "a\0",
    "aa",
    "ab",
    "b",
    "\u{d7ff}",
    "\u{e000}",
    "\u{10ffff}",
];
const PREFIXES: [&str; 6] = ["", "a", "a\0", "b", "\u{d7ff}", "\u{10ffff}"];
const SUBJECTS: [&str; 2] = ["ann", "bob"];

/// A step of a history. Numbers choose from what there is, modulo how much there is.
#[derive(Debug, Clone)]
enum Step {
    /// Time goes on by so many milliseconds.
    Wait(u64),
    Commit(Vec<Belief>, Vec<Change>),
    Begin,
    End(usize),
    Get(usize, usize, usize),
    Scan(usize, Area, usize, usize),
    ScanBack(usize, Area, Option<usize>, usize, usize),
    Subject(usize, usize, Option<(usize, usize)>, usize),
    Find(usize),
    Sweep(usize),
}

/// A check: what holds now, or (if `wrong`) something else.
#[derive(Debug, Clone)]
enum Belief {
    Key(usize, usize, bool),
    Range(Area, Option<usize>, bool),
    Subject(usize, bool),
}

#[derive(Debug, Clone)]
enum Change {
    Put {
        namespace: usize,
        key: usize,
        value: Vec<u8>,
        subject: Option<usize>,
        lives: Option<u64>,
    },
    Delete(usize, usize),
}

/// A range.
#[derive(Debug, Clone)]
struct Area {
    namespace: usize,
    prefix: usize,
    after: Option<usize>,
}

fn namespaces() -> [Namespace; 2] {
    [
        Namespace::channel("default", "test"),
        Namespace::reserved("test"),
    ]
}

impl Area {
    fn range(&self) -> Range {
        Range {
            namespace: namespaces()[self.namespace].clone(),
            prefix: PREFIXES[self.prefix].to_owned(),
            after: self.after.map(|key| KEYS[key].to_owned()),
        }
    }
}

fn area() -> impl Strategy<Value = Area> {
    let parts = (
        0..2_usize,
        0..PREFIXES.len(),
        prop::option::of(0..KEYS.len()),
    );
    parts.prop_map(|(namespace, prefix, after)| Area {
        namespace,
        prefix,
        after,
    })
}

fn belief() -> impl Strategy<Value = Belief> {
    let wrong = || prop::bool::weighted(0.1);
    prop_oneof![
        (0..2_usize, 0..KEYS.len(), wrong()).prop_map(|(n, k, w)| Belief::Key(n, k, w)),
        (area(), prop::option::of(0..KEYS.len()), wrong())
            .prop_map(|(area, through, w)| Belief::Range(area, through, w)),
        (0..SUBJECTS.len(), wrong()).prop_map(|(subject, w)| Belief::Subject(subject, w)),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let put = (
        0..2_usize,
        0..KEYS.len(),
        prop::collection::vec(any::<u8>(), 0..8),
        prop::option::of(0..SUBJECTS.len()),
        prop::option::of(0..400_u64),
    );
    prop_oneof![
        3 => put.prop_map(|(namespace, key, value, subject, lives)| Change::Put {
            namespace,
            key,
            value,
            subject,
            lives,
        }),
        1 => (0..2_usize, 0..KEYS.len()).prop_map(|(n, k)| Change::Delete(n, k)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let some = 0..16_usize;
    prop_oneof![
        2 => (0..200_u64).prop_map(Step::Wait),
        6 => (prop::collection::vec(belief(), 0..3), prop::collection::vec(change(), 0..4))
            .prop_map(|(beliefs, changes)| Step::Commit(beliefs, changes)),
        2 => Just(Step::Begin),
        1 => some.clone().prop_map(Step::End),
        3 => (some.clone(), 0..2_usize, 0..KEYS.len()).prop_map(|(s, n, k)| Step::Get(s, n, k)),
        4 => (some.clone(), area(), 0..6_usize, 0..20_usize)
            .prop_map(|(s, area, limit, bytes)| Step::Scan(s, area, limit, bytes)),
        3 => (
            some.clone(),
            area(),
            prop::option::of(0..KEYS.len()),
            0..6_usize,
            0..20_usize,
        )
            .prop_map(|(s, area, before, limit, bytes)| {
                Step::ScanBack(s, area, before, limit, bytes)
            }),
        2 => (
            some.clone(),
            0..SUBJECTS.len(),
            prop::option::of((0..2_usize, 0..KEYS.len())),
            0..6_usize,
        )
            .prop_map(|(s, subject, after, limit)| Step::Subject(s, subject, after, limit)),
        1 => some.prop_map(Step::Find),
        1 => (0..5_usize).prop_map(Step::Sweep),
    ]
}

type Everything = BTreeMap<(Namespace, String), (Version, Record)>;

/// What a store is, without any of how. Sweeping is missing: it changes no answer.
#[derive(Default)]
struct Model {
    now: Timestamp,
    last_version: Version,
    all: Everything,
    attempts: Vec<(AttemptId, Option<Version>)>,
    snapshots: Vec<Everything>,
}

impl Model {
    /// What is live in `range` through `through`.
    fn seen(&self, all: &Everything, range: &Range, through: Option<&str>) -> Vec<Entry> {
        all.iter()
            .filter(|((namespace, key), (_, record))| {
                *namespace == range.namespace
                    && key.starts_with(&range.prefix)
                    && range.after.as_ref().is_none_or(|after| key > after)
                    && through.is_none_or(|through| key.as_str() <= through)
                    && record.is_live(self.now)
            })
            .map(|((_, key), (version, record))| Entry {
                key: key.clone(),
                version: *version,
                record: record.clone(),
            })
            .collect()
    }

    fn get(&self, all: &Everything, namespace: &Namespace, key: &str) -> Option<Entry> {
        let range = Range {
            namespace: namespace.clone(),
            prefix: key.to_owned(),
            after: None,
        };
        let first = self.seen(all, &range, Some(key)).into_iter().next();
        first.filter(|entry| entry.key == key)
    }

    fn subject(
        &self,
        all: &Everything,
        subject: &str,
        after: Option<&(Namespace, String)>,
        limit: usize,
    ) -> Vec<(Namespace, Entry)> {
        all.iter()
            .filter(|(place, (_, record))| {
                record.subject.as_deref() == Some(subject)
                    && record.is_live(self.now)
                    && after.is_none_or(|after| *place > after)
            })
            .map(|((namespace, key), (version, record))| {
                let entry = Entry {
                    key: key.clone(),
                    version: *version,
                    record: record.clone(),
                };
                (namespace.clone(), entry)
            })
            .take(limit)
            .collect()
    }

    /// The check for `belief`, and whether it holds.
    fn check(&self, belief: &Belief) -> (Check, bool) {
        match belief {
            Belief::Key(namespace, key, wrong) => {
                let (namespace, key) = (namespaces()[*namespace].clone(), KEYS[*key].to_owned());
                let found = self.get(&self.all, &namespace, &key);
                let truth = found.map(|entry| entry.version);
                let version = match truth {
                    Some(version) if *wrong => Some(version + 1),
                    None if *wrong => Some(1),
                    truth => truth,
                };
                let check = Check::Key {
                    namespace,
                    key,
                    version,
                };
                (check, version == truth)
            }
            Belief::Range(area, through, wrong) => {
                let range = area.range();
                let through = through.map(|key| KEYS[key].to_owned());
                let truth = self.seen(&self.all, &range, through.as_deref());
                let truth = truth.into_iter().map(|entry| (entry.key, entry.version));
                let truth: Vec<(String, Version)> = truth.collect();
                let mut seen = truth.clone();
                if *wrong && seen.pop().is_none() {
                    seen.push(("phantom".to_owned(), 1));
                }
                let holds = seen == truth;
                let check = Check::Range {
                    range,
                    through,
                    seen,
                };
                (check, holds)
            }
            Belief::Subject(subject, wrong) => {
                let subject = SUBJECTS[*subject];
                let truth = self.subject(&self.all, subject, None, usize::MAX);
                let truth = truth
                    .into_iter()
                    .map(|(namespace, entry)| (namespace, entry.key, entry.version));
                let truth: Vec<(Namespace, String, Version)> = truth.collect();
                let mut seen = truth.clone();
                if *wrong && seen.pop().is_none() {
                    seen.push((namespaces()[0].clone(), "phantom".to_owned(), 1));
                }
                let holds = seen == truth;
                let subject = subject.to_owned();
                (Check::Subject { subject, seen }, holds)
            }
        }
    }

    /// The batch for a step, and how it must end. It is applied to the model.
    fn commit(&mut self, beliefs: &[Belief], changes: &[Change]) -> (Batch, Commit) {
        let number = u128::try_from(self.attempts.len()).unwrap_or_default() + 1;
        let checks: Vec<(Check, bool)> = beliefs.iter().map(|belief| self.check(belief)).collect();
        let holds = checks.iter().all(|(_, holds)| *holds);
        let batch = Batch {
            attempt: AttemptId(number.to_be_bytes()),
            now: self.now,
            checks: checks.into_iter().map(|(check, _)| check).collect(),
            writes: changes.iter().map(|change| self.write(change)).collect(),
        };
        let written = holds && !batch.writes.is_empty();
        if written {
            self.last_version += 1;
            for write in &batch.writes {
                self.apply(write);
            }
        }
        let version = written.then_some(self.last_version);
        self.attempts.push((batch.attempt, version));
        let outcome = if holds {
            Commit::Committed(self.last_version)
        } else {
            Commit::Conflict
        };
        (batch, outcome)
    }

    fn write(&self, change: &Change) -> Write {
        match change {
            Change::Put {
                namespace,
                key,
                value,
                subject,
                lives,
            } => Write::Put {
                namespace: namespaces()[*namespace].clone(),
                key: KEYS[*key].to_owned(),
                record: Record {
                    value: value.clone(),
                    schema: 1,
                    subject: subject.map(|subject| SUBJECTS[subject].to_owned()),
                    sealed: None,
                    expires_at: lives.map(|lives| self.now + lives),
                },
            },
            Change::Delete(namespace, key) => Write::Delete {
                namespace: namespaces()[*namespace].clone(),
                key: KEYS[*key].to_owned(),
            },
        }
    }

    fn apply(&mut self, write: &Write) {
        match write {
            Write::Put {
                namespace,
                key,
                record,
            } => {
                let content = (self.last_version, record.clone());
                self.all.insert((namespace.clone(), key.clone()), content);
            }
            Write::Delete { namespace, key } => {
                self.all.remove(&(namespace.clone(), key.clone()));
            }
        }
    }
}

/// A store under test and its open snapshots, in the model's order.
struct Subject {
    store: Arc<dyn Store>,
    snapshots: Vec<Box<dyn Snapshot>>,
}

async fn run(steps: &[Step]) -> Result<(), TestCaseError> {
    let (memory, sqlite) = (fixture::memory(), fixture::sqlite());
    let mut subjects = [&memory, &sqlite].map(|fixture| Subject {
        store: fixture.store.clone(),
        snapshots: Vec::new(),
    });
    // Time only goes on, as it does for a sweeper that keeps its margin.
    let mut model = Model {
        now: 1000,
        ..Model::default()
    };
    for step in steps {
        take(step, &mut model, &mut subjects).await?;
    }
    Ok(())
}

/// The first of `live`: at most `limit`, and no more once their values reach `bytes`.
fn page(live: Vec<Entry>, limit: usize, bytes: usize) -> Vec<Entry> {
    let mut kept = Vec::new();
    let mut total = 0;
    for entry in live.into_iter().take(limit) {
        total += entry.record.value.len();
        kept.push(entry);
        if total >= bytes {
            break;
        }
    }
    kept
}

async fn take(
    step: &Step,
    model: &mut Model,
    subjects: &mut [Subject; 2],
) -> Result<(), TestCaseError> {
    let open = model.snapshots.len();
    match step {
        Step::Wait(milliseconds) => model.now += milliseconds,
        Step::Commit(beliefs, changes) => {
            let (batch, expected) = model.commit(beliefs, changes);
            for subject in subjects {
                let outcome = subject.store.commit(batch.clone()).await;
                prop_assert_eq!(outcome.unwrap(), expected);
            }
        }
        Step::Begin if open < 8 => {
            model.snapshots.push(model.all.clone());
            for subject in subjects {
                subject.snapshots.push(subject.store.begin().await.unwrap());
            }
        }
        Step::End(which) if open > 0 => {
            model.snapshots.remove(which % open);
            for subject in subjects {
                drop(subject.snapshots.remove(which % open));
            }
        }
        Step::Get(which, namespace, key) if open > 0 => {
            let (namespace, key) = (&namespaces()[*namespace], KEYS[*key]);
            let expected = model.get(&model.snapshots[which % open], namespace, key);
            for subject in subjects {
                let snapshot = &mut subject.snapshots[which % open];
                let found = snapshot.get(namespace, key, model.now).await.unwrap();
                prop_assert_eq!(&found, &expected);
            }
        }
        Step::Scan(which, area, limit, bytes) if open > 0 => {
            let range = area.range();
            let live = model.seen(&model.snapshots[which % open], &range, None);
            let kept = page(live, *limit, *bytes);
            for subject in subjects {
                let snapshot = &mut subject.snapshots[which % open];
                let found = snapshot.scan(&range, *limit, *bytes, model.now).await;
                prop_assert_eq!(&found.unwrap(), &kept);
            }
        }
        Step::ScanBack(which, area, before, limit, bytes) if open > 0 => {
            let range = area.range();
            let before = before.map(|key| KEYS[key]);
            let mut live = model.seen(&model.snapshots[which % open], &range, None);
            live.retain(|entry| before.is_none_or(|before| entry.key.as_str() < before));
            live.reverse();
            let kept = page(live, *limit, *bytes);
            for subject in subjects {
                let snapshot = &mut subject.snapshots[which % open];
                let found = snapshot.scan_back(&range, before, *limit, *bytes, model.now);
                prop_assert_eq!(&found.await.unwrap(), &kept);
            }
        }
        Step::Subject(which, name, after, limit) if open > 0 => {
            let after = after.map(|(n, k)| (namespaces()[n].clone(), KEYS[k].to_owned()));
            let all = &model.snapshots[which % open];
            let expected = model.subject(all, SUBJECTS[*name], after.as_ref(), *limit);
            for subject in subjects {
                let snapshot = &mut subject.snapshots[which % open];
                let found = snapshot
                    .scan_subject(SUBJECTS[*name], after.clone(), *limit, model.now)
                    .await;
                prop_assert_eq!(&found.unwrap(), &expected);
            }
        }
        Step::Find(which) if !model.attempts.is_empty() => {
            let (attempt, expected) = model.attempts[which % model.attempts.len()];
            for subject in subjects {
                let found = subject.store.find_attempt(attempt).await.unwrap();
                prop_assert_eq!(found, expected);
            }
        }
        Step::Sweep(limit) => {
            for subject in subjects {
                subject.store.sweep(model.now, *limit).await.unwrap();
            }
        }
        // Nothing to choose from.
        Step::Begin
        | Step::End(_)
        | Step::Get(..)
        | Step::Scan(..)
        | Step::ScanBack(..)
        | Step::Subject(..)
        | Step::Find(_) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 64, failure_persistence: None, ..Config::default() })]

    #[test]
    fn every_backend_answers_as_the_model_does(steps in prop::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(&steps))?;
    }
}
