//! What the built components carry and ask for, read from their bytes.

use std::collections::BTreeSet;
use std::process::Command;

use bundle::{COMPONENTS, Component};
use wasmparser::{Parser, Payload};

fn component(channel: &str) -> &'static Component {
    COMPONENTS
        .iter()
        .find(|component| component.channel == channel)
        .expect("it is in the bundle")
}

/// All custom sections of this name, of the component and of what is nested in it.
fn sections(wasm: &[u8], name: &str) -> Vec<Vec<u8>> {
    let payloads = Parser::new(0)
        .parse_all(wasm)
        .map(|payload| payload.expect("it is WebAssembly"));
    let sections = payloads.filter_map(|payload| match payload {
        Payload::CustomSection(section) if section.name() == name => Some(section.data().to_vec()),
        _ => None,
    });
    sections.collect()
}

/// The interfaces that the component itself imports, without their versions.
fn imports(wasm: &[u8]) -> BTreeSet<String> {
    let mut depth = 0;
    let mut imports = BTreeSet::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("it is WebAssembly") {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let name = import.expect("it is WebAssembly").name.name.to_owned();
                    imports.insert(name.split('@').next().unwrap_or_default().to_owned());
                }
            }
            _ => {}
        }
    }
    imports
}

#[test]
fn every_component_carries_one_manifest_and_its_wit() {
    for component in COMPONENTS {
        let manifests = sections(component.wasm, "vestibule:manifest");
        let [manifest] = manifests.as_slice() else {
            panic!("{} has {} manifests", component.channel, manifests.len())
        };
        let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
        assert!(
            manifest["schema"]["writes"].is_u64()
                && manifest["config"].is_array()
                && manifest["short_replies"].is_array()
        );

        let wit = String::from_utf8(sections(component.wasm, "vestibule:wit").concat()).unwrap();
        let package = format!("package vestibule:{}@", component.channel);
        assert_eq!(
            wit.lines()
                .filter(|line| line.starts_with(&package))
                .count(),
            1,
            "{wit}"
        );
        assert_eq!(
            wit.lines()
                .filter(|line| line.starts_with("package vestibule:types@"))
                .count(),
            1
        );
        assert!(wit.ends_with("}\n"));
    }
}

#[test]
fn every_component_exports_its_channel() {
    for component in COMPONENTS {
        let export = format!("vestibule:{}/commands@", component.channel);
        let exports =
            Parser::new(0)
                .parse_all(component.wasm)
                .filter_map(|payload| match payload {
                    Ok(Payload::ComponentExportSection(section)) => Some(section),
                    _ => None,
                });
        let names: Vec<String> = exports
            .flatten()
            .map(|export| export.unwrap().name.name.to_owned())
            .collect();
        assert!(
            names.iter().any(|name| name.starts_with(&export)),
            "{names:?}"
        );
    }
}

#[test]
fn the_token_component_asks_for_what_its_world_names_and_no_more() {
    let imports = imports(component("token").wasm);
    let capabilities: Vec<&str> = imports
        .iter()
        .filter_map(|name| name.strip_prefix("vestibule:capability/"))
        .collect();
    // It has nothing to log.
    assert_eq!(
        capabilities,
        [
            "audit",
            "caller",
            "config",
            "events",
            "macs",
            "signing",
            "storage",
            "transaction"
        ]
    );
    let others = imports
        .iter()
        .filter(|name| !name.starts_with("vestibule:"));
    for name in others {
        // What the standard library (and cargo-component's adapter) imports is linked to an empty context.
        let standard = [
            "wasi:cli/",
            "wasi:clocks/",
            "wasi:filesystem/",
            "wasi:io/",
            "wasi:random/",
        ];
        assert!(
            standard.iter().any(|package| name.starts_with(package)),
            "{name}"
        );
    }
}

// D07
#[test]
fn no_cryptography_is_compiled_into_the_token_component() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--package",
            "token",
            "--target",
            "wasm32-wasip2",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(crates.contains("jsonwebtoken"), "{tree}");
    let cryptography = [
        "aws-lc-rs",
        "aws-lc-sys",
        "ring",
        "ed25519",
        "ed25519-dalek",
        "curve25519-dalek",
        "ecdsa",
        "p256",
        "p384",
        "rsa",
        "sha1",
        "sha2",
        "hmac",
        "digest",
        "aes",
        "chacha20",
        "argon2",
        "openssl",
        "rand",
    ];
    for name in cryptography {
        assert!(!crates.contains(name), "{name}");
    }
}

/// How many KiB each may have, with the names of its functions, which reports of faults need. Those that read addresses carry the tables of internationalised domain names, and
/// `authorization` the common passwords.
const LARGEST_KIB: [(&str, usize); 6] = [
    ("accounts", 500),
    ("api-tokens", 390),
    ("authorization", 1070),
    ("email", 500),
    ("token", 450),
    ("users", 620),
];

#[test]
fn components_are_small() {
    for component in COMPONENTS {
        let largest = LARGEST_KIB
            .iter()
            .find(|(channel, _)| *channel == component.channel);
        let (_, kib) = largest.expect("it has a bound");
        assert!(
            component.wasm.len() < kib * 1024,
            "{} has {} bytes",
            component.channel,
            component.wasm.len()
        );
    }
}
