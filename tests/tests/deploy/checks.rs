//! Builds that may not serve, or only if somebody says so: the serving one stays as it was.

use serde_json::json;
use vestibule::builds::{DeployOptions, RollbackOptions};
use vestibule_tests::guests;
use vestibule_tests::harness::{self, Harness};
use vestibule_tests::store::Backend;

use crate::world::{checks, info};

/// A component that serves `channel` in `version` by `run`, with what it says of itself.
fn versioned(channel: &str, version: &str, manifest: &str) -> Vec<u8> {
    let mut build = wat::parse_str(format!(
        r#"(component
            (core module $code (func (export "run")))
            (core instance $code (instantiate $code))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "run" (func $run)))
            (export "vestibule:{channel}/commands@{version}" (instance $commands)))"#
    ))
    .unwrap();
    let name = "vestibule:manifest";
    let length = u8::try_from(1 + name.len() + manifest.len()).unwrap();
    assert!(length < 128, "one byte says how long it is");
    build.extend([0, length, u8::try_from(name.len()).unwrap()]);
    build.extend(name.bytes().chain(manifest.bytes()));
    build
}

fn schema(writes: u32, reads: &[u32]) -> String {
    json!({"schema": {"writes": writes, "reads": reads}}).to_string()
}

async fn serving(build: Vec<u8>) -> Harness {
    harness::on(Backend::Memory).component(build).start().await
}

#[tokio::test]
async fn a_new_import_is_given_with_the_deploy_and_carried_on_while_it_is_needed() {
    let store = Backend::Memory.open().0;
    let start = || {
        harness::over(store.clone())
            .component(guests::silent("importing"))
            .component(guests::silent("other"))
    };
    let host = start().start().await;
    let calls = guests::importing("vestibule:other/commands@1.0.0", "run");
    let refused = host.deploy("importing", calls.clone()).await.unwrap_err();
    assert_eq!(checks(&refused), ["imports"]);
    let remedy = &refused.problems()[0].remedy;
    assert!(remedy.contains("`--grant other/run`"), "{remedy}");
    assert_eq!(info(&host, "importing").revision, 0);

    let given = host
        .deploy_with("importing", calls.clone(), &["other/run"])
        .await;
    given.unwrap();
    host.ok("importing", "run", json!({})).await;
    drop(host);
    // What was given is kept with the build.
    let host = start().start().await;
    assert_eq!(info(&host, "importing").grants, ["other/run"]);
    let again = crate::world::marked(&calls, 1);
    host.deploy("importing", again).await.unwrap();
    assert_eq!(info(&host, "importing").grants, ["other/run"]);
    // And ends with it.
    host.deploy("importing", guests::silent("importing"))
        .await
        .unwrap();
    assert!(info(&host, "importing").grants.is_empty());
    let refused = host.deploy("importing", calls).await.unwrap_err();
    assert_eq!(checks(&refused), ["imports"]);
}

#[tokio::test]
async fn a_configuration_that_lists_grants_lists_them_all() {
    let host = harness::on(Backend::Memory)
        .component(guests::silent("importing"))
        .component(guests::silent("other"))
        .grant("importing", &[])
        .start()
        .await;
    let calls = guests::importing("vestibule:other/commands@1.0.0", "run");
    let refused = host.deploy_with("importing", calls, &["other/run"]).await;
    let refused = refused.unwrap_err();
    assert_eq!(checks(&refused), ["grants"]);
    assert!(
        refused.to_string().contains("components.importing.grants"),
        "{refused}"
    );
    host.ok("importing", "run", json!({})).await;
}

#[tokio::test]
async fn an_older_version_is_refused_and_served_if_it_is_allowed() {
    let host = serving(versioned("probe", "1.2.0", "{}")).await;
    let deploy = |version: &str, allow_downgrade| {
        let options = DeployOptions {
            allow_downgrade,
            ..DeployOptions::default()
        };
        host.host
            .deploy("probe", versioned("probe", version, "{}"), options)
    };
    deploy("1.3.0", false).await.unwrap();
    let refused = deploy("1.2.9", false).await.unwrap_err();
    assert_eq!(checks(&refused), ["version"]);
    assert_eq!(info(&host, "probe").version, "1.3.0");
    // Going back is no downgrade by mistake; deploying what is older than what was left is.
    host.rollback("probe").await.unwrap();
    assert_eq!(
        checks(&deploy("1.2.9", false).await.unwrap_err()),
        ["version"]
    );
    deploy("1.2.9", true).await.unwrap();
    assert_eq!(info(&host, "probe").version, "1.2.9");
    // From there on it goes up again.
    deploy("1.2.10", false).await.unwrap();
    assert_eq!(
        checks(&deploy("2.0.0", true).await.unwrap_err()),
        ["version"]
    );
}

#[tokio::test]
async fn what_is_stored_is_read_by_the_next_build_and_by_the_one_before() {
    let host = serving(versioned("probe", "1.0.0", &schema(1, &[1]))).await;
    let blind = versioned("probe", "1.0.0", &schema(2, &[2]));
    let refused = host.deploy("probe", blind).await.unwrap_err();
    assert_eq!(checks(&refused), ["schema"]);

    let next = versioned("probe", "1.0.0", &schema(2, &[1, 2]));
    let deployed = host.deploy("probe", next.clone()).await.unwrap();
    assert!(
        deployed.warnings[0].contains("--allow-unread-schema"),
        "{deployed:?}"
    );
    let refused = host.rollback("probe").await.unwrap_err();
    assert_eq!(checks(&refused), ["schema"]);
    assert_eq!(info(&host, "probe").revision, 1);
    let options = RollbackOptions {
        allow_unread_schema: true,
        ..RollbackOptions::default()
    };
    host.host.rollback("probe", options).await.unwrap();
    assert_eq!(info(&host, "probe").revision, 2);
}

#[tokio::test]
async fn commands_and_types_that_clients_use_stay() {
    let host = serving(guests::silent("probe")).await;
    for (build, what) in [
        (guests::silent_as("probe", "walk"), "run is missing"),
        (
            guests::silent_with_number("probe", "1.0.0"),
            "request.count is new and not optional",
        ),
    ] {
        let refused = host.deploy("probe", build).await.unwrap_err();
        assert_eq!(checks(&refused), ["commands"]);
        assert!(refused.to_string().contains(what), "{refused}");
        host.ok("probe", "run", json!({})).await;
    }
}

#[tokio::test]
async fn what_calls_it_must_still_find_what_it_calls_also_on_the_way_back() {
    let host = harness::on(Backend::Memory)
        .component(guests::silent("caller"))
        .component(guests::silent_as("callee", "walk"))
        .start()
        .await;
    let relay = guests::relay("caller", "callee");
    let refused = host
        .deploy_with("caller", relay.clone(), &["callee/run"])
        .await;
    assert_eq!(checks(&refused.unwrap_err()), ["callers"]);
    let both = wat::parse_str(
        r#"(component
            (core module $code (func (export "run")))
            (core instance $code (instantiate $code))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "run" (func $run)) (export "walk" (func $run)))
            (export "vestibule:callee/commands@1.0.0" (instance $commands)))"#,
    );
    host.deploy("callee", both.unwrap()).await.unwrap();
    host.deploy_with("caller", relay, &["callee/run"])
        .await
        .unwrap();
    host.ok("caller", "run", json!({})).await;
    let refused = host.rollback("callee").await.unwrap_err();
    assert_eq!(checks(&refused), ["callers"]);
    host.ok("caller", "run", json!({})).await;
    // In the order in which they came.
    host.rollback("caller").await.unwrap();
    host.rollback("callee").await.unwrap();
}
