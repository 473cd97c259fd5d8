//! `kill -9` at every step of a sign-up and of its mail's way: all of it or nothing, and each mail at least once.
//!
//! A process of its own signs people up and ends at the step; then the same data is opened again.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule::store::{Namespace, Record};
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::letter_box::LetterBox;
use vestibule_tests::mortal::{Kind, Moment, Point};
use vestibule_tests::people::{PASSWORD, PEOPLE, email, sign_up};

use crate::world::{ok, operator, sign_in};

/// Two minutes after the process's clock, which stands: every lease is over.
const LATER: u64 = 1_700_000_120_000;

/// A frame of SQLite's log, a page and its header, is 4 120 bytes.
const MOMENTS: [Moment; 6] = [
    Moment::Before,
    Moment::Inside(1),
    Moment::Inside(4_000),
    Moment::Inside(9_000),
    Moment::Inside(40_000),
    Moment::After,
];

/// What a killed process left.
struct Left {
    /// Whose sign-up was answered.
    answered: BTreeSet<usize>,
    /// Who has an account.
    there: BTreeSet<usize>,
    /// How often each mail was handed over, after a restart.
    deliveries: Vec<usize>,
}

// A12
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_a_sign_up_leaves_all_of_it_or_nothing() {
    for moment in MOMENTS {
        let left = killed_at(Kind::SignUp, moment).await;
        match moment {
            // Less than the commit has: none of it counts.
            Moment::Before | Moment::Inside(..=4_000) => {
                assert!(left.there.len() < PEOPLE, "{moment:?}");
            }
            Moment::Inside(_) => {}
            Moment::After => assert!(left.there.len() > left.answered.len()),
        }
    }
}

// A12, J01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_lease_of_a_mail_loses_no_mail() {
    for moment in MOMENTS {
        killed_at(Kind::Lease, moment).await;
    }
}

// A12, J01
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_after_the_hand_over_of_a_mail_hands_it_over_again_under_its_id() {
    for moment in MOMENTS {
        let left = killed_at(Kind::Mark, moment).await;
        if matches!(moment, Moment::Before | Moment::Inside(..=4_000)) {
            assert!(left.deliveries.contains(&2), "{moment:?}");
        }
    }
}

async fn killed_at(kind: Kind, moment: Moment) -> Left {
    let point = Point { kind, moment };
    let folder = tempfile::tempdir().unwrap();
    let answered = run(folder.path(), point);
    let host = restarted(folder.path()).await;
    let there = accounts(&host).await;
    assert!(answered.is_subset(&there), "{point}: what was answered");
    nothing_is_half_there(&host, there.len(), point).await;

    let letters = LetterBox::at(&folder.path().join("letters"));
    delivered(&host).await;
    let taken = letters.taken();
    let addresses: BTreeSet<_> = taken.keys().cloned().collect();
    let expected: BTreeSet<_> = there.iter().map(|number| email(*number)).collect();
    assert_eq!(addresses, expected, "{point}: one mail for each, at least");
    for ids in taken.values() {
        assert!(ids.iter().all(|id| *id == ids[0]), "{point}: under its id");
    }

    // Whoever is there can sign in, and whoever is not can begin anew.
    for number in 0..PEOPLE {
        if !there.contains(&number) {
            ok(sign_up(&host, number).await);
        }
        ok(sign_in(&host, number, &email(number), PASSWORD).await);
    }
    nothing_is_half_there(&host, PEOPLE, point).await;
    delivered(&host).await;
    assert_eq!(letters.taken().len(), PEOPLE, "{point}");
    Left {
        answered,
        there,
        deliveries: taken.values().map(Vec::len).collect(),
    }
}

/// Lets the process run until it ends at `point`. Whose sign-up it answered until then.
fn run(folder: &Path, point: Point) -> BTreeSet<usize> {
    let ran = Command::new(env!("CARGO_BIN_EXE_mortal-host"))
        .arg(folder)
        .arg(point.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let signal = ran.status.signal();
    let errors = String::from_utf8_lossy(&ran.stderr);
    match point.moment {
        // The system ends it within the write.
        Moment::Inside(..=4_000) => assert_eq!(signal, Some(Signal::XFSZ.as_raw()), "{errors}"),
        // The commit may have been smaller.
        Moment::Inside(_) => assert!(signal.is_some(), "{point}: {errors}"),
        Moment::Before | Moment::After => {
            assert_eq!(signal, Some(Signal::KILL.as_raw()), "{point}: {errors}");
        }
    }
    let lines = String::from_utf8(ran.stdout).unwrap();
    lines.lines().map(|line| line.parse().unwrap()).collect()
}

async fn restarted(folder: &Path) -> Harness {
    let path = folder.join("vestibule.db");
    let store = SqliteStore::open(path, SqliteOptions::default()).unwrap();
    store.check().await.unwrap();
    harness::over(Arc::new(store))
        .with_bundle()
        .at(LATER)
        .mailer(Arc::new(LetterBox::at(&folder.join("letters"))))
        .start()
        .await
}

/// Who has an account.
async fn accounts(host: &Harness) -> BTreeSet<usize> {
    let mut there = BTreeSet::new();
    for number in 0..PEOPLE {
        let request = json!({"email": email(number)});
        let found = ok(operator(host, "authorization", "find-account", request).await);
        if !found["account"].is_null() {
            there.insert(number);
        }
    }
    there
}

/// Everybody of whom anything is stored has an account, a profile, a mail and an event, and they are so many.
async fn nothing_is_half_there(host: &Harness, count: usize, point: Point) {
    let accounts = people_in(host, Namespace::channel("default", "authorization")).await;
    assert_eq!(accounts.len(), count, "{point}");
    for namespace in [
        Namespace::channel("default", "users"),
        Namespace::reserved("outbox-mail-state"),
        Namespace::reserved("outbox-event"),
    ] {
        let found = people_in(host, namespace.clone()).await;
        assert_eq!(found, accounts, "{point}: {namespace:?}");
    }
}

/// Whose entries lie in `namespace`.
async fn people_in(host: &Harness, namespace: Namespace) -> BTreeSet<String> {
    let records: BTreeMap<String, Record> = host.records(&namespace).await;
    let subjects = records.into_values().filter_map(|record| record.subject);
    subjects.collect()
}

/// Waits until no mail waits any more.
async fn delivered(host: &Harness) {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let done = async {
        while host.mails_wait().await {
            looks.tick().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), done).await;
    assert!(in_time.is_ok(), "mails still wait");
}
