//! A store over SQLite's that ends its process, as `kill -9` does, at a chosen step of a chosen commit.
//!
//! No code of the host knows of it: what it wraps is the store that the program uses, so a release has no such points.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};
use vestibule::store::sqlite::SqliteStore;
use vestibule::store::{Batch, Commit, Store, StoreError, Write};
use vestibule::testing::{Hook, HookedStore};

/// The process ends in the second commit of the kind, so that one before it is done.
const WHICH: u32 = 2;

/// What a commit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A sign-up: account, profile, mail and event in one.
    SignUp,
    /// A mail is leased, to be handed over next.
    Lease,
    /// What became of a mail is written: the server has it.
    Mark,
}

/// When in a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The store has not seen it yet.
    Before,
    /// SQLite writes it to its log, so many bytes of which are written by then.
    Inside(u64),
    /// It is durable, and nobody has been told.
    After,
}

/// Where the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// In a commit of this kind.
    pub kind: Kind,
    /// At this moment of it.
    pub moment: Moment,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::SignUp => "sign-up",
            Kind::Lease => "lease",
            Kind::Mark => "mark",
        };
        match self.moment {
            Moment::Before => write!(f, "{kind}/before"),
            Moment::Inside(bytes) => write!(f, "{kind}/inside/{bytes}"),
            Moment::After => write!(f, "{kind}/after"),
        }
    }
}

impl FromStr for Point {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, moment) = text.split_once('/').ok_or("KIND/MOMENT")?;
        let kind = match kind {
            "sign-up" => Kind::SignUp,
            "lease" => Kind::Lease,
            "mark" => Kind::Mark,
            _ => return Err("sign-up, lease or mark"),
        };
        let moment = match (moment, moment.strip_prefix("inside/")) {
            ("before", _) => Moment::Before,
            ("after", _) => Moment::After,
            (_, Some(bytes)) => Moment::Inside(bytes.parse().map_err(|_| "a number of bytes")?),
            _ => return Err("before, inside/BYTES or after"),
        };
        Ok(Self { kind, moment })
    }
}

/// The store.
pub type MortalStore = HookedStore<Mortal>;

/// Ends the process at a chosen point.
pub struct Mortal {
    log: PathBuf,
    point: Point,
    seen: AtomicU32,
}

/// A store over `inner` in which the process ends at `point`.
#[must_use]
pub fn mortal(inner: SqliteStore, point: Point) -> Arc<MortalStore> {
    let mut log = inner.path().as_os_str().to_owned();
    log.push("-wal");
    let hook = Mortal {
        log: log.into(),
        point,
        seen: AtomicU32::new(0),
    };
    HookedStore::over(Arc::new(inner), hook)
}

impl Mortal {
    fn ends_with(&self, batch: &Batch) -> bool {
        kind(batch) == Some(self.point.kind)
            && self.seen.fetch_add(1, Ordering::SeqCst) + 1 == WHICH
    }
}

#[async_trait]
impl Hook for Mortal {
    async fn commit(&self, batch: Batch, below: &dyn Store) -> Result<Commit, StoreError> {
        if !self.ends_with(&batch) {
            return below.commit(batch).await;
        }
        match self.point.moment {
            Moment::Before => die(),
            Moment::Inside(bytes) => end_at(&self.log, bytes),
            Moment::After => {}
        }
        match below.commit(batch).await {
            Ok(Commit::Committed(_)) => die(),
            // It was no commit: the next one is.
            other => {
                self.seen.store(WHICH - 1, Ordering::SeqCst);
                other
            }
        }
    }
}

/// What `batch` is for, if it is one of these.
fn kind(batch: &Batch) -> Option<Kind> {
    let puts = || {
        batch.writes.iter().filter_map(|write| match write {
            Write::Put {
                namespace, record, ..
            } => Some((namespace.as_str(), record)),
            Write::Delete { .. } => None,
        })
    };
    if puts().any(|(namespace, _)| namespace == "c/default/authorization") {
        return Some(Kind::SignUp);
    }
    let (_, state) = puts().find(|(namespace, _)| *namespace == "h/outbox-mail-state")?;
    let state: serde_json::Value = serde_json::from_slice(&state.value).ok()?;
    match state["state"].as_str()? {
        "sending" => Some(Kind::Lease),
        "sent" => Some(Kind::Mark),
        _ => None,
    }
}

/// Lets the file `log` grow by `bytes` and no further: the system ends the process (SIGXFSZ) in the middle of the write that
/// would, of which so much is done as there was room for.
fn end_at(log: &Path, bytes: u64) {
    let size = std::fs::metadata(log).map_or(0, |file| file.len());
    let limit = Rlimit {
        current: Some(size + bytes),
        ..getrlimit(Resource::Fsize)
    };
    if setrlimit(Resource::Fsize, limit).is_err() {
        // A limit that was there already: the test sees that nothing ended.
        tracing::error!("the size of files cannot be limited");
    }
}

/// SIGKILL, from which nothing recovers and after which nothing runs.
fn die() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}
