//! Compiled code on disk is believed only if this installation wrote it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use vestibule_tests::guests;
use vestibule_tests::harness::{self, HarnessBuilder};
use vestibule_tests::store::Backend;

fn counter(folder: &Path) -> HarnessBuilder {
    harness::on(Backend::Memory)
        .component(guests::COUNTER_A)
        .grant("counter", &["storage"])
        .code_cache(folder.to_owned())
}

async fn start_and_count(harness: HarnessBuilder) {
    let harness = harness.start().await;
    assert_eq!(
        harness
            .ok("counter", "increment", json!({"key": "n"}))
            .await["value"],
        1
    );
}

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[tokio::test]
async fn the_second_start_loads_what_the_first_compiled() {
    let folder = tempfile::tempdir().unwrap();
    start_and_count(counter(folder.path())).await;
    let file = only_file(folder.path());
    let (before, modified) = (
        fs::read(&file).unwrap(),
        fs::metadata(&file).unwrap().modified().unwrap(),
    );
    start_and_count(counter(folder.path())).await;
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(
        fs::metadata(&file).unwrap().modified().unwrap(),
        modified,
        "it was not compiled again"
    );
}

#[tokio::test]
async fn an_altered_file_is_compiled_anew() {
    let folder = tempfile::tempdir().unwrap();
    start_and_count(counter(folder.path())).await;
    let file = only_file(folder.path());
    let good = fs::read(&file).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for bad in [
        flipped,
        good[..good.len() / 2].to_vec(),
        Vec::new(),
        good[32..].to_vec(),
    ] {
        fs::write(&file, &bad).unwrap();
        start_and_count(counter(folder.path())).await;
        assert_ne!(
            fs::read(only_file(folder.path())).unwrap(),
            bad,
            "it was replaced"
        );
    }
}

#[tokio::test]
async fn another_installations_file_is_compiled_anew() {
    let folder = tempfile::tempdir().unwrap();
    start_and_count(counter(folder.path())).await;
    let theirs = fs::read(only_file(folder.path())).unwrap();
    start_and_count(counter(folder.path()).root_key([8; 32])).await;
    assert_ne!(fs::read(only_file(folder.path())).unwrap(), theirs);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_time_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, "").unwrap();
    start_and_count(counter(&file)).await;
}
