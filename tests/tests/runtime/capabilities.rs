//! Every capability, used by a guest that has it, on every backend.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use vestibule::clock::Clock as _;
use vestibule::error::Code;
use vestibule::message::{Caller, Message, Plane, Principal};
use vestibule::sandbox::Fault;
use vestibule_tests::guests;
use vestibule_tests::harness::{Harness, HarnessBuilder, fault};
use vestibule_tests::on_every_backend;
use vestibule_tests::store::Backend;

on_every_backend! {
    storage_reads_what_it_wrote,
    storage_forgets_what_has_expired,
    storage_scans_in_pages,
    storage_remembers_whose_data_it_is,
    transaction_keeps_what_must_outlive_an_error,
    passwords_are_hashed_and_verified,
    signatures_are_made_and_checked,
    macs_belong_to_a_channel_and_a_purpose,
    mail_leaves_with_the_commit,
    events_leave_with_the_commit,
    audit_is_written_whatever_the_answer,
    limits_stand_outside_the_transaction,
    config_gives_what_the_build_declares,
    caller_says_who_asks,
    establish_makes_one_principal,
    wasi_gives_time_and_randomness_and_nothing_else,
}

fn probe(backend: Backend, build: &[u8], channel: &str, grants: &[&str]) -> HarnessBuilder {
    Harness::on(backend).component(build).grant(channel, grants)
}

async fn storage(backend: Backend) -> Harness {
    probe(backend, guests::PROBE_STORAGE, "probe-storage", &["storage"]).start().await
}

async fn steps<const N: usize>(harness: &Harness, steps: [Value; N]) -> Value {
    harness.ok("probe-storage", "run", json!({"steps": steps.to_vec()})).await
}

fn put(key: &str, value: &str) -> Value {
    json!({"put": {"key": key, "value": value}})
}

fn value(text: &str) -> Value {
    json!({"value": text})
}

fn absent() -> Value {
    json!({"value": null})
}

async fn storage_reads_what_it_wrote(backend: Backend) {
    let harness = storage(backend).await;
    let saw = steps(&harness, [json!({"get": "a"}), put("a", "1"), json!({"get": "a"}), put("b", ""), put("a", "2")]).await;
    assert_eq!(saw, json!([absent(), "done", value("1"), "done", "done"]));

    let many = json!({"get-many": ["b", "missing", "a", "a"]});
    let saw = steps(&harness, [many, json!({"delete": "a"}), json!({"delete": "missing"}), json!({"get": "a"})]).await;
    assert_eq!(saw, json!([{"values": ["", null, "2", "2"]}, "done", "done", absent()]));
    assert_eq!(steps(&harness, [json!({"get": "a"}), json!({"get": "b"})]).await, json!([absent(), value("")]));
}

async fn storage_forgets_what_has_expired(backend: Backend) {
    let harness = storage(backend).await;
    let at = harness.clock.now() + 1_000;
    let fleeting = json!({"put": {"key": "a", "value": "1", "expires_at": at}});
    let gone = json!({"put": {"key": "b", "value": "1", "expires_at": harness.clock.now()}});
    let both = json!({"get-many": ["a", "b"]});
    assert_eq!(steps(&harness, [fleeting, gone, both.clone()]).await[2], json!({"values": ["1", null]}));
    harness.clock.advance(999);
    assert_eq!(steps(&harness, [both.clone()]).await, json!([{"values": ["1", null]}]));
    harness.clock.advance(1);
    let all = json!({"scan": {"prefix": "", "limit": 10}});
    assert_eq!(steps(&harness, [both, all]).await, json!([{"values": [null, null]}, {"entries": []}]));
}

