//! Short ways to say what a test commits.

use std::sync::atomic::{AtomicU64, Ordering};

use vestibule::clock::Timestamp;
use vestibule::store::{
    AttemptId, Batch, Check, Commit, Namespace, Range, Record, Store, Version, Write,
};

/// An attempt id that no other call in this process gives.
#[must_use]
pub fn attempt() -> AttemptId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    AttemptId(number.to_be_bytes())
}

/// The attempt id of the batch with `number`, for those who ask for it in another process. [`attempt`] never gives it.
#[must_use]
pub fn numbered_attempt(number: u64) -> AttemptId {
    AttemptId((u128::from(number) << 64).to_be_bytes())
}

/// The namespace most tests write to.
#[must_use]
pub fn namespace() -> Namespace {
    Namespace::channel("default", "test")
}

/// The keys that start with `prefix`.
#[must_use]
pub fn prefix(prefix: &str) -> Range {
    Range {
        namespace: namespace(),
        prefix: prefix.to_owned(),
        after: None,
    }
}

/// The keys that start with `prefix` and are greater than `after`.
#[must_use]
pub fn after(prefix: &str, after: &str) -> Range {
    Range {
        namespace: namespace(),
        prefix: prefix.to_owned(),
        after: Some(after.to_owned()),
    }
}

/// A batch in [`namespace`], built up by what it checks and writes.
#[derive(Debug, Clone)]
pub struct Draft(Batch);

impl Default for Draft {
    fn default() -> Self {
        Self::at(0)
    }
}

impl Draft {
    /// An empty batch that judges expiry at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Batch {
            attempt: attempt(),
            now,
            checks: Vec::new(),
            writes: Vec::new(),
        })
    }

    /// Puts a plain value.
    #[must_use]
    pub fn put(self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.put_record(key, Record::plain(value.as_ref().to_vec()))
    }

    /// Puts a record.
    #[must_use]
    pub fn put_record(self, key: &str, record: Record) -> Self {
        self.put_in(namespace(), key, record)
    }

    /// Puts a record in another namespace.
    #[must_use]
    pub fn put_in(mut self, namespace: Namespace, key: &str, record: Record) -> Self {
        self.0.writes.push(Write::Put {
            namespace,
            key: key.to_owned(),
            record,
        });
        self
    }

    /// Deletes.
    #[must_use]
    pub fn delete(self, key: &str) -> Self {
        self.delete_in(namespace(), key)
    }

    /// Deletes in another namespace.
    #[must_use]
    pub fn delete_in(mut self, namespace: Namespace, key: &str) -> Self {
        self.0.writes.push(Write::Delete {
            namespace,
            key: key.to_owned(),
        });
        self
    }

    /// Relies on `key` having `version`, or being absent.
    #[must_use]
    pub fn expect(mut self, key: &str, version: Option<Version>) -> Self {
        self.0.checks.push(Check::Key {
            namespace: namespace(),
            key: key.to_owned(),
            version,
        });
        self
    }

    /// Relies on `range`, through `through`, holding exactly `seen`.
    #[must_use]
    pub fn expect_range(
        mut self,
        range: Range,
        through: Option<&str>,
        seen: &[(&str, Version)],
    ) -> Self {
        let own = |(key, version): &(&str, Version)| ((*key).to_owned(), *version);
        self.0.checks.push(Check::Range {
            range,
            through: through.map(str::to_owned),
            seen: seen.iter().map(own).collect(),
        });
        self
    }

    /// Relies on `subject` having exactly the entries `seen`.
    #[must_use]
    pub fn expect_subject(mut self, subject: &str, seen: &[(Namespace, &str, Version)]) -> Self {
        let own = |(namespace, key, version): &(Namespace, &str, Version)| {
            (namespace.clone(), (*key).to_owned(), *version)
        };
        self.0.checks.push(Check::Subject {
            subject: subject.to_owned(),
            seen: seen.iter().map(own).collect(),
        });
        self
    }

    /// The batch.
    #[must_use]
    pub fn batch(self) -> Batch {
        self.0
    }

    /// Commits it.
    ///
    /// # Panics
    /// If the store fails.
    #[track_caller]
    pub fn outcome(self, store: &dyn Store) -> impl Future<Output = Commit> {
        let caller = std::panic::Location::caller();
        let commit = store.commit(self.0);
        async move {
            commit
                .await
                .unwrap_or_else(|error| panic!("at {caller}: {error:?}"))
        }
    }

    /// Commits it and gives the version.
    ///
    /// # Panics
    /// If it is not committed.
    #[track_caller]
    pub fn committed(self, store: &dyn Store) -> impl Future<Output = Version> {
        let caller = std::panic::Location::caller();
        let outcome = self.outcome(store);
        async move {
            match outcome.await {
                Commit::Committed(version) => version,
                other => panic!("at {caller}: {other:?}"),
            }
        }
    }
}
