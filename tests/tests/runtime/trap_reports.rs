//! What the operator reads of a fault: which message, whose component, which build, which command, and where in it. One
//! thread, so that the test's own subscriber sees it.

use serde_json::{Value, json};
use vestibule_tests::harness::{self, Harness, fault};
use vestibule_tests::store::Backend;

use crate::hostile::hostile;
use crate::lines;
use crate::nest::{level, nest, run};

/// The only report of a fault that is logged while this runs.
async fn report(work: impl Future<Output = ()>) -> String {
    let mut lines = lines::of(work).await;
    lines.retain(|line| line.contains("a component faulted"));
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

fn digest(harness: &Harness, channel: &str) -> String {
    let deployments = harness.host.deployments();
    let mut of = deployments.iter().filter(|info| *info.channel == *channel);
    of.next().unwrap().digest.to_string()
}

fn has(report: &str, fields: &[String]) {
    for field in fields {
        assert!(
            report.contains(field.as_str()),
            "{field} is not in {report}"
        );
    }
}

async fn attack(harness: &Harness, attack: &str) -> String {
    let request = json!({"attack": attack});
    report(async {
        harness.refused("hostile", "run", request).await;
    })
    .await
}

#[tokio::test]
async fn a_trap_is_reported_with_message_channel_digest_command_and_functions() {
    let harness = hostile(Backend::Memory).start().await;
    let report = attack(&harness, "trap").await;
    let digest = digest(&harness, "hostile");
    let fields = [
        " message_id=\"".to_owned(),
        " channel=\"hostile\"".to_owned(),
        format!(" digest={digest} "),
        " command=\"run\"".to_owned(),
        " fault=\"trap\"".to_owned(),
        " trace=\"UnreachableCodeReached: ".to_owned(),
        " < std::process::abort < vestibule:hostile/commands@1.0.0#run\"".to_owned(),
        " message_command=\"hostile/run\"".to_owned(),
    ];
    has(&report, &fields);
    assert!(!report.contains("message_id=\"\""), "{report}");
}

#[tokio::test]
async fn what_a_capability_finds_is_reported_alike() {
    let harness = hostile(Backend::Memory).start().await;
    let report = attack(&harness, "empty-key").await;
    let fields = [
        " fault=\"storage-key\"".to_owned(),
        " command=\"run\"".to_owned(),
        " < vestibule:hostile/commands@1.0.0#run\"".to_owned(),
        format!(" digest={}", digest(&harness, "hostile")),
    ];
    has(&report, &fields);
}

/// The report is of the component that trapped, not of those that called it.
#[tokio::test]
async fn a_trap_in_a_nested_call_is_its_own() {
    let harness = nest(harness::on(Backend::Memory)).start().await;
    let call = || level([json!("call")], "ok");
    let none: [Value; 0] = [];
    let report = report(async {
        let answer = run(&harness, [call(), call(), level(none, "trap")]).await;
        assert!(fault(&answer.unwrap_err()).is_some());
    })
    .await;
    let fields = [
        " channel=\"inner\"".to_owned(),
        format!(" digest={}", digest(&harness, "inner")),
        " command=\"run\"".to_owned(),
        " < core::panicking::panic_fmt < vestibule:inner/commands@1.0.0#run\"".to_owned(),
        " message_command=\"outer/run\"".to_owned(),
    ];
    has(&report, &fields);
    assert!(!report.contains(&digest(&harness, "outer")), "{report}");
}