async fn storage_scans_in_pages(backend: Backend) {
    let harness = storage(backend).await;
    steps(&harness, [put("a/1", "1"), put("a/2", "2"), put("a/3", "3"), put("a", "0"), put("b/1", "9")]).await;
    let page = |after: Value, limit: u32| json!({"scan": {"prefix": "a/", "after": after, "limit": limit}});
    let pair = |key: &str, value: &str| json!({"key": key, "value": value});
    let saw = steps(&harness, [
        page(Value::Null, 2),
        page(json!("a/2"), 2),
        page(json!("a/3"), 2),
        json!({"delete": "a/2"}),
        put("a/25", "new"),
        page(Value::Null, u32::MAX),
        page(Value::Null, 0),
    ])
    .await;
    assert_eq!(saw[0], json!({"entries": [pair("a/1", "1"), pair("a/2", "2")]}));
    assert_eq!(saw[1], json!({"entries": [pair("a/3", "3")]}));
    assert_eq!(saw[2], json!({"entries": []}));
    assert_eq!(saw[5], json!({"entries": [pair("a/1", "1"), pair("a/25", "new"), pair("a/3", "3")]}), "own writes laid over");
    assert_eq!(saw[6], json!({"entries": []}));
}

async fn storage_remembers_whose_data_it_is(backend: Backend) {
    let harness = storage(backend).await;
    steps(&harness, [json!({"put": {"key": "a", "value": "1", "subject": "ann"}}), put("b", "2")]).await;
    let mut snapshot = harness.store.begin().await.unwrap();
    let hers = snapshot.scan_subject("ann", None, 10, harness.clock.now()).await.unwrap();
    assert_eq!(hers.len(), 1);
    let (namespace, entry) = &hers[0];
    assert_eq!((namespace.as_str(), entry.key.as_str(), entry.record.schema), ("c/default/probe-storage", "a", 1));
}

async fn transaction_keeps_what_must_outlive_an_error(backend: Backend) {
    let harness = probe(backend, guests::PROBE_TRANSACTION, "probe-transaction", &["storage", "transaction"]).start().await;
    let failure = harness.refused("probe-transaction", "put-keep-fail", json!({"key": "a", "value": "1"})).await;
    assert_eq!(failure.code, Code::Channel("refused".into()));
    assert_eq!(harness.ok("probe-transaction", "get", json!({"key": "a"})).await, "1");
}

async fn passwords_are_hashed_and_verified(backend: Backend) {
    let harness = probe(backend, guests::PROBE_PASSWORDS, "probe-passwords", &["passwords"]).start().await;
    let hash = async || harness.ok("probe-passwords", "hash", json!({"password": "correct horse"})).await;
    let phc = hash().await;
    assert!(phc.as_str().unwrap().starts_with("$argon2id$"), "{phc}");
    assert_ne!(phc, hash().await, "every hash has a salt of its own");
    let verify = async |password: &str, phc: &Value| {
        harness.ok("probe-passwords", "verify", json!({"password": password, "phc": phc})).await
    };
    assert_eq!(verify("correct horse", &phc).await, "match");
    assert_eq!(verify("correct horsf", &phc).await, "mismatch");
    assert_eq!(verify("correct horse", &json!("not a hash")).await, "mismatch");
    harness.ok("probe-passwords", "decoy", json!({"password": "whoever"})).await;
}

async fn signatures_are_made_and_checked(backend: Backend) {
    let harness = probe(backend, guests::PROBE_SIGNING, "probe-signing", &["signing"]).start().await;
    let key = harness.ok("probe-signing", "current", json!({})).await;
    assert_eq!(key["algorithm"], "eddsa");
    let id = &key["id"];
    assert_eq!(harness.ok("probe-signing", "find", json!({"key_id": id})).await, key);
    assert_eq!(harness.ok("probe-signing", "find", json!({"key_id": "nobody's"})).await, Value::Null);

    let (message, other) = (URL_SAFE_NO_PAD.encode("message"), URL_SAFE_NO_PAD.encode("massage"));
    let signature = harness.ok("probe-signing", "sign", json!({"key_id": id, "message": message})).await;
    assert_eq!(URL_SAFE_NO_PAD.decode(signature.as_str().unwrap()).unwrap().len(), 64);
    let verify = async |id: &Value, message: &str| {
        let request = json!({"key_id": id, "message": message, "signature": signature});
        harness.ok("probe-signing", "verify", request).await
    };
    assert_eq!(verify(id, &message).await, true);
    assert_eq!(verify(id, &other).await, false);
    assert_eq!(verify(&json!("nobody's"), &message).await, false);

    let failure = harness.refused("probe-signing", "sign", json!({"key_id": "nobody's", "message": message})).await;
    assert_eq!(fault(&failure), Some(Fault::SigningKey));
}

