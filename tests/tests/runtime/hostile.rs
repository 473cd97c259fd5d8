//! Components that mean harm: each ends its own message by its own error, and the next message is served.

use serde_json::{Value, json};
use vestibule::error::Code;
use vestibule::sandbox::Fault;
use vestibule_tests::guests;
use vestibule_tests::harness::{self, Harness, HarnessBuilder, explain, fault};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

on_every_backend! {
    every_attack_ends_its_own_message_and_the_next_is_served,
    attacks_leave_nothing_behind,
    keys_that_look_like_another_namespace_are_just_keys,
    others_are_served_while_attacks_run,
}

/// Every attack and the faults it may end in: several where more than one limit may come first.
pub(crate) const ATTACKS: [(&str, &[Fault]); 41] = [
    ("spin", &[Fault::Cpu]),
    ("sleep", &[Fault::WallClock]),
    ("memory", &[Fault::Memory]),
    ("recursion", &[Fault::StackOverflow]),
    ("trap", &[Fault::Trap]),
    ("panic", &[Fault::Trap]),
    ("exit", &[Fault::Trap]),
    ("giant-reply", &[Fault::HostCallBytes]),
    (
        "pollables",
        &[Fault::Cpu, Fault::Memory, Fault::Trap, Fault::HostCalls],
    ),
    (
        "output",
        &[Fault::Cpu, Fault::HostCalls, Fault::HostCallBytes],
    ),
    ("call-flood", &[Fault::HostCalls]),
    ("big-values", &[Fault::WriteBytes]),
    ("big-reads", &[Fault::HostCallBytes]),
    ("huge-random", &[Fault::Argument]),
    ("huge-get-many", &[Fault::Argument]),
    (
        "endless-scan",
        &[Fault::HostCalls, Fault::Cpu, Fault::WallClock],
    ),
    ("audit-flood", &[Fault::Effects]),
    ("event-flood", &[Fault::Effects]),
    ("mail-flood", &[Fault::Effects]),
    ("keep-flood", &[Fault::HostCalls]),
    ("long-key", &[Fault::StorageKey]),
    ("empty-key", &[Fault::StorageKey]),
    ("long-prefix", &[Fault::StorageKey]),
    ("big-value", &[Fault::StorageValue]),
    ("long-owner", &[Fault::Argument]),
    ("long-password", &[Fault::Argument]),
    ("no-purpose", &[Fault::Argument]),
    ("big-mac", &[Fault::Argument]),
    // J03
    ("mail-header", &[Fault::Argument]),
    ("mail-recipient", &[Fault::Argument]),
    ("event-payload", &[Fault::Argument]),
    ("event-name", &[Fault::Argument]),
    ("audit-action", &[Fault::Argument]),
    ("audit-detail", &[Fault::Argument]),
    ("unknown-bucket", &[Fault::UnknownBucket]),
    ("long-bucket-key", &[Fault::Argument]),
    ("foreign-signing-key", &[Fault::SigningKey]),
    ("long-subject", &[Fault::Argument]),
    ("forged-subject", &[Fault::Argument]),
    ("future-proof", &[Fault::Argument]),
    ("event-about", &[Fault::Argument]),
];

/// The hostile guest with everything granted, beside a counter that means no harm.
pub(crate) fn hostile(backend: Backend) -> HarnessBuilder {
    harness::on(backend)
        .component(guests::HOSTILE)
        .component(guests::COUNTER_A)
        .grant(
            "hostile",
            &[
                "storage",
                "transaction",
                "passwords",
                "signing",
                "macs",
                "mail",
                "events",
                "audit",
                "limits",
                "caller.establish",
                "log",
            ],
        )
        .grant("counter", &["storage"])
        .bucket("bucket", 1_000_000, 1_000, false)
        .configure(|config| {
            let limits = &mut config
                .components
                .get_mut("hostile")
                .expect("granted")
                .limits;
            limits.cpu_ms = Some(200);
            limits.wall_ms = Some(3_000);
        })
}

async fn attack(harness: &Harness, name: &str) -> vestibule::error::Failure {
    harness
        .refused("hostile", "run", json!({"attack": name}))
        .await
}

// M05
async fn every_attack_ends_its_own_message_and_the_next_is_served(backend: Backend) {
    let harness = hostile(backend).start().await;
    for (number, (name, faults)) in ATTACKS.into_iter().enumerate() {
        let failure = attack(&harness, name).await;
        let found = fault(&failure);
        assert!(
            found.is_some_and(|fault| faults.contains(&fault)),
            "{name}: {found:?}: {}",
            explain(&failure)
        );
        let expected = match found {
            Some(Fault::Cpu | Fault::WallClock) => Code::DeadlineExceeded,
            _ => Code::Unknown,
        };
        assert_eq!(failure.code, expected, "{name}");
        assert!(
            failure.violations.is_empty() && !failure.message.contains(name),
            "{name}: a generic sentence"
        );
        let next = harness
            .ok("hostile", "get", json!({"key": "nothing"}))
            .await;
        assert_eq!(
            next,
            Value::Null,
            "{name}: the next message to the same component"
        );
        let count = harness
            .ok("counter", "increment", json!({"key": "n"}))
            .await["value"]
            .clone();
        assert_eq!(
            count,
            number + 1,
            "{name}: the next message to another component"
        );
    }
}

