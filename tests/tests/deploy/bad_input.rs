//! What operators give by mistake and others on purpose: a clear error each, and the serving build untouched.

use serde_json::json;
use vestibule::builds::{DeployOptions, Refused};
use vestibule_tests::guests;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::store::Backend;

use crate::world::{build, checks, counter, info};

/// Deploys `bad` to `counter`, which refuses it. Nothing has changed then, and nothing of it is stored.
async fn refused(host: &Harness, bad: Vec<u8>) -> Refused {
    let refused = host.deploy("counter", bad).await.unwrap_err();
    assert_eq!(build(host).await, "a", "{refused}");
    assert_eq!(info(host, "counter").revision, 0, "{refused}");
    assert_eq!(
        host.host.builds().list("counter").await.unwrap(),
        [],
        "{refused}"
    );
    for problem in refused.problems() {
        assert!(!problem.what.is_empty() && !problem.remedy.is_empty());
    }
    refused
}

#[tokio::test]
async fn what_is_no_build_of_the_channel_is_refused_by_what_it_is() {
    let host = counter(Backend::Memory.open().0).start().await;
    let whole = guests::COUNTER_B;
    for (bad, what) in [
        (b"not WebAssembly".to_vec(), "does not begin with"),
        (Vec::new(), "does not begin with"),
        (guests::core_module(), "core module"),
        (guests::component_of_something_else(), "somebody:else"),
        (guests::silent("other"), "serves other and not counter"),
        (whole[..whole.len() / 2].to_vec(), "damaged"),
        (whole[..whole.len() - 1].to_vec(), "damaged"),
    ] {
        let refused = refused(&host, bad).await;
        assert_eq!(checks(&refused), ["contract"]);
        assert!(refused.to_string().contains(what), "{what}: {refused}");
    }
}

#[tokio::test]
async fn a_build_beyond_the_limit_is_refused_by_its_size() {
    let limit = guests::COUNTER_B.len() - 1;
    let host = counter(Backend::Memory.open().0)
        .configure(|config| config.deploy.max_bytes = limit)
        .start()
        .await;
    let refused = refused(&host, guests::COUNTER_B.to_vec()).await;
    assert_eq!(checks(&refused), ["limits"]);
    let text = refused.to_string();
    assert!(
        text.contains(&limit.to_string()) && text.contains("deploy.max_bytes"),
        "{text}"
    );
}

#[tokio::test]
async fn a_channel_that_nobody_serves_is_no_place_for_a_build() {
    let host = counter(Backend::Memory.open().0).start().await;
    for channel in ["nobody", "", "../counter", "Counter"] {
        let refused = host.deploy(channel, guests::COUNTER_B).await.unwrap_err();
        assert!(matches!(refused, Refused::UnknownChannel(_)), "{refused}");
        let refused = host.rollback(channel).await.unwrap_err();
        assert!(matches!(refused, Refused::UnknownChannel(_)), "{refused}");
    }
    assert_eq!(host.host.deployments().len(), 1);
}

#[tokio::test]
async fn a_signature_counts_for_nothing_where_no_key_is_trusted() {
    let host = counter(Backend::Memory.open().0).start().await;
    let options = DeployOptions {
        signature: Some(b"signed".to_vec()),
        ..DeployOptions::default()
    };
    let bytes = guests::COUNTER_B.to_vec();
    let refused = host
        .host
        .deploy("counter", bytes, options)
        .await
        .unwrap_err();
    assert_eq!(checks(&refused), ["signature"]);
    assert_eq!(build(&host).await, "a");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let host = counter(Backend::Memory.open().0).start().await;
    let wrong = wat::parse_str(
        r#"(component
            (import "vestibule:nobody/commands@1.0.0" (instance (export "run" (func))))
            (core module $code (func (export "run")))
            (core instance $code (instantiate $code))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "walk" (func $run)))
            (export "vestibule:counter/commands@0.9.0" (instance $commands)))"#,
    );
    let refused = refused(&host, wrong.unwrap()).await;
    let mut found = checks(&refused);
    found.dedup();
    assert_eq!(
        found,
        ["version", "commands", "imports", "grants", "callers"]
    );
}

#[tokio::test]
async fn a_build_that_fails_when_it_is_instantiated_never_serves() {
    let silent = || harness::on(Backend::Memory).component(guests::silent("probe"));
    let host = silent().start().await;
    let trapping = guests::trapping_at_start("probe");
    let refused = host.deploy("probe", trapping).await.unwrap_err();
    assert_eq!(checks(&refused), ["probe"]);
    host.ok("probe", "run", json!({})).await;

    let starting = |code: &str| {
        wat::parse_str(format!(
            r#"(component
                (core module $code {code} (func (export "run")))
                (core instance $code (instantiate $code))
                (func $run (canon lift (core func $code "run")))
                (instance $commands (export "run" (func $run)))
                (export "vestibule:probe/commands@1.0.0" (instance $commands)))"#
        ))
        .unwrap()
    };
    let loops = starting("(func $start (loop $on (br $on))) (start $start)");
    let large = starting("(memory 1000)");
    for (bad, limit) in [(loops, "cpu_ms"), (large, "memory_bytes")] {
        let refused = host.deploy("probe", bad).await.unwrap_err();
        assert_eq!(checks(&refused), ["limits"], "{refused}");
        let setting = format!("components.probe.limits.{limit}");
        assert!(refused.to_string().contains(&setting), "{refused}");
        host.ok("probe", "run", json!({})).await;
    }
}
