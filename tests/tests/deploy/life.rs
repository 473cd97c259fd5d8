//! A deploy and its ends: it serves, also after a restart, until another one or the way back.

use serde_json::json;
use vestibule::builds::{Refused, RollbackOptions};
use vestibule::host::DeploymentState;
use vestibule::sandbox::Digest;
use vestibule_tests::guests;
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use crate::world::{build, by_operator, checks, counter, detail, info, marked, operator};

on_every_backend! {
    what_was_deployed_serves_after_a_restart_and_what_was_before_after_a_rollback,
    one_goes_back_build_by_build,
}

async fn what_was_deployed_serves_after_a_restart_and_what_was_before_after_a_rollback(
    backend: Backend,
) {
    let (store, _folder) = backend.open();
    let code = tempfile::tempdir().unwrap();
    let start = || counter(store.clone()).code_cache(code.path());
    let host = start().start().await;
    assert_eq!(info(&host, "counter").state, DeploymentState::Bundled);
    host.ok("counter", "increment", json!({"key": "n"})).await;
    host.clock.advance(1_000);
    let deployed = host.deploy("counter", guests::COUNTER_B).await.unwrap();
    assert_eq!(deployed.digest, Digest::of(guests::COUNTER_B));
    assert_eq!(deployed.previous, Digest::of(guests::COUNTER_A));
    assert_eq!((deployed.revision, deployed.changed), (1, true));
    assert_eq!(deployed.warnings, [""; 0]);
    assert_eq!(build(&host).await, "b");
    let seen = info(&host, "counter");
    assert_eq!(seen.state, DeploymentState::Deployed);
    assert_eq!((seen.since, seen.revision), (1_700_000_001_000, 1));
    assert_eq!((seen.calls, seen.faults), (1, 0));
    drop(host);

    // With compiled code at hand, and without.
    let host = start().start().await;
    assert_eq!(build(&host).await, "b");
    assert_eq!(info(&host, "counter").state, DeploymentState::Deployed);
    drop(host);
    let cold = tempfile::tempdir().unwrap();
    let host = counter(store.clone()).code_cache(cold.path()).start().await;
    assert_eq!(build(&host).await, "b");

    let back = host.rollback("counter").await.unwrap();
    assert_eq!(back.digest, Digest::of(guests::COUNTER_A));
    assert_eq!(build(&host).await, "a");
    drop(host);
    let host = start().start().await;
    assert_eq!(build(&host).await, "a");
    let reply = host.ok("counter", "read", json!({"key": "n"})).await;
    assert_eq!(reply["value"], 1, "data outlives builds");
    let none = host.rollback("counter").await.unwrap_err();
    assert!(matches!(none, Refused::NoEarlier(_)), "{none}");
}

async fn one_goes_back_build_by_build(backend: Backend) {
    let (store, _folder) = backend.open();
    let host = counter(store.clone()).start().await;
    let builds: Vec<_> = (0..6).map(|mark| marked(guests::COUNTER_B, mark)).collect();
    for next in &builds {
        host.deploy("counter", next.clone()).await.unwrap();
    }
    drop(host);
    // The last four before, also on a host that never saw them serve, and then what the host brings along.
    let host = counter(store).start().await;
    for expected in [&builds[4], &builds[3], &builds[2], &builds[1]] {
        let back = host.rollback("counter").await.unwrap();
        assert_eq!(back.digest, Digest::of(expected));
        assert_eq!(build(&host).await, "b");
    }
    let bottom = host.rollback("counter").await.unwrap();
    assert_eq!(bottom.digest, Digest::of(guests::COUNTER_A));
    assert_eq!(info(&host, "counter").state, DeploymentState::Bundled);
    assert!(host.rollback("counter").await.is_err());
}

#[tokio::test]
async fn the_same_build_once_more_is_done_already() {
    let host = counter(Backend::Memory.open().0).start().await;
    host.deploy("counter", guests::COUNTER_B).await.unwrap();
    let again = host.deploy("counter", guests::COUNTER_B).await.unwrap();
    assert_eq!((again.revision, again.changed), (1, false));
    let back = host.rollback("counter").await.unwrap();
    assert_eq!(back.digest, Digest::of(guests::COUNTER_A), "one step");
    // What the host brings along can be held on to, whatever a later release brings.
    let held = host.deploy("counter", guests::COUNTER_A).await.unwrap();
    assert!(held.changed);
    assert_eq!(info(&host, "counter").state, DeploymentState::Deployed);
}

