//! A channel with two builds.

use std::sync::Arc;

use serde_json::{Value, json};
use vestibule::builds::{DeployOptions, Refused};
use vestibule::host::DeploymentInfo;
use vestibule::store::Store;
use vestibule::subjects::Administrator;
use vestibule_tests::guests;
use vestibule_tests::harness::{self, Harness, HarnessBuilder};

/// A host that brings build a of `counter` along.
pub(crate) fn counter(store: Arc<dyn Store>) -> HarnessBuilder {
    harness::over(store)
        .component(guests::COUNTER_A)
        .grant("counter", &["storage"])
}

/// Which build answers.
pub(crate) async fn build(host: &Harness) -> Value {
    host.ok("counter", "read", json!({"key": "n"})).await["build"].clone()
}

/// What the host says of `channel`.
pub(crate) fn info(host: &Harness, channel: &str) -> DeploymentInfo {
    let mut infos = host.host.deployments().into_iter();
    infos.find(|info| info.channel == channel).unwrap()
}

/// An operator.
pub(crate) fn operator() -> Administrator {
    Administrator {
        service_key: Some("key-1".to_owned()),
        remote_address: Some("192.0.2.7".to_owned()),
    }
}

/// A deploy by an operator with nothing beyond the usual.
pub(crate) fn by_operator() -> DeployOptions {
    DeployOptions {
        by: operator(),
        ..DeployOptions::default()
    }
}

/// Which checks a build failed.
pub(crate) fn checks(refused: &Refused) -> Vec<&'static str> {
    let problems = refused.problems().iter();
    problems.map(|problem| problem.check).collect()
}

/// The names and values of an audit record's detail.
pub(crate) fn detail(record: &Value, name: &str) -> Value {
    let mut pairs = record["detail"].as_array().unwrap().iter();
    let found = pairs.find(|pair| pair[0] == name);
    found.map_or(Value::Null, |pair| pair[1].clone())
}

/// `build` with a custom section added: the same code, another digest.
pub(crate) fn marked(build: &[u8], mark: u8) -> Vec<u8> {
    let mut marked = build.to_vec();
    marked.extend_from_slice(&[0, 3, 1, b'm', mark]);
    marked
}
