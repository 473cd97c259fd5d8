//! Log lines go to the operator's log, marked and bounded. One thread, so that the test's own subscriber sees them.

use serde_json::{Value, json};
use vestibule_tests::guests;
use vestibule_tests::harness::Harness;
use vestibule_tests::store::Backend;

use super::probe;
use crate::hostile::hostile;
use crate::lines;

/// Sends messages one after the other and gives what components logged meanwhile.
async fn lines_of(harness: &Harness, requests: &[(&str, &str, Value)]) -> Vec<String> {
    let lines = lines::of(async {
        for (channel, command, request) in requests {
            harness.ok(channel, command, request.clone()).await;
        }
    });
    let mut lines = lines.await;
    lines.retain(|line| line.contains("vestibule::component"));
    lines
}

#[tokio::test]
async fn a_line_is_marked_cut_and_kept_on_one_line() {
    let harness = probe(Backend::Memory, guests::PROBE_LOG, "probe-log", &["log"])
        .start()
        .await;
    let line = format!("one\ntwo\u{1b}[31m {}end", "é".repeat(1_000));
    let lines = lines_of(&harness, &[("probe-log", "write", json!({"line": line}))]).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("one\\ntwo\\u{1b}[31m é"), "{lines:?}");
    assert!(
        lines[0].contains("probe-log") && lines[0].contains("message_id="),
        "{lines:?}"
    );
    assert!(!lines[0].contains("end"), "cut at 1 KiB");
}

#[tokio::test]
async fn a_flood_of_lines_is_dropped_and_the_next_message_logs_again() {
    let harness = hostile(Backend::Memory).start().await;
    let flood = ("hostile", "run", json!({"attack": "log-flood"}));
    assert_eq!(
        lines_of(&harness, std::slice::from_ref(&flood)).await.len(),
        64
    );
    assert_eq!(lines_of(&harness, &[flood.clone(), flood]).await.len(), 128);
}
