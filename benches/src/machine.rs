//! What the figures were measured on.

use std::fs;
use std::num::NonZero;

use serde_json::{Value, json};

/// Processor, kernel, load and command, for the report's first line.
pub(crate) fn describe() -> Value {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("?", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    json!({
        "cores": cores(),
        "processor": model,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load": load(),
        "command": format!("just bench {}", arguments.join(" ")).trim(),
    })
}

/// How many processors there are.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// How many threads wanted to run, over the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").to_owned()
}
