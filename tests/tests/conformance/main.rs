//! What each channel promises, played from `tests/conformance/<channel>/*.toml` on every backend.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use vestibule_tests::conformance::{File, play};
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let mut played = 0;
    let mut failures = Vec::new();
    for channel in fs::read_dir(&root).unwrap() {
        let channel = channel.unwrap();
        let name = channel.file_name().into_string().unwrap();
        for file in fs::read_dir(channel.path()).unwrap() {
            let file = file.unwrap();
            let text = fs::read_to_string(file.path()).unwrap();
            let scenarios: File =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{:?}: {error}", file.path()));
            for scenario in &scenarios.scenario {
                played += 1;
                if let Err(what) = play(&name, scenario, backend).await {
                    failures.push(format!("{name}: {}: {what}", scenario.name));
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