async fn macs_belong_to_a_channel_and_a_purpose(backend: Backend) {
    let harness = probe(backend, guests::PROBE_MACS, "probe-macs", &["macs"]).start().await;
    let mac = async |purpose: &str, text: &str| {
        harness.ok("probe-macs", "mac", json!({"purpose": purpose, "data": URL_SAFE_NO_PAD.encode(text)})).await
    };
    let tag = mac("refresh", "secret").await;
    assert_eq!(URL_SAFE_NO_PAD.decode(tag["bytes"].as_str().unwrap()).unwrap().len(), 32);
    assert_eq!(tag, mac("refresh", "secret").await);
    assert_ne!(tag["bytes"], mac("reset", "secret").await["bytes"], "another purpose");
    assert_ne!(tag["bytes"], mac("refresh", "secret!").await["bytes"], "other data");
    let request = json!({"purpose": "refresh", "data": URL_SAFE_NO_PAD.encode("secret")});
    let candidates = harness.ok("probe-macs", "candidates", request).await;
    assert_eq!(candidates[0], tag, "the current key first");
}

async fn mail_leaves_with_the_commit(backend: Backend) {
    let harness = probe(backend, guests::PROBE_MAIL, "probe-mail", &["mail"]).start().await;
    let expires_at = harness.clock.now() + 60_000;
    let send = |fail: bool| {
        json!({"to": "ann@example.com", "subject": "Hello", "text": "text", "expires_at": expires_at,
               "supersedes": "hello", "fail": fail})
    };
    harness.refused("probe-mail", "send", send(true)).await;
    assert_eq!(harness.mails().await, [], "an error sends nothing");
    harness.ok("probe-mail", "send", send(false)).await;
    let mails = harness.mails().await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!((mail.to.as_str(), mail.subject.as_str(), mail.text.as_str()), ("ann@example.com", "Hello", "text"));
    assert_eq!((mail.html.as_str(), mail.expires_at), ("<p>text</p>", expires_at));
    assert_eq!(mail.supersedes.as_deref(), Some("hello"));
}

async fn events_leave_with_the_commit(backend: Backend) {
    let harness = probe(backend, guests::PROBE_EVENTS, "probe-events", &["events"]).start().await;
    let publish = |fail: bool| json!({"name": "user-created", "payload": "{\"id\":\"1\"}", "fail": fail});
    harness.refused("probe-events", "publish", publish(true)).await;
    assert_eq!(harness.events().await, [], "an error publishes nothing");
    harness.ok("probe-events", "publish", publish(false)).await;
    let events = harness.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].name.as_str(), events[0].payload.as_str()), ("user-created", "{\"id\":\"1\"}"));
}

async fn audit_is_written_whatever_the_answer(backend: Backend) {
    let harness = probe(backend, guests::PROBE_AUDIT, "probe-audit", &["audit"]).start().await;
    harness.ok("probe-audit", "decide", json!({"action": "sign-in", "subject": "ann", "fail": false})).await;
    harness.clock.advance(1);
    harness.refused("probe-audit", "decide", json!({"action": "sign-in", "fail": true})).await;
    let records = harness.audit().await;
    assert_eq!(records.len(), 2);
    assert_eq!(records[0]["subject"], "ann");
    for record in &records {
        assert_eq!((&record["action"], &record["outcome"]), (&json!("sign-in"), &json!("denied")));
        assert_eq!((&record["channel"], &record["plane"]), (&json!("probe-audit"), &json!("service")));
        assert_eq!(record["detail"], json!([["reason", "test"]]));
        assert_eq!(record["build"].as_str().unwrap().len(), 64, "which build");
    }
    assert_ne!(records[0]["message"], records[1]["message"]);
}

