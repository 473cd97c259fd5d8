//! What a component knows of where it runs: configuration, caller, time, chance.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vestibule::clock::Clock as _;
use vestibule::message::{Caller, Message, Plane, Principal};
use vestibule_tests::guests;
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

use super::probe;

on_every_backend! {
    config_gives_what_the_build_declares,
    caller_says_who_asks,
    establish_makes_one_principal,
    wasi_gives_time_and_randomness_and_nothing_else,
}

async fn config_gives_what_the_build_declares(backend: Backend) {
    let harness = probe(backend, guests::PROBE_CONFIG, "probe-config", &["config"])
        .configure(|config| {
            config.shared.issuer = "https://auth.example".into();
            config.links.verify_email = Some("https://www.example/#{token}".into());
            let own = config.components.entry("probe-config".into()).or_default();
            own.config
                .insert("greeting".into(), toml::Value::from("hello"));
        })
        .start()
        .await;
    let get = async |name: &str| {
        harness
            .ok("probe-config", "get", json!({"name": name}))
            .await
    };
    assert_eq!(
        get("patience").await,
        "600000",
        "the default, in milliseconds"
    );
    assert_eq!(get("greeting").await, "hello");
    assert_eq!(
        get("issuer").await,
        "https://auth.example",
        "the installation's, for a build that asks for it"
    );
    assert_eq!(get("verify-link").await, "https://www.example/#{token}");
    assert_eq!(
        get("reset-link").await,
        "own",
        "the installation has none of its own"
    );
    assert_eq!(get("audience").await, Value::Null, "this one did not ask");
    assert_eq!(get("undeclared").await, Value::Null);

    let wrong = |name: &'static str, value: toml::Value| {
        probe(backend, guests::PROBE_CONFIG, "probe-config", &["config"]).configure(move |config| {
            config
                .components
                .entry("probe-config".into())
                .or_default()
                .config
                .insert(name.into(), value);
        })
    };
    for (name, value) in [
        ("gretting", toml::Value::from("hello")),
        ("patience", toml::Value::from("soon")),
    ] {
        let text = wrong(name, value)
            .try_start()
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(
            text.contains("probe-config") && text.contains(name),
            "{text}"
        );
    }
}

async fn caller_says_who_asks(backend: Backend) {
    let harness = probe(backend, guests::PROBE_CALLER, "probe-caller", &["caller"])
        .start()
        .await;
    let now = harness.clock.now();
    let mut message = Message::new("probe-caller", "get", json!({}), Caller::public());
    message.caller.remote_address = Some([192, 0, 2, 1].into());
    message.request_id = "request-1".into();
    message.deadline = Some(now + 2_000);
    let stranger = harness.host.send(message).await.unwrap().unwrap();
    assert_eq!(
        (&stranger["plane"], &stranger["request_id"]),
        (&json!("public"), &json!("request-1"))
    );
    assert_eq!(
        (&stranger["remote_address"], &stranger["deadline"]),
        (&json!("192.0.2.1"), &json!(now + 2_000))
    );
    let unknown = ["via", "service_key", "subject"]
        .map(|name| stranger.get(name).filter(|value| !value.is_null()));
    assert_eq!(unknown, [None; 3]);

    let mut message = Message::new(
        "probe-caller",
        "get",
        json!({}),
        Caller::service(Some("key-1".into())),
    );
    message.caller.principal = Some(Principal {
        subject: "ann".into(),
        roles: Vec::new(),
        scopes: None,
        session: None,
        methods: vec!["acting".into()],
        authenticated_at: now,
    });
    message.caller.operator = true;
    assert_eq!(message.caller.plane, Plane::Service);
    let service = harness.host.send(message).await.unwrap().unwrap();
    assert_eq!(
        (&service["plane"], &service["service_key"]),
        (&json!("service"), &json!("key-1"))
    );
    assert_eq!(
        (&service["operator"], &stranger["operator"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(service["subject"], "ann");
    assert!(
        service["deadline"].as_u64().unwrap() > now,
        "the host's own limit"
    );
    assert_ne!(service["id"], stranger["id"]);
}

async fn establish_makes_one_principal(backend: Backend) {
    let grants = ["caller", "caller.establish"];
    let harness = probe(backend, guests::PROBE_ESTABLISH, "probe-establish", &grants)
        .start()
        .await;
    let now = harness.clock.now();
    let claim = |subject: &str, scopes: Value, at: u64| json!({"subject": subject, "scopes": scopes, "authenticated_at": at});
    let establish = async |claims: &[Value]| {
        harness
            .ok("probe-establish", "establish", json!({"claims": claims}))
            .await
    };
    assert_eq!(establish(&[]).await, json!({"held": []}));

    let unlimited = establish(&[claim("ann", Value::Null, now)]).await;
    assert_eq!(unlimited["held"], json!([true]));
    assert_eq!(
        unlimited["principal"],
        json!({"subject": "ann", "authenticated_at": now})
    );
    let limited = establish(&[claim("ann", json!([]), now)]).await;
    assert_eq!(
        limited["principal"]["scopes"],
        json!([]),
        "no scope is not every scope"
    );

    let replaced = establish(&[
        claim("ann", json!(["a"]), now),
        claim("ann", json!(["b"]), now - 1),
    ])
    .await;
    assert_eq!(replaced["held"], json!([true, true]));
    assert_eq!(replaced["principal"], claim("ann", json!(["b"]), now - 1));

    let second = establish(&[
        claim("ann", json!(["a"]), now),
        claim("bob", Value::Null, now),
    ])
    .await;
    assert_eq!(
        second["held"],
        json!([true, false]),
        "one message acts for one person"
    );
    assert_eq!(second["principal"], claim("ann", json!(["a"]), now));
    assert_eq!(
        establish(&[]).await,
        json!({"held": []}),
        "nothing is left for the next message"
    );
}

async fn wasi_gives_time_and_randomness_and_nothing_else(backend: Backend) {
    let harness = probe(backend, guests::PROBE_WASI, "probe-wasi", &[])
        .start()
        .await;
    let now = harness.clock.now();
    let seen = harness.ok("probe-wasi", "look", json!({})).await;
    let expected = json!({"now": [now, now], "elapsed": 0, "arguments": 0, "variables": 0, "files": false, "input": 0});
    assert_eq!(seen, expected);
    harness.clock.advance(1);
    assert_eq!(
        harness.ok("probe-wasi", "look", json!({})).await["now"],
        json!([now + 1, now + 1])
    );

    let random = async || {
        harness
            .ok("probe-wasi", "random", json!({"length": 32}))
            .await
    };
    let first = random().await;
    assert_eq!(
        URL_SAFE_NO_PAD
            .decode(first.as_str().unwrap())
            .unwrap()
            .len(),
        32
    );
    assert_ne!(first, random().await);
}
