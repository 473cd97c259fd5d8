//! Log lines go to the operator's log, marked and bounded. One thread, so that the test's own subscriber sees them.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use vestibule_tests::guests;
use vestibule_tests::harness::Harness;
use vestibule_tests::store::Backend;

use super::probe;
use crate::hostile::hostile;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Runs `write` messages one after the other and gives what was logged.
    async fn of(harness: &Harness, requests: &[(&str, &str, Value)]) -> Vec<String> {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || writer.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        for (channel, command, request) in requests {
            harness.ok(channel, command, request.clone()).await;
        }
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .map(str::to_owned)
            .filter(|line| line.contains("vestibule::component"))
            .collect()
    }
}

#[tokio::test]
async fn a_line_is_marked_cut_and_kept_on_one_line() {
    let harness = probe(Backend::Memory, guests::PROBE_LOG, "probe-log", &["log"])
        .start()
        .await;
    let line = format!("one\ntwo\u{1b}[31m {}end", "é".repeat(1_000));
    let lines = Lines::of(&harness, &[("probe-log", "write", json!({"line": line}))]).await;
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
        Lines::of(&harness, std::slice::from_ref(&flood))
            .await
            .len(),
        64
    );
    assert_eq!(
        Lines::of(&harness, &[flood.clone(), flood]).await.len(),
        128
    );
}