async fn limits_stand_outside_the_transaction(backend: Backend) {
    for persistent in [false, true] {
        let harness = probe(backend, guests::PROBE_LIMITS, "probe-limits", &["limits"])
            .bucket("sign-in", 2, 60_000, persistent)
            .start()
            .await;
        let take = async |key: &str| harness.send("probe-limits", "take", json!({"bucket": "sign-in", "key": key})).await;
        take("ann").await.unwrap();
        take("ann").await.unwrap();
        let refused = take("ann").await.unwrap_err();
        assert_eq!(refused.code, Code::TooManyRequests);
        let wait = refused.retry_after_ms.unwrap();
        assert!((1..=60_000).contains(&wait), "{wait}");
        take("bob").await.unwrap();
        harness.clock.advance(wait);
        take("ann").await.unwrap();
        take("bob").await.unwrap();

        while take("ann").await.is_ok() {}
        harness.ok("probe-limits", "reset", json!({"bucket": "sign-in", "key": "ann"})).await;
        take("ann").await.unwrap();
    }
}

async fn config_gives_what_the_build_declares(backend: Backend) {
    let harness = probe(backend, guests::PROBE_CONFIG, "probe-config", &["config"])
        .configure(|config| {
            config.shared.issuer = "https://auth.example".into();
            let own = config.components.entry("probe-config".into()).or_default();
            own.config.insert("greeting".into(), toml::Value::from("hello"));
        })
        .start()
        .await;
    let get = async |name: &str| harness.ok("probe-config", "get", json!({"name": name})).await;
    assert_eq!(get("patience").await, "600000", "the default, in milliseconds");
    assert_eq!(get("greeting").await, "hello");
    assert_eq!(get("issuer").await, "https://auth.example");
    assert_eq!(get("undeclared").await, Value::Null);

    let wrong = |name: &'static str, value: toml::Value| {
        probe(backend, guests::PROBE_CONFIG, "probe-config", &["config"]).configure(move |config| {
            config.components.entry("probe-config".into()).or_default().config.insert(name.into(), value);
        })
    };
    for (name, value) in [("gretting", toml::Value::from("hello")), ("patience", toml::Value::from("soon"))] {
        let text = wrong(name, value).try_start().await.err().unwrap().to_string();
        assert!(text.contains("probe-config") && text.contains(name), "{text}");
    }
}

async fn caller_says_who_asks(backend: Backend) {
    let harness = probe(backend, guests::PROBE_CALLER, "probe-caller", &["caller"]).start().await;
    let now = harness.clock.now();
    let mut message = Message::new("probe-caller", "get", json!({}), Caller::public());
    message.caller.remote_address = Some([192, 0, 2, 1].into());
    message.request_id = "request-1".into();
    message.deadline = Some(now + 2_000);
    let stranger = harness.host.send(message).await.unwrap().unwrap();
    assert_eq!((&stranger["plane"], &stranger["request_id"]), (&json!("public"), &json!("request-1")));
    assert_eq!((&stranger["remote_address"], &stranger["deadline"]), (&json!("192.0.2.1"), &json!(now + 2_000)));
    let unknown = ["via", "service_key", "subject"].map(|name| stranger.get(name).filter(|value| !value.is_null()));
    assert_eq!(unknown, [None; 3]);

    let mut message = Message::new("probe-caller", "get", json!({}), Caller::service(Some("key-1".into())));
    message.caller.principal = Some(Principal {
        subject: "ann".into(),
        roles: Vec::new(),
        scopes: Vec::new(),
        session: None,
        methods: vec!["acting".into()],
        authenticated_at: now,
    });
    assert_eq!(message.caller.plane, Plane::Service);
    let service = harness.host.send(message).await.unwrap().unwrap();
    assert_eq!((&service["plane"], &service["service_key"]), (&json!("service"), &json!("key-1")));
    assert_eq!(service["subject"], "ann");
    assert!(service["deadline"].as_u64().unwrap() > now, "the host's own limit");
    assert_ne!(service["id"], stranger["id"]);
}

