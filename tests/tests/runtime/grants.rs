//! A component gets what it was granted: beside every capability's use (in `capabilities`) stands its refusal.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;
use vestibule_tests::guests;
use vestibule_tests::harness;
use vestibule_tests::store::Backend;

/// A guest, its channel, its grants one by one, and what each of them stands for in the WIT.
type Probe = (
    &'static [u8],
    &'static str,
    &'static [(&'static str, &'static str)],
);

const PROBES: [Probe; 12] = [
    (
        guests::PROBE_STORAGE,
        "probe-storage",
        &[("storage", "storage@1.0.0")],
    ),
    (
        guests::PROBE_TRANSACTION,
        "probe-transaction",
        &[
            ("storage", "storage@1.0.0"),
            ("transaction", "transaction@1.0.0"),
        ],
    ),
    (
        guests::PROBE_PASSWORDS,
        "probe-passwords",
        &[("passwords", "passwords@1.0.0")],
    ),
    (
        guests::PROBE_SIGNING,
        "probe-signing",
        &[("signing", "signing@1.0.0")],
    ),
    (guests::PROBE_MACS, "probe-macs", &[("macs", "macs@1.0.0")]),
    (guests::PROBE_MAIL, "probe-mail", &[("mail", "mail@1.0.0")]),
    (
        guests::PROBE_EVENTS,
        "probe-events",
        &[("events", "events@1.0.0")],
    ),
    (
        guests::PROBE_AUDIT,
        "probe-audit",
        &[("audit", "audit@1.0.0")],
    ),
    (
        guests::PROBE_LIMITS,
        "probe-limits",
        &[("limits", "limits@1.0.0")],
    ),
    (
        guests::PROBE_CONFIG,
        "probe-config",
        &[("config", "config@1.0.0")],
    ),
    (
        guests::PROBE_ESTABLISH,
        "probe-establish",
        &[
            ("caller", "caller@1.0.0#get"),
            ("caller.establish", "caller@1.0.0#establish"),
        ],
    ),
    (guests::PROBE_LOG, "probe-log", &[("log", "log@1.0.0")]),
];

// M05: a denied capability stays denied.
#[tokio::test]
async fn a_capability_that_is_not_granted_is_refused_at_load_with_the_line_that_grants_it() {
    for (build, channel, grants) in PROBES {
        for (missing, import) in grants {
            let granted: Vec<&str> = grants
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| name != missing)
                .collect();
            let harness = harness::on(Backend::Memory)
                .component(build)
                .grant(channel, &granted);
            let error = harness
                .try_start()
                .await
                .err()
                .unwrap_or_else(|| panic!("{channel} runs without {missing}"));
            let text = error.to_string();
            assert!(
                text.contains(&format!("vestibule:capability/{import}")),
                "names the import: {text}"
            );
            assert!(
                text.contains(&format!("[components.{channel}]")),
                "names the section: {text}"
            );
            assert!(
                text.contains("grants") && text.contains(&format!("{missing:?}")),
                "names the grant: {text}"
            );
        }
    }
}

#[tokio::test]
async fn the_same_builds_load_with_their_grants() {
    for (build, channel, grants) in PROBES {
        let granted: Vec<&str> = grants.iter().map(|(name, _)| *name).collect();
        let harness = harness::on(Backend::Memory)
            .component(build)
            .grant(channel, &granted)
            .start()
            .await;
        let deployed = harness.host.deployments();
        assert_eq!(deployed.len(), 1);
        assert_eq!(
            (deployed[0].channel.as_str(), &deployed[0].grants),
            (channel, &owned(&granted))
        );
    }
}

#[test]
fn every_capability_has_a_probe_and_a_refusal() {
    let probed: BTreeSet<&str> = PROBES
        .iter()
        .flat_map(|(_, _, grants)| grants.iter().map(|(_, import)| interface(import)))
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/deps/capability");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let capabilities: Vec<String> = files
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(probed, capabilities.iter().map(String::as_str).collect());
}

#[tokio::test]
async fn without_any_configuration_nothing_is_granted() {
    let error = harness::on(Backend::Memory)
        .component(guests::PROBE_LOG)
        .try_start()
        .await
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("vestibule:capability/log@1.0.0"),
        "{error}"
    );
}

#[tokio::test]
async fn a_grant_that_is_none_is_refused_and_the_real_ones_are_named() {
    let harness = harness::on(Backend::Memory)
        .component(guests::PROBE_LOG)
        .grant("probe-log", &["logs"]);
    let text = harness.try_start().await.err().unwrap().to_string();
    assert!(
        text.contains("components.probe-log.grants") && text.contains("storage"),
        "{text}"
    );
}

#[tokio::test]
async fn a_command_of_another_channel_is_granted_by_name() {
    for grant in ["middle/run", "middle/*"] {
        let relay = guests::relay("relay", "middle");
        let harness = harness::on(Backend::Memory)
            .component(relay)
            .component(guests::silent("middle"))
            .grant("relay", &[grant])
            .start()
            .await;
        harness.ok("relay", "run", json!({})).await;
    }
}

#[tokio::test]
async fn a_command_that_is_not_granted_is_refused_at_load() {
    for grants in [&[][..], &["middle/walk"], &["inner/*"]] {
        let harness = harness::on(Backend::Memory)
            .component(guests::relay("relay", "middle"))
            .component(guests::silent("middle"))
            .grant("relay", grants);
        let text = harness.try_start().await.err().unwrap().to_string();
        assert!(
            text.contains("vestibule:middle/commands@1.0.0#run"),
            "names the import: {text}"
        );
        assert!(
            text.contains("\"middle/run\"") && text.contains("[components.relay]"),
            "says how: {text}"
        );
    }
}

#[tokio::test]
async fn a_deployment_that_lacks_a_grant_leaves_the_serving_build_alone() {
    let harness = harness::on(Backend::Memory)
        .component(guests::silent("probe-log"))
        .grant("probe-log", &[])
        .start()
        .await;
    let error = harness
        .deploy("probe-log", guests::PROBE_LOG.to_vec())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("components.probe-log.grants"),
        "{error}"
    );
    harness.ok("probe-log", "run", json!({})).await;
}

fn interface(import: &str) -> &str {
    import.split_once('@').map_or(import, |(name, _)| name)
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
