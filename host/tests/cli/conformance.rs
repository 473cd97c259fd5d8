//! `vestibule component conformance`: no server, a table, an exit code.

use serde_json::json;

use super::program::Program;

fn bundled(channel: &str) -> &'static [u8] {
    let mut components = bundle::COMPONENTS.iter();
    components
        .find(|found| found.channel == channel)
        .unwrap()
        .wasm
}

/// The bundled build under another digest: with a custom section more.
fn another(wasm: &[u8]) -> Vec<u8> {
    [wasm, &[0, 2, 1, b'x']].concat()
}

#[test]
fn a_build_that_keeps_its_contract() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path());
    let (today, next) = (folder.path().join("today"), folder.path().join("next"));
    std::fs::write(&today, bundled("email")).unwrap();
    std::fs::write(&next, another(bundled("email"))).unwrap();
    let (today, next) = (today.to_str().unwrap(), next.to_str().unwrap());

    let judged = program.run(&["component", "conformance", "email", next]);
    assert_eq!(judged.code, 0, "{judged:?}");
    let first = judged.stdout.lines().next().unwrap();
    let titles: Vec<_> = first.split_whitespace().collect();
    assert_eq!(titles, ["FILE", "CONTRACT", "STATE", "SCENARIO"]);
    assert!(
        judged.stdout.ends_with("\n11 of 11 scenarios hold\n"),
        "{judged:?}"
    );
    assert_eq!(judged.stderr, "", "progress is for terminals");

    let against = [
        "component",
        "conformance",
        "email",
        next,
        "--against",
        today,
    ];
    let judged = program.run(&[&against[..], &["--json"]].concat());
    assert_eq!(judged.code, 0, "{judged:?}");
    let report = judged.json();
    assert_ne!(report["candidate"], report["serving"]);
    let first = &report["scenarios"][0];
    assert_eq!(first["file"], "email/bad-input.toml");
    assert_eq!(first["covers"], json!(["J03"]));
    assert_eq!(first["contract"], json!({"verdict": "held"}));
    assert_eq!(first["state"], json!({"verdict": "held"}));
}

#[test]
fn a_build_that_does_not_and_what_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path());
    let file = folder.path().join("build.wasm");
    // A component of the channel, with another command than the channel's.
    let other = wat::parse_str(
        r#"(component
            (core module $code (func (export "run")))
            (core instance $code (instantiate $code))
            (func $run (canon lift (core func $code "run")))
            (instance $commands (export "run" (func $run)))
            (export "vestibule:accounts/commands@1.0.0" (instance $commands)))"#,
    );
    std::fs::write(&file, other.unwrap()).unwrap();
    let path = file.to_str().unwrap();
    let judged = program.run(&["component", "conformance", "accounts", path]);
    assert_eq!(judged.code, 1, "{judged:?}");
    assert!(judged.stdout.contains("BROKEN"), "{judged:?}");
    assert!(
        judged.stdout.ends_with("\n0 of 36 scenarios hold\n"),
        "{judged:?}"
    );
    let judged = program.run(&["component", "conformance", "accounts", path, "--json"]);
    assert_eq!(judged.code, 1, "{judged:?}");
    let verdict = &judged.json()["scenarios"][0]["contract"];
    assert_eq!(verdict["verdict"], "broken");
    assert!(verdict["step"].is_u64() && verdict["what"].is_string());

    let wrong = program.run(&["component", "conformance", "users", path]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("build.wasm: "), "{wrong:?}");
    assert!(
        wrong.stderr.contains("does not export channel users"),
        "{wrong:?}"
    );
    let unknown = program.run(&["component", "conformance", "notes", path]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(
        unknown.stderr.contains("no scenarios for channel notes"),
        "{unknown:?}"
    );
    let missing = program.run(&["component", "conformance", "users", "nowhere.wasm"]);
    assert_eq!(missing.code, 1);
    assert!(
        missing.stderr.contains("nowhere.wasm cannot be read"),
        "{missing:?}"
    );
}
