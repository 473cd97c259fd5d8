//! The built program, end to end: what it prints, where, and with which exit code.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(feature = "bundle")]
mod conformance;
mod program;
mod tls;

use std::os::unix::fs::PermissionsExt as _;

use program::{Program, Server};
use serde_json::{Value, json};

fn pair(server: &Server) -> (String, String) {
    let made = server.run(&["call", "token", "generate-tokens", r#"{"id":"user-1"}"#]);
    assert_eq!(made.code, 0, "{made:?}");
    let reply = made.json();
    let text = |key: &str| reply[key].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

#[test]
fn a_first_hour() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    let (access, refresh) = pair(&server);
    let verify = json!({"access_token": access}).to_string();

    let verified = server.run(&["call", "token", "verify-token", &verify]);
    assert_eq!(verified.json()["payload"]["id"], "user-1");
    let verified = server.run_with_input(&["call", "token", "verify-token", "-"], &verify);
    assert_eq!(verified.json()["valid"], true);

    // The same id and request: one message, one answer. The same id and another request: refused.
    let rotate = json!({"refresh_token": refresh}).to_string();
    let first = server.run(&["call", "token", "refresh-tokens", &rotate, "--id", "m-1"]);
    let again = server.run(&["call", "token", "refresh-tokens", &rotate, "--id", "m-1"]);
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(first.stdout, again.stdout);
    let other = json!({"refresh_token": "x"}).to_string();
    let other = server.run(&["call", "token", "refresh-tokens", &other, "--id", "m-1"]);
    assert_eq!(
        (other.code, &other.error()["code"]),
        (1, &json!("conflict"))
    );

    // An answered error: the body on stderr, nothing on stdout, nothing of what was sent.
    let refused = server.run(&[
        "call",
        "token",
        "verify-token",
        r#"{"acess_token":"s3cret"}"#,
    ]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    let paths: Vec<_> = refused.error()["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["path"].clone())
        .collect();
    assert_eq!(paths, ["access_token", "acess_token"]);
    assert!(!refused.stderr.contains("s3cret"));

    let shown = server.run(&["component", "inspect", "token", "--json"]);
    assert_eq!(shown.json()["channel"], "token");
    let rotated = server.run(&["signing-key", "rotate", "--force", "--json"]);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    let keys = server.run(&["signing-key", "list"]);
    let current = rotated.json()["current"].as_str().unwrap().to_owned();
    assert!(keys.stdout.contains(&current), "{keys:?}");
    let verified = server.run(&["call", "token", "verify-token", &verify]);
    assert_eq!(verified.json()["valid"], true);
    let well = server.run(&["doctor"]);
    assert_eq!(well.code, 0, "{well:?}");

    let ended = server.terminate();
    assert_eq!(ended.code, 0, "{ended:?}");
    // J04: no token, whole or in part, and no key is in the log, however much is logged.
    let key = std::fs::read_to_string(folder.path().join("data/operator.key")).unwrap();
    for secret in [&*access, &refresh, key.trim(), "s3cret"] {
        assert!(!ended.stderr.contains(secret));
    }
}

#[test]
fn mails_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    let listed = server.run(&["mail", "list", "--json"]);
    assert_eq!((listed.code, listed.json()), (0, json!([])), "{listed:?}");
    let listed = server.run(&["mail", "list", "--state", "failed"]);
    assert_eq!((listed.code, listed.stdout.lines().count()), (0, 1));
    for command in ["show", "retry"] {
        let unknown = server.run(&["mail", command, "0190-00-00", "--json"]);
        assert_eq!(
            (unknown.code, &unknown.error()["code"]),
            (1, &json!("not-found"))
        );
    }
}

#[test]
fn a_service_key_reaches_its_scope_until_it_is_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    let made = server.run(&["key", "create", "billing", "--scope", "token/verify-token"]);
    assert_eq!(made.code, 0, "{made:?}");
    let key = made.stdout.trim();
    assert!(key.starts_with("vsk_") && !made.stderr.contains(key));
    let with_key = |arguments: &[&str]| server.run(&[arguments, &["--key", key]].concat());
    let verify = ["call", "token", "verify-token", r#"{"access_token":"x"}"#];
    assert_eq!(with_key(&verify).json(), json!({"valid": false}));
    let refused = with_key(&["call", "token", "generate-tokens", r#"{"id":"u"}"#]);
    assert_eq!(
        (refused.code, &refused.error()["code"]),
        (1, &json!("access-denied"))
    );
    let refused = with_key(&["key", "list"]);
    assert_eq!(refused.code, 1);

    let listed = server.run(&["key", "list", "--json"]);
    assert!(!listed.stdout.contains(key));
    let listed = listed.json();
    let mut found = listed.as_array().unwrap().iter();
    let id = found.find(|key| key["name"] == "billing").unwrap()["id"].clone();
    let revoked = server.run(&["key", "revoke", id.as_str().unwrap()]);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    let refused = with_key(&verify);
    assert_eq!(
        (refused.code, &refused.error()["code"]),
        (1, &json!("unauthenticated"))
    );

    let bad = server.run(&["key", "create", "x", "--scope", "Token", "--json"]);
    assert_eq!(
        (bad.code, &bad.error()["code"]),
        (1, &json!("validation-failed"))
    );
    assert_eq!(bad.error()["violations"][0]["path"], "scopes");
}

#[test]
fn a_server_that_was_killed_starts_again_with_everything() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let (access, _) = pair(&server);
    server.kill();
    let server = Server::start(&data);
    let verify = json!({"access_token": access}).to_string();
    let verified = server.run(&["call", "token", "verify-token", &verify]);
    assert_eq!(verified.json()["valid"], true, "{verified:?}");
}

#[test]
fn a_backup_becomes_another_server() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let server = Server::start(&at("data"));
    let (access, _) = pair(&server);
    let (file, whole) = (at("plain.db"), at("whole.db"));
    let done = server.run(&["backup", file.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{done:?}");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(&file).unwrap();
    let again = server.run(&["backup", file.to_str().unwrap(), "--with-root-key"]);
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("never replaces a file"), "{again:?}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    let done = server.run(&["backup", whole.to_str().unwrap(), "--with-root-key"]);
    assert_eq!(done.code, 0, "{done:?}");
    server.terminate();

    // Without its root key it is refused; with it, it goes on.
    let program = Program::new(&at("no-key"));
    let restored = program.run(&["restore", file.to_str().unwrap(), "--json"]);
    assert_eq!(restored.json()["root_key"], false, "{restored:?}");
    let refused = program.run(&["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    assert!(refused.stderr.contains("root key"), "{refused:?}");
    assert_eq!(program.run(&["doctor"]).code, 1);

    let program = Program::new(&at("restored"));
    let restored = program.run(&["restore", whole.to_str().unwrap(), "--json"]);
    assert_eq!(restored.json()["root_key"], true, "{restored:?}");
    assert_eq!(program.run(&["doctor"]).code, 0);
    let server = Server::start(&at("restored"));
    let verify = json!({"access_token": access}).to_string();
    let verified = server.run(&["call", "token", "verify-token", &verify]);
    assert_eq!(verified.json()["valid"], true, "{verified:?}");
    let refused = server.run(&["restore", whole.to_str().unwrap()]);
    assert_eq!(refused.code, 1, "{refused:?}");
}

/// Each says what to do, and nothing listened.
#[test]
fn what_cannot_be_served_is_refused_before_listening() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let serve = |data: &str, more: &[&str]| {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
        Program::new(&at(data)).run(&[&arguments[..], more].concat())
    };
    let config = at("v.toml");
    let named = ["--config", config.to_str().unwrap()];
    let refuse = |data: &str, more: &[&str], says: &str| {
        let refused = serve(data, more);
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (1, ""),
            "{refused:?}"
        );
        assert!(refused.stderr.contains(says), "{says}: {refused:?}");
        assert!(!refused.stderr.contains("s3cret"), "{refused:?}");
    };
    refuse("a", &named, "cannot be read");
    std::fs::write(&config, "[http]\nlisen = \"s3cret\"").unwrap();
    refuse("a", &named, "did you mean `http.listen`?");
    std::fs::write(&config, "[http]\nlisten = \"s3cret\"").unwrap();
    refuse("a", &named, "`http.listen` must be an address with a port");
    std::fs::write(&config, "[components.token]\ngrants = [\"storage\"]").unwrap();
    refuse("a", &named, "grants");
    std::fs::write(&config, "[components.token]\nfile = \"/nonexistent.wasm\"").unwrap();
    refuse("a", &named, "components.token.file cannot be read");

    std::fs::write(at("file"), "").unwrap();
    refuse("file", &[], "cannot be written to");
    std::fs::create_dir(at("corrupt")).unwrap();
    std::fs::write(at("corrupt").join("vestibule.db"), [b'x'; 8192]).unwrap();
    refuse("corrupt", &[], "vestibule.db");

    let server = Server::start(&at("used"));
    refuse("used", &[], "is in use by another process");
    let address = server.url.trim_start_matches("http://").to_owned();
    let arguments = ["serve", "--listen", &address, "--admin", "127.0.0.1:0"];
    let refused = Program::new(&at("b")).run(&arguments);
    assert_eq!(
        (refused.code, refused.stdout.as_str()),
        (1, ""),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("cannot listen on"), "{refused:?}");
}

#[test]
fn exit_codes_tell_usage_from_reach() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path());
    // No server, and no key to present: it has to be said which.
    let no_key = program.run(&["call", "token", "verify-token"]);
    assert_eq!(no_key.code, 2, "{no_key:?}");
    assert!(no_key.stderr.contains("operator.key"), "{no_key:?}");
    let nobody = ["--key", "vsk_x", "--url", "http://127.0.0.1:1"];
    let unreachable = program.run(&[&["call", "token", "verify-token"], &nobody[..]].concat());
    assert_eq!((unreachable.code, unreachable.stdout.as_str()), (3, ""));
    let unreachable = program.run(&[&["key", "list", "--json"], &nobody[..]].concat());
    assert_eq!(unreachable.code, 3);
    assert_eq!(unreachable.error()["code"], "unreachable");
    for wrong in [
        &["call", "Token", "x", "--key", "k"][..],
        &["call", "token"],
        &["nothing"],
        &[],
    ] {
        let usage = program.run(wrong);
        assert_eq!(usage.code, 2, "{usage:?}");
    }
    let help = program.run(&["call", "--help"]);
    assert_eq!(help.code, 0);
    assert!(help.stdout.contains("Examples:"), "{help:?}");
}

#[test]
fn http_says_no_more_than_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    let known = server.http("POST", "/v1/token/verify-token");
    let unknown = server.http("POST", "/v1/nothing/at-all");
    assert_eq!(known.0, 401);
    assert_eq!(known, unknown);
    // M01: a credential in the address is none.
    let key = std::fs::read_to_string(folder.path().join("data/operator.key")).unwrap();
    let in_query = format!(
        "/v1/token/verify-token?authorization=Bearer%20{}&access_token=x",
        key.trim()
    );
    assert_eq!(server.http("POST", &in_query), known);
    assert_eq!(server.http("GET", "/readyz").0, 200);
    assert_eq!(
        server.http("GET", "/.well-known/jwks.json").1["keys"][0]["kty"],
        "OKP"
    );
    assert_eq!(server.http("GET", "/openapi.json").1["openapi"], "3.1.0");
}

#[test]
fn a_persons_data_is_shown_and_removed_for_the_operator_only() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    let (_, refresh) = pair(&server);
    let made = server.run(&["key", "create", "billing", "--scope", "*"]);
    let key = made.stdout.trim();
    for refused in [
        &["subject", "export", "user-1"][..],
        &["subject", "forget", "user-1"],
        &["audit", "tail"],
        &["audit", "export"],
    ] {
        let refused = server.run(&[refused, &["--key", key, "--json"]].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
        assert_eq!(refused.error()["code"], "access-denied", "{refused:?}");
    }

    let export = server.run(&["subject", "export", "user-1"]);
    assert_eq!(export.code, 0, "{export:?}");
    let entries = export.json()["entries"].clone();
    assert!(!entries.as_array().unwrap().is_empty());
    let nobody = server.run(&["subject", "export", "../user-1"]);
    assert_eq!(nobody.json()["entries"], json!([]));
    let forgotten = server.run(&["subject", "forget", "user-1", "--json"]);
    assert_eq!(forgotten.code, 0, "{forgotten:?}");
    assert!(forgotten.json()["entries"].as_u64() >= Some(1));
    let again = server.run(&["subject", "forget", "user-1", "--json"]);
    assert_eq!(again.json()["entries"], 0);
    let rotate = json!({"refresh_token": refresh}).to_string();
    let refused = server.run(&["call", "token", "refresh-tokens", &rotate]);
    assert_eq!(refused.error()["code"], "unauthenticated");

    // What was done stays on record, by the id.
    let export = ["audit", "export", "--subject", "user-1", "--json"];
    let records = server.run(&export);
    assert_eq!(records.code, 0, "{records:?}");
    let actions: Vec<Value> = records
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["action"].clone())
        .collect();
    assert_eq!(
        actions,
        [
            "token-issue",
            "subject-export",
            "subject-forget",
            "subject-forget"
        ]
    );
    let narrower = server.run(
        &[
            &export[..],
            &["--action", "token-issue", "--until", "2020-01-01"],
        ]
        .concat(),
    );
    assert_eq!((narrower.code, narrower.stdout.as_str()), (0, ""));
    let newest = server.run(&["audit", "tail", "-n", "2", "--subject", "user-1"]);
    let lines: Vec<_> = newest.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{newest:?}");
    assert!(lines.iter().all(|line| line.contains("subject-forget")));
}

#[test]
fn people_are_administered_by_messages_to_their_channels() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    pair(&server);
    let sessions = server.run(&["user", "sessions", "user-1", "--json"]);
    assert_eq!(sessions.code, 0, "{sessions:?}");
    let session = sessions.json()["sessions"][0]["session_id"].clone();
    let end = [
        "user",
        "end-sessions",
        "user-1",
        "--session",
        session.as_str().unwrap(),
    ];
    let ended = server.run(&end);
    assert_eq!(ended.code, 0, "{ended:?}");
    let all = server.run(&["user", "end-sessions", "user-1"]);
    assert_eq!(all.code, 0, "{all:?}");
    let sessions = server.run(&["user", "sessions", "user-1", "--json"]);
    assert_eq!(sessions.json()["sessions"], json!([]));

    // A password comes from stdin, and no part of a file's values is said.
    let create = ["user", "create", "ann@example.com", "--owner"];
    let none = server.run(&create);
    assert_eq!((none.code, none.stdout.as_str()), (2, ""), "{none:?}");
    let two = server.run_with_input(&create, "s3cret\ns3cret\n");
    assert_eq!((two.code, two.stdout.as_str()), (2, ""), "{two:?}");
    let file = folder.path().join("users.jsonl");
    std::fs::write(&file, "s3cret\n[\"s3cret\"]\n\n").unwrap();
    let refused = server.run(&["user", "import", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1);
    assert_eq!(
        refused.stderr,
        "line 1: is not JSON, at column 1\nline 2: must be a JSON object\n"
    );
    assert_eq!(
        refused.stdout,
        "2 lines: 0 imported, 0 there already, 2 refused\n"
    );
    let refused = server.run_with_input(&["user", "import", "-", "--json"], "s3cret");
    let lines: Vec<Value> = refused
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["line"], 1);
    assert_eq!(
        (&lines[1]["refused"], &lines[1]["next_line"]),
        (&json!(1), &json!(null))
    );
    for ran in [&none, &two, &refused] {
        assert!(!ran.stderr.contains("s3cret") && !ran.stdout.contains("s3cret"));
    }
}
