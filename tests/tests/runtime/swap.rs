//! One build for another while messages come in.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use vestibule::builds::Refused;
use vestibule::config::Config;
use vestibule::message::{Caller, Message};
use vestibule::testing::{Faults, FaultyStore, Gate, StoreFault};
use vestibule_tests::guests;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

on_every_backend! {
    a_hundred_swaps_under_load_fail_nobody,
}

async fn build(harness: &Harness) -> Value {
    harness.ok("counter", "read", json!({"key": "n"})).await["build"].clone()
}

async fn a_hundred_swaps_under_load_fail_nobody(backend: Backend) {
    let harness = harness::on(backend)
        .component(guests::COUNTER_A)
        .grant("counter", &["storage"])
        .start()
        .await;
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (host, stop) = (harness.host.clone(), stop.clone());
            tokio::spawn(async move {
                let (mut answered, mut builds) = (0, BTreeSet::new());
                while !stop.load(Ordering::SeqCst) {
                    let request = json!({"key": format!("client/{client}")});
                    let reply = host
                        .call::<_, Value>("counter", "increment", &request)
                        .await
                        .unwrap();
                    answered += 1;
                    assert_eq!(reply["value"], answered, "data goes on from build to build");
                    builds.insert(reply["build"].as_str().unwrap().to_owned());
                }
                (answered, builds)
            })
        })
        .collect();
    for swap in 0..100 {
        let next = if swap % 2 == 0 {
            guests::COUNTER_B
        } else {
            guests::COUNTER_A
        };
        harness.deploy("counter", next.to_vec()).await.unwrap();
        let expected = if swap % 2 == 0 { "b" } else { "a" };
        assert_eq!(
            build(&harness).await,
            expected,
            "a message after the switch is on the new build"
        );
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        let (answered, builds) = client.await.unwrap();
        assert!(answered > 0);
        assert_eq!(
            builds,
            BTreeSet::from(["a".to_owned(), "b".to_owned()]),
            "after {answered} messages"
        );
    }
}

#[tokio::test]
async fn a_message_in_flight_finishes_on_the_build_it_started_with() {
    let store = FaultyStore::in_memory(Faults::default());
    let harness = harness::over(store.clone())
        .component(guests::COUNTER_A)
        .grant("counter", &["storage"])
        .start()
        .await;
    let gate = Arc::<Gate>::default();
    store.hook.script([StoreFault::Held(gate.clone())]);
    let message = Message::new(
        "counter",
        "increment",
        json!({"key": "n"}),
        Caller::service(None),
    );
    let in_flight = tokio::spawn({
        let host = harness.host.clone();
        async move { host.send(message).await }
    });
    gate.reached().await;
    harness
        .deploy("counter", guests::COUNTER_B.to_vec())
        .await
        .unwrap();
    assert_eq!(build(&harness).await, "b");
    gate.open();
    assert_eq!(
        in_flight.await.unwrap().unwrap().unwrap(),
        json!({"value": 1, "build": "a"})
    );
}

#[tokio::test]
async fn a_rollback_goes_back_one_build_at_a_time() {
    let harness = harness::on(Backend::Memory)
        .component(guests::COUNTER_A)
        .grant("counter", &["storage"])
        .start()
        .await;
    let none = harness.rollback("counter").await.unwrap_err();
    assert!(matches!(none, Refused::NoEarlier(_)), "{none}");
    let first = harness.host.deployments()[0].digest.clone();
    harness
        .deploy("counter", guests::COUNTER_B.to_vec())
        .await
        .unwrap();
    assert_eq!(build(&harness).await, "b");
    let back = harness.rollback("counter").await.unwrap();
    assert_eq!(back.digest.to_string(), first);
    assert_eq!(build(&harness).await, "a");
    assert!(matches!(
        harness.rollback("counter").await,
        Err(Refused::NoEarlier(_))
    ));
    assert!(matches!(
        harness.rollback("nobody").await,
        Err(Refused::UnknownChannel(_))
    ));
}

#[tokio::test]
async fn a_build_that_cannot_serve_leaves_the_serving_one_alone() {
    let harness = harness::on(Backend::Memory)
        .component(guests::COUNTER_A)
        .grant("counter", &["storage"])
        .start()
        .await;
    for bad in [
        guests::core_module(),
        guests::silent("other"),
        b"nothing".to_vec(),
    ] {
        harness.deploy("counter", bad).await.unwrap_err();
        assert_eq!(build(&harness).await, "a");
    }
}

#[tokio::test]
async fn a_callers_command_may_not_be_taken_away() {
    let harness = harness::on(Backend::Memory)
        .component(guests::relay("caller", "callee"))
        .component(guests::silent("callee"))
        .grant("caller", &["callee/run"])
        .start()
        .await;
    let error = harness
        .deploy("callee", guests::silent_as("callee", "walk"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("callee/run"), "{error}");
    harness.ok("caller", "run", json!({})).await;
}

#[tokio::test]
async fn a_callers_types_may_not_be_changed_nor_its_version() {
    let harness = harness::on(Backend::Memory)
        .component(guests::relay("caller", "callee"))
        .component(guests::silent("callee"))
        .grant("caller", &["callee/run"])
        .start()
        .await;
    for (version, expected) in [("1.0.0", "other types"), ("2.0.0", "in version")] {
        let build = guests::silent_with_number("callee", version);
        let error = harness.deploy("callee", build).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    harness.ok("caller", "run", json!({})).await;
    harness
        .deploy("callee", guests::silent("callee"))
        .await
        .unwrap();
    harness.ok("caller", "run", json!({})).await;
}

#[tokio::test]
async fn a_build_without_the_command_that_checks_credentials_is_refused() {
    // Its request is a single text: that is all that is asked of it here.
    let checks = |config: &mut Config| {
        config.auth.jwt = Some("counter/read".to_owned());
        config.auth.api_token = None;
    };
    let harness = harness::on(Backend::Memory)
        .component(guests::COUNTER_A)
        .grant("counter", &["storage"])
        .configure(checks)
        .start()
        .await;
    // One has no such command, the other one that takes nothing.
    for lacking in [
        guests::silent("counter"),
        guests::silent_as("counter", "read"),
    ] {
        let error = harness.deploy("counter", lacking).await.unwrap_err();
        let checks = error.problems().iter().map(|problem| problem.check);
        assert!(checks.collect::<Vec<_>>().contains(&"auth"), "{error}");
        let text = error.to_string();
        assert!(text.contains("auth.jwt") && text.contains("read"), "{text}");
        assert_eq!(build(&harness).await, "a", "the serving one goes on");
    }
    let has_it = guests::COUNTER_B.to_vec();
    harness.deploy("counter", has_it).await.unwrap();
    harness.rollback("counter").await.unwrap();

    let started = harness::on(Backend::Memory)
        .component(guests::silent("counter"))
        .configure(checks)
        .try_start()
        .await;
    let text = started.err().unwrap().to_string();
    assert!(text.contains("auth.jwt") && text.contains("read"), "{text}");
}
