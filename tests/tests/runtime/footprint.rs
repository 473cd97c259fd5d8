//! What hostile components cost the host in memory, seen from a process of its own.

use std::process::Command;

use serde_json::json;
use vestibule_tests::harness::Harness;
use vestibule_tests::store::Backend;

use crate::hostile::{ATTACKS, hostile};

/// What a round of attacks may need at most besides the idle host, in KiB: a full sandbox, and a giant reply on its way
/// through the host.
const PEAK_KIB: u64 = 192 * 1024;

/// What six more rounds may add for good, in KiB: audit records, mostly.
const GROWTH_KIB: u64 = 4 * 1024;

/// Runs itself alone in a new process, since memory is counted by the process.
#[tokio::test]
async fn attacks_do_not_grow_the_host() {
    if std::env::args().any(|argument| argument == "--exact") {
        return attack_in_rounds().await;
    }
    let alone = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "footprint::attacks_do_not_grow_the_host"])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&alone.stdout);
    assert!(alone.status.success(), "{output}");
    assert!(output.contains("1 passed"), "it did run: {output}");
}

async fn attack_in_rounds() {
    let harness = hostile(Backend::Memory).start().await;
    harness
        .ok("counter", "increment", json!({"key": "n"}))
        .await;
    let idle = status("VmRSS");
    // Allocator and sandbox pool keep what they once needed: that settles within a few rounds.
    for _ in 0..4 {
        round(&harness).await;
    }
    let settled = status("VmRSS");
    for _ in 0..6 {
        round(&harness).await;
    }
    let (after_all, peak) = (status("VmRSS"), status("VmHWM"));
    assert!(
        peak < idle + PEAK_KIB,
        "idle {idle} KiB, at its peak {peak} KiB"
    );
    assert!(
        after_all < settled + GROWTH_KIB,
        "settled at {settled} KiB, six rounds later {after_all} KiB"
    );
}

/// Every attack but the one that only takes time.
async fn round(harness: &Harness) {
    for (name, _) in ATTACKS.into_iter().filter(|(name, _)| *name != "sleep") {
        harness
            .refused("hostile", "run", json!({"attack": name}))
            .await;
    }
}

/// A figure of this process's, in KiB.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