async fn establish_makes_one_principal(backend: Backend) {
    let grants = ["caller", "caller.establish"];
    let harness = probe(backend, guests::PROBE_ESTABLISH, "probe-establish", &grants).start().await;
    let establish = async |subjects: &[&str]| {
        harness.send("probe-establish", "establish", json!({"subjects": subjects})).await
    };
    assert_eq!(establish(&[]).await.unwrap(), Some(Value::Null));
    assert_eq!(establish(&["ann", "ann"]).await.unwrap(), Some(json!("ann")));
    let failure = establish(&["ann", "bob"]).await.unwrap_err();
    assert_eq!((failure.code.clone(), fault(&failure)), (Code::Unknown, Some(Fault::SecondSubject)));
    assert_eq!(establish(&[]).await.unwrap(), Some(Value::Null), "nothing is left for the next message");
}

async fn wasi_gives_time_and_randomness_and_nothing_else(backend: Backend) {
    let harness = probe(backend, guests::PROBE_WASI, "probe-wasi", &[]).start().await;
    let now = harness.clock.now();
    let seen = harness.ok("probe-wasi", "look", json!({})).await;
    let expected = json!({"now": [now, now], "elapsed": 0, "arguments": 0, "variables": 0, "files": false, "input": 0});
    assert_eq!(seen, expected);
    harness.clock.advance(1);
    assert_eq!(harness.ok("probe-wasi", "look", json!({})).await["now"], json!([now + 1, now + 1]));

    let random = async || harness.ok("probe-wasi", "random", json!({"length": 32})).await;
    let first = random().await;
    assert_eq!(URL_SAFE_NO_PAD.decode(first.as_str().unwrap()).unwrap().len(), 32);
    assert_ne!(first, random().await);
}

mod log {
    //! Log lines go to the operator's log, marked and bounded. One thread, so that the test's own subscriber sees them.

    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// Runs `write` messages one after the other and gives what was logged.
        async fn of(harness: &Harness, requests: &[(&str, &str, Value)]) -> Vec<String> {
            let lines = Self::default();
            let writer = lines.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_max_level(tracing::Level::INFO)
                .with_writer(move || writer.clone())
                .finish();
            let _guard = tracing::subscriber::set_default(subscriber);
            for (channel, command, request) in requests {
                harness.ok(channel, command, request.clone()).await;
            }
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            text.lines().map(str::to_owned).filter(|line| line.contains("vestibule::component")).collect()
        }
    }

    #[tokio::test]
    async fn a_line_is_marked_cut_and_kept_on_one_line() {
        let harness = probe(Backend::Memory, guests::PROBE_LOG, "probe-log", &["log"]).start().await;
        let line = format!("one\ntwo\u{1b}[31m {}end", "é".repeat(1_000));
        let lines = Lines::of(&harness, &[("probe-log", "write", json!({"line": line}))]).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("one\\ntwo\\u{1b}[31m é"), "{lines:?}");
        assert!(lines[0].contains("probe-log") && lines[0].contains("message="), "{lines:?}");
        assert!(!lines[0].contains("end"), "cut at 1 KiB");
    }

    #[tokio::test]
    async fn a_flood_of_lines_is_dropped_and_the_next_message_logs_again() {
        let harness = super::super::hostile::hostile(Backend::Memory).start().await;
        let flood = ("hostile", "run", json!({"attack": "log-flood"}));
        assert_eq!(Lines::of(&harness, &[flood.clone()]).await.len(), 64);
        assert_eq!(Lines::of(&harness, &[flood.clone(), flood]).await.len(), 128);
    }
}