async fn attacks_leave_nothing_behind(backend: Backend) {
    let harness = hostile(backend).start().await;
    for (name, _) in ATTACKS
        .into_iter()
        .filter(|(name, _)| *name != "keep-flood" && *name != "sleep")
    {
        attack(&harness, name).await;
    }
    assert!(harness.entries("hostile").await.is_empty());
    assert_eq!(
        (harness.mails().await.len(), harness.events().await.len()),
        (0, 0)
    );
    assert_eq!(
        harness.audit().await.len(),
        64,
        "but what was audited within the bound"
    );

    attack(&harness, "keep-flood").await;
    assert_eq!(
        harness.entries("hostile").await["kept"],
        "15",
        "what was kept within the bound"
    );
}

async fn keys_that_look_like_another_namespace_are_just_keys(backend: Backend) {
    let harness = hostile(backend).start().await;
    harness
        .ok("counter", "increment", json!({"key": "n"}))
        .await;
    let keys = [
        "c/default/counter/n",
        "../counter/n",
        "/n",
        "h/key-ring",
        "n",
        "counter\u{0}n",
        "%",
        "\u{10ffff}",
    ];
    for key in keys {
        harness
            .ok("hostile", "put", json!({"key": key, "value": "666"}))
            .await;
        assert_eq!(
            harness.ok("hostile", "get", json!({"key": key})).await,
            "666",
            "{key:?}"
        );
    }
    assert_eq!(
        harness.entries("hostile").await.len(),
        keys.len(),
        "all in its own namespace"
    );
    assert_eq!(
        harness.ok("counter", "read", json!({"key": "n"})).await["value"],
        1,
        "and nowhere else"
    );
    let listed: Vec<String> =
        serde_json::from_value(harness.ok("hostile", "keys", json!({"prefix": ""})).await).unwrap();
    assert_eq!(
        listed.len(),
        keys.len(),
        "a scan of everything is a scan of its own: {listed:?}"
    );
    for prefix in ["c/", "h/", "%", "_"] {
        let expected = keys.iter().filter(|key| key.starts_with(prefix)).count();
        let listed = harness
            .ok("hostile", "keys", json!({"prefix": prefix}))
            .await;
        assert_eq!(listed.as_array().unwrap().len(), expected, "{prefix:?}");
    }
}

// M05
async fn others_are_served_while_attacks_run(backend: Backend) {
    let harness = hostile(backend).start().await;
    let attacks: Vec<_> = [
        "spin",
        "memory",
        "sleep",
        "call-flood",
        "recursion",
        "giant-reply",
    ]
    .iter()
    .cycle()
    .take(24)
    .map(|name| {
        let (host, request) = (harness.host.clone(), json!({"attack": name}));
        tokio::spawn(async move { host.call::<_, Value>("hostile", "run", &request).await })
    })
    .collect();
    for number in 1..=50 {
        let count = harness
            .ok("counter", "increment", json!({"key": "n"}))
            .await["value"]
            .clone();
        assert_eq!(count, number);
    }
    for attack in attacks {
        let failure = attack.await.unwrap().unwrap_err();
        assert!(
            fault(&failure).is_some() || failure.code == Code::Unavailable,
            "{}",
            explain(&failure)
        );
    }
}

#[tokio::test]
async fn what_a_component_may_use_is_set_for_each() {
    let harness = hostile(Backend::Memory)
        .configure(|config| {
            config
                .components
                .get_mut("hostile")
                .unwrap()
                .limits
                .host_calls = Some(3);
            config.limits.host_calls = 2;
        })
        .start()
        .await;
    harness
        .ok("counter", "increment", json!({"key": "n"}))
        .await;
    harness
        .ok("hostile", "put", json!({"key": "a", "value": "1"}))
        .await;
    assert_eq!(
        fault(&attack(&harness, "call-flood").await),
        Some(Fault::HostCalls)
    );

    let strict = hostile(Backend::Memory)
        .configure(|config| config.limits.host_calls = 1)
        .start()
        .await;
    let failure = strict
        .refused("counter", "increment", json!({"key": "n"}))
        .await;
    assert_eq!(
        fault(&failure),
        Some(Fault::HostCalls),
        "a get and a put are two"
    );
    strict.ok("counter", "read", json!({"key": "n"})).await;
}

#[tokio::test]
async fn a_reply_is_bounded_whatever_a_component_may_pass_to_the_host() {
    let harness = hostile(Backend::Memory)
        .configure(|config| {
            let limits = &mut config.components.get_mut("hostile").unwrap().limits;
            limits.host_call_bytes = Some(64 << 20);
        })
        .start()
        .await;
    let failure = attack(&harness, "giant-reply").await;
    assert_eq!(fault(&failure), Some(Fault::Reply), "{}", explain(&failure));
}

#[tokio::test]
async fn a_sandbox_can_be_given_256_mib_and_no_more() {
    let with = |memory: usize| {
        hostile(Backend::Memory).configure(move |config| {
            let limits = &mut config.components.get_mut("hostile").unwrap().limits;
            limits.memory_bytes = Some(memory);
            limits.cpu_ms = Some(3_000);
            limits.wall_ms = Some(10_000);
        })
    };
    let harness = with(256 << 20).start().await;
    let failure = attack(&harness, "memory").await;
    assert_eq!(
        fault(&failure),
        Some(Fault::Memory),
        "{}",
        explain(&failure)
    );
    harness
        .ok("counter", "increment", json!({"key": "n"}))
        .await;
    let text = with((256 << 20) + 1).try_start().await.err().unwrap();
    assert!(
        text.to_string()
            .contains("components.hostile.limits.memory_bytes"),
        "{text}"
    );
}
