//! The guests `outer`, `middle` and `inner`, deployed together, and how to tell them what to do.

use serde_json::{Value, json};
use vestibule::message::Answer;
use vestibule_tests::guests;
use vestibule_tests::harness::{Harness, HarnessBuilder};

/// What every level needs besides the level below.
const CAPABILITIES: [&str; 9] = [
    "storage",
    "transaction",
    "passwords",
    "limits",
    "audit",
    "events",
    "mail",
    "caller",
    "caller.establish",
];

/// The three guests, granted what they need.
pub(crate) fn nest(builder: HarnessBuilder) -> HarnessBuilder {
    let with = |below: &'static str| {
        CAPABILITIES
            .iter()
            .copied()
            .chain([below])
            .collect::<Vec<_>>()
    };
    builder
        .component(guests::OUTER)
        .component(guests::MIDDLE)
        .component(guests::INNER)
        .grant("outer", &with("middle/run"))
        .grant("middle", &with("inner/run"))
        .grant("inner", &CAPABILITIES)
}

/// What one level does and how it ends.
pub(crate) fn level<const N: usize>(steps: [Value; N], end: &str) -> Value {
    json!({"steps": steps.to_vec(), "end": end})
}

pub(crate) fn put(key: &str, value: &str) -> Value {
    json!({"put": {"key": key, "value": value}})
}

pub(crate) fn get(key: &str) -> Value {
    json!({"get": key})
}

/// Sends a message to `outer` with what each level does.
pub(crate) async fn run<const N: usize>(harness: &Harness, levels: [Value; N]) -> Answer {
    harness
        .send("outer", "run", json!({"levels": levels.to_vec()}))
        .await
}

/// What each step of each level saw, of a message that must be answered ok.
pub(crate) async fn seen<const N: usize>(
    harness: &Harness,
    levels: [Value; N],
) -> Vec<Vec<String>> {
    let reply = harness
        .ok("outer", "run", json!({"levels": levels.to_vec()}))
        .await;
    serde_json::from_value(reply["seen"].clone()).expect("lists of texts")
}

/// The code of a message that must be refused.
pub(crate) async fn refusal<const N: usize>(harness: &Harness, levels: [Value; N]) -> String {
    harness
        .refused("outer", "run", json!({"levels": levels.to_vec()}))
        .await
        .code
        .as_str()
        .to_owned()
}
