//! What may not serve at all, each with its own reason.

use serde_json::json;
use vestibule::StartError;
use vestibule::error::Code;
use vestibule::sandbox::{DeployError, Fault, GraphError};
use vestibule_tests::guests;
use vestibule_tests::harness::{self, fault};
use vestibule_tests::store::Backend;

async fn refused(builds: impl IntoIterator<Item = Vec<u8>>) -> String {
    let harness = builds
        .into_iter()
        .fold(harness::on(Backend::Memory), |harness, build| {
            harness.component(build)
        });
    harness
        .try_start()
        .await
        .err()
        .expect("it must not start")
        .to_string()
}

#[tokio::test]
async fn what_is_no_component_is_refused() {
    let cases = [
        (b"not WebAssembly".to_vec(), "component"),
        (Vec::new(), "component"),
        (guests::core_module(), "module"),
        (
            guests::PROBE_LOG[..guests::PROBE_LOG.len() / 2].to_vec(),
            "component",
        ),
    ];
    for (build, says) in cases {
        let text = refused([build]).await;
        assert!(text.contains(says), "{text:?} does not say {says:?}");
    }
}

#[tokio::test]
async fn a_component_of_something_else_is_refused_by_what_it_exports() {
    let text = refused([guests::component_of_something_else()]).await;
    assert!(text.contains("somebody:else/commands@1.0.0"), "{text}");
}

#[tokio::test]
async fn a_build_of_another_channel_is_not_deployed() {
    let harness = harness::on(Backend::Memory)
        .component(guests::silent("one"))
        .start()
        .await;
    let error = harness
        .deploy("one", guests::silent("two"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("serves two and not one"),
        "{error}"
    );
    harness.ok("one", "run", json!({})).await;
}

#[tokio::test]
async fn channels_may_not_call_in_a_circle() {
    let circle = harness::on(Backend::Memory)
        .component(guests::relay("a", "b"))
        .component(guests::relay("b", "c"))
        .component(guests::relay("c", "a"))
        .grant("a", &["b/run"])
        .grant("b", &["c/run"])
        .grant("c", &["a/run"]);
    assert_graph(
        circle.try_start().await.err(),
        |error| matches!(error, GraphError::Cycle(path) if path.len() == 4),
    );

    let itself = harness::on(Backend::Memory)
        .component(guests::relay("a", "a"))
        .grant("a", &["a/run"]);
    assert_graph(itself.try_start().await.err(), |error| {
        matches!(error, GraphError::Cycle(_))
    });
}

#[tokio::test]
async fn a_deployment_may_not_close_a_circle() {
    let harness = harness::on(Backend::Memory)
        .component(guests::relay("a", "b"))
        .component(guests::silent("b"))
        .grant("a", &["b/run"])
        .grant("b", &["a/run"])
        .start()
        .await;
    let error = harness
        .deploy("b", guests::relay("b", "a"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("call each other in a circle"),
        "{error}"
    );
    harness.ok("a", "run", json!({})).await;
}

#[tokio::test]
async fn a_channel_that_calls_nobody_is_not_started() {
    let lonely = harness::on(Backend::Memory)
        .component(guests::relay("a", "b"))
        .grant("a", &["b/run"]);
    assert_graph(lonely.try_start().await.err(), |error| {
        matches!(error, GraphError::NotDeployed { .. })
    });
}

#[tokio::test]
async fn the_network_is_no_capability() {
    let text = refused([guests::importing(
        "wasi:sockets/instance-network@0.2.0",
        "instance-network",
    )])
    .await;
    assert!(
        text.contains("wasi:sockets/instance-network@0.2.0"),
        "{text}"
    );
    let text = refused([guests::importing(
        "wasi:http/outgoing-handler@0.2.0",
        "handle",
    )])
    .await;
    assert!(text.contains("wasi:http/outgoing-handler@0.2.0"), "{text}");
}

#[tokio::test]
async fn a_configured_component_without_a_build_is_refused() {
    let harness = harness::on(Backend::Memory).grant("nobody", &["storage"]);
    let text = harness.try_start().await.err().unwrap().to_string();
    assert!(text.contains("components.nobody"), "{text}");
}

#[tokio::test]
async fn a_trap_before_the_command_is_a_fault_like_any_other() {
    let harness = harness::on(Backend::Memory)
        .component(guests::trapping_at_start("bad"))
        .start()
        .await;
    let failure = harness.refused("bad", "run", json!({})).await;
    assert_eq!(
        (failure.code.clone(), fault(&failure)),
        (Code::Unknown, Some(Fault::Trap))
    );
}

fn assert_graph(error: Option<StartError>, expected: impl Fn(&GraphError) -> bool) {
    match error {
        Some(StartError::Component {
            cause: DeployError::Graph(error),
            ..
        }) => assert!(expected(&error), "{error}"),
        other => panic!("{other:?}"),
    }
}
