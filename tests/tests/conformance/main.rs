//! What each channel promises (`host/conformance/<channel>/*.toml`), played on every backend.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod broken;
mod bundled;

use vestibule::testing::conformance::{channels, files, play};
use vestibule_tests::harness;
use vestibule_tests::store::Backend;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_holds_in_memory() {
    play_all(Backend::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_holds_on_sqlite() {
    play_all(Backend::Sqlite).await;
}

async fn play_all(backend: Backend) {
    let mut played = 0;
    let mut failures = Vec::new();
    for channel in channels() {
        for file in files(channel) {
            for scenario in &file.scenario {
                played += 1;
                let harness = harness::on(backend).with_bundle();
                if let Err(broken) = play(harness, channel, scenario).await {
                    failures.push(format!("{}: {}: {broken}", file.path, scenario.name));
                }
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {played} do not hold:\n{}",
        failures.len(),
        failures.join("\n")
    );
    assert!(played >= 20, "only {played} scenarios were found");
}
