//! Builds that break their contract, each in one way (`tests/guests/broken`): the suite finds that, and nothing else.

use vestibule::config::Limits;
use vestibule::testing::conformance::{Checker, Options, Report, Row, Verdict};
use vestibule_tests::guests;

async fn judge(channel: &str, candidate: impl Into<Vec<u8>>) -> Report {
    let limits = Limits {
        cpu_ms: 100,
        ..Limits::default()
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let checker = Checker::new(options).unwrap();
    let judged = checker.check(channel, candidate.into(), None, |_| {});
    judged.await.unwrap()
}

/// The scenarios that are not kept, and why.
fn contract(report: &Report) -> Vec<(&str, String)> {
    broken(report, |row| &row.contract)
}

/// The scenarios that are not kept together with the bundled build, and why.
fn state(report: &Report) -> Vec<(&str, String)> {
    broken(report, |row| &row.state)
}

fn broken(report: &Report, verdict: fn(&Row) -> &Verdict) -> Vec<(&str, String)> {
    let rows = report.scenarios.iter();
    let broken = rows.filter_map(|row| match verdict(row) {
        Verdict::Broken(broken) => Some((row.name.as_str(), broken.to_string())),
        Verdict::Held | Verdict::Skipped { .. } => None,
    });
    broken.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_accepts_expired_tokens() {
    let report = judge("token", guests::TOKEN_FOREVER).await;
    assert_eq!(
        contract(&report),
        [
            (
                "an access token expires, with thirty seconds of skew",
                "step 3 (verify-token): reply.payload was not expected".to_owned()
            ),
            (
                "the life of an access token is configured",
                "step 2 (verify-token): reply.payload was not expected".to_owned()
            ),
        ]
    );
    assert_eq!(state(&report), []);
    assert!(!report.holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_omits_a_check() {
    let report = judge("users", guests::USERS_UNLIMITED).await;
    assert_eq!(
        contract(&report),
        [(
            "a limited credential needs the scope, an administrator's too",
            "step 3 (update-user): answered ok, not access-denied".to_owned()
        )]
    );
    assert_eq!(state(&report), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_whose_records_no_other_build_reads() {
    let report = judge("users", guests::USERS_RENAMING).await;
    assert_eq!(contract(&report), []);
    let state = state(&report);
    // Every scenario in which a first name is written and read.
    assert_eq!(state.len(), 5, "{state:#?}");
    for (_, what) in state {
        let (play, found) = what.split_once(": ").unwrap();
        assert_eq!(play, "the candidate writes, the serving build reads");
        assert!(found.ends_with("reply.user.first_name is missing"));
    }
    assert!(!report.holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_loses_what_a_later_one_wrote() {
    let report = judge("users", guests::USERS_FORGETFUL).await;
    assert_eq!(contract(&report), []);
    let state = state(&report);
    // Every scenario in which a profile is rewritten.
    assert_eq!(state.len(), 3, "{state:#?}");
    for (_, what) in state {
        assert!(what.starts_with("with fields of a later build: "), "{what}");
        assert!(what.contains("(update-user)"), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_hangs() {
    let report = judge("users", guests::USERS_HANGING).await;
    let contract = contract(&report);
    assert_eq!(contract.len(), 13, "{contract:#?}");
    for (_, what) in contract {
        assert!(what.ends_with("more CPU time than it may use"), "{what}");
    }
    // What reads nothing is kept.
    assert!(report.scenarios.iter().any(Row::holds));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_without_the_channels_commands() {
    let report = judge("accounts", guests::silent("accounts")).await;
    let held = report.scenarios.iter().find(|row| row.holds());
    assert!(held.is_none(), "{held:#?}");
}
