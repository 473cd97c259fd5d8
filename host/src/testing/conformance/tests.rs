//! The suite on builds that keep their contract, and on what is none.

use std::sync::Mutex;

use super::*;
use crate::host::bundle;

fn bundled(channel: &str) -> Vec<u8> {
    let (_, bytes) = bundle().find(|(of, _)| *of == channel).unwrap();
    bytes.to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bundled_build_keeps_its_contract() {
    let checker = Checker::new(Options::default()).unwrap();
    let told = Mutex::new(Vec::new());
    let note = |progress: Progress| told.lock().unwrap().push(progress);
    let report = checker.check("users", bundled("users"), None, note).await;
    let report = report.unwrap();
    assert!(report.holds(), "{report:#?}");
    let scenarios: usize = files("users").iter().map(|file| file.scenario.len()).sum();
    assert_eq!(report.scenarios.len(), scenarios);
    let all = report.scenarios.iter();
    assert!(
        all.clone().all(|row| row.state == Verdict::Held),
        "{report:#?}"
    );
    let told = told.into_inner().unwrap();
    let played: Vec<_> = told.iter().map(|progress| progress.played).collect();
    assert_eq!(played, (1..=scenarios).collect::<Vec<_>>());
    assert_eq!(report.candidate, report.serving);
}

#[tokio::test]
async fn what_cannot_be_judged_is_said() {
    let checker = Checker::new(Options::default()).unwrap();
    let said = async |channel, candidate, serving| {
        let judged = checker.check(channel, candidate, serving, |_| {}).await;
        judged.unwrap_err().to_string()
    };
    let unknown = said("notes", bundled("users"), None).await;
    assert!(
        unknown.contains("notes") && unknown.contains("api-tokens, "),
        "{unknown}"
    );
    let nonsense = said("users", b"s3cret".to_vec(), None).await;
    assert!(!nonsense.contains("s3cret"), "{nonsense}");
    let other = said("users", bundled("email"), None).await;
    assert!(other.contains("does not export channel users"), "{other}");
    let serving = said("users", bundled("users"), Some(b"s3cret".to_vec())).await;
    assert!(serving.starts_with("the serving build: "), "{serving}");
}

#[tokio::test]
async fn what_is_not_played_in_time_does_not_hold() {
    let options = Options {
        within: std::time::Duration::ZERO,
        stop_at_first: true,
        ..Options::default()
    };
    let checker = Checker::new(options).unwrap();
    let report = checker.check("users", bundled("users"), None, |_| {}).await;
    let report = report.unwrap();
    assert!(!report.holds());
    assert_eq!(report.scenarios.len(), 1, "it stops at the first");
    let (_, broken) = report.broken().next().unwrap();
    assert!(broken.what.contains("in time"), "{broken}");
}