#[tokio::test]
async fn every_deploy_refusal_and_rollback_is_on_record() {
    let host = counter(Backend::Memory.open().0).start().await;
    let bytes = guests::COUNTER_B.to_vec();
    host.host
        .deploy("counter", bytes, by_operator())
        .await
        .unwrap();
    let wrong = guests::silent("counter");
    host.host
        .deploy("counter", wrong.clone(), by_operator())
        .await
        .unwrap_err();
    let nobody = host
        .host
        .deploy("nob\u{1b}ody", Vec::new(), by_operator())
        .await;
    nobody.unwrap_err();
    let back = RollbackOptions {
        quarantine: true,
        by: operator(),
        ..RollbackOptions::default()
    };
    host.host.rollback("counter", back.clone()).await.unwrap();
    host.host.rollback("counter", back).await.unwrap_err();

    let mut records = host.audit().await;
    // Keys sort by the moment, which stands still, and then by an id that grows.
    records.sort_by_key(|record| record["message"].as_str().unwrap().to_owned());
    let (a, b) = (Digest::of(guests::COUNTER_A), Digest::of(guests::COUNTER_B));
    let told: Vec<_> = records
        .iter()
        .map(|record| {
            assert_eq!(record["service_key"], "key-1");
            assert_eq!(record["remote_address"], "192.0.2.7");
            assert_eq!(record["plane"], "administration");
            let word = |name: &str| detail(record, name).as_str().unwrap_or("-").to_owned();
            let (action, outcome) = (&record["action"], &record["outcome"]);
            format!(
                "{} {}: {} {} {}",
                action.as_str().unwrap(),
                outcome.as_str().unwrap(),
                word("channel"),
                word("digest"),
                word("reason"),
            )
        })
        .collect();
    let wrong = Digest::of(&wrong);
    let empty = Digest::of(b"");
    assert_eq!(
        told,
        [
            format!("component-deploy success: counter {b} -"),
            format!("component-deploy denied: counter {wrong} commands"),
            format!("component-deploy denied: - {empty} unknown-channel"),
            format!("component-rollback success: counter {a} -"),
            "component-rollback denied: counter - no-earlier".to_owned(),
        ]
    );
    assert_eq!(detail(&records[0], "before"), a.to_string());
    assert_eq!(detail(&records[3], "quarantined"), b.to_string());
}

#[tokio::test]
async fn a_build_in_quarantine_is_not_deployed_again_by_mistake() {
    let store = Backend::Memory.open().0;
    let host = counter(store.clone()).start().await;
    host.deploy("counter", guests::COUNTER_B).await.unwrap();
    let options = RollbackOptions {
        quarantine: true,
        ..RollbackOptions::default()
    };
    host.host.rollback("counter", options).await.unwrap();
    drop(host);
    let host = counter(store).start().await;
    assert_eq!(
        info(&host, "counter").quarantined,
        [Digest::of(guests::COUNTER_B)]
    );
    let refused = host.deploy("counter", guests::COUNTER_B).await.unwrap_err();
    assert_eq!(checks(&refused), ["quarantine"]);
    assert_eq!(build(&host).await, "a");
    let mut let_out = by_operator();
    let_out.allow_quarantined = true;
    let bytes = guests::COUNTER_B.to_vec();
    host.host.deploy("counter", bytes, let_out).await.unwrap();
    assert_eq!(build(&host).await, "b");
    assert!(info(&host, "counter").quarantined.is_empty());
}

#[tokio::test]
async fn two_who_go_back_at_once_go_back_once() {
    let host = counter(Backend::Memory.open().0).start().await;
    host.deploy("counter", marked(guests::COUNTER_B, 1))
        .await
        .unwrap();
    let serving = host
        .deploy("counter", guests::COUNTER_B)
        .await
        .unwrap()
        .digest;
    let options = RollbackOptions {
        from: Some(serving),
        ..RollbackOptions::default()
    };
    host.host
        .rollback("counter", options.clone())
        .await
        .unwrap();
    let second = host.host.rollback("counter", options).await.unwrap_err();
    assert!(matches!(second, Refused::Conflict(_)), "{second}");
    assert_eq!(build(&host).await, "b");
}
