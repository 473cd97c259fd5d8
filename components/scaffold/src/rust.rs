//! A project in Rust: a workspace with the component, the crates it uses and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::files::{self, fill, required};
use crate::{Project, is_bundled, parts, wit};

/// What every project has as it is here. Of the lock file cargo takes what is needed.
const COPIED: [&str; 4] = [
    "Cargo.lock",
    "LICENSE",
    "clippy.toml",
    "rust-toolchain.toml",
];

/// The project of a component for `channel`.
pub(crate) fn project(channel: &str) -> Project {
    let mut files = BTreeMap::new();
    let snake = channel.replace('-', "_");
    let artefact = format!("target/wasm32-wasip2/guest/{snake}.wasm");
    let build = format!("cargo build --package {channel} --target wasm32-wasip2 --profile guest");
    let conformance = parts::conformance(channel, &artefact);
    let values = [
        ("channel", channel),
        ("snake", &snake),
        ("artefact", &artefact),
        ("build", &build),
        ("conformance", &conformance),
    ];
    if is_bundled(channel) {
        wit::of_bundled(&mut files, channel);
        copy_component(&mut files, channel);
    } else {
        let place = format!("components/{channel}/");
        for (path, text) in files::below("components/scaffold/templates/rust/component") {
            files.insert(format!("{place}{path}"), fill(text, &values));
        }
        parts::channel(&mut files, &place, &values);
    }
    let used = add_crates(&mut files);
    files.insert("Cargo.toml".to_owned(), manifest(&used));
    for path in COPIED {
        files.insert(path.to_owned(), required(path).to_owned());
    }
    files.insert(".gitignore".to_owned(), "/target\n/data\n".to_owned());
    parts::around(&mut files, "rust", &values);
    Project {
        files,
        build,
        artefact,
        conformance,
    }
}

/// The sources of a bundled component, as they are but for packages of WIT that the project does not have.
fn copy_component(project: &mut BTreeMap<String, String>, channel: &str) {
    let folder = format!("components/{channel}");
    files::copy(project, &folder, &format!("{folder}/"));
    let path = format!("{folder}/Cargo.toml");
    let manifest = required(&path);
    let is_there = |package: &str| {
        let folder = format!("wit/deps/{package}/");
        project.keys().any(|path| path.starts_with(&folder))
    };
    let kept = manifest.split_inclusive('\n').filter(|line| {
        let package = line.strip_prefix("\"vestibule:");
        package
            .and_then(|rest| rest.split('"').next())
            .is_none_or(is_there)
    });
    let kept = kept.collect();
    project.insert(path, kept);
}

/// Adds the crates of this repository that the project's crates use, and gives the names of all that they use.
fn add_crates(project: &mut BTreeMap<String, String>) -> BTreeSet<String> {
    let shared = shared();
    let mut used = BTreeSet::new();
    loop {
        let manifests = project
            .iter()
            .filter(|(path, _)| path.ends_with("/Cargo.toml"));
        let found: BTreeSet<String> = manifests.flat_map(|(_, text)| uses(&parse(text))).collect();
        let new: Vec<String> = found.difference(&used).cloned().collect();
        if new.is_empty() {
            return used;
        }
        for name in &new {
            if let Some(folder) = shared.get(name).and_then(path) {
                files::copy(project, folder, &format!("{folder}/"));
            }
        }
        used.extend(new);
    }
}

/// What a crate takes from the workspace.
fn uses(manifest: &Table) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values);
    let places = targets.filter_map(Value::as_table).chain([manifest]);
    let mut names = BTreeSet::new();
    for place in places {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let found = place.get(kind).and_then(Value::as_table);
            let found = found.into_iter().flatten();
            let of_workspace = found.filter(|(_, value)| value.get("workspace").is_some());
            names.extend(of_workspace.map(|(name, _)| name.clone()));
        }
    }
    names
}

/// The workspace of a project: ours, with the dependencies that are used.
fn manifest(used: &BTreeSet<String>) -> String {
    let ours = parse(required("Cargo.toml"));
    let workspace = |key: &str| ours["workspace"][key].clone();
    let mut text = String::from("[workspace]\nresolver = \"3\"\nmembers = [\"components/*\"]\n");
    text.push_str(&section("workspace.package", &workspace("package")));
    let dependencies: Table = shared()
        .into_iter()
        .filter(|(name, _)| used.contains(name))
        .collect();
    text.push_str(&section("workspace.dependencies", &dependencies.into()));
    for linter in ["rust", "clippy"] {
        let lints = section(
            &format!("workspace.lints.{linter}"),
            &workspace("lints")[linter],
        );
        text.push_str(&lints);
    }
    text.push_str("\n# Small images start faster.");
    text.push_str(&section("profile.guest", &guest(&ours)));
    text
}

/// The profile that guests are built with, on cargo's own `release`.
fn guest(ours: &Table) -> Value {
    let profile = &ours["profile"];
    let mut guest = profile["release"].as_table().cloned().unwrap_or_default();
    guest.extend(profile["guest"].as_table().cloned().unwrap_or_default());
    guest.into()
}

/// A section with a line for each of its values.
fn section(name: &str, values: &Value) -> String {
    let values = values.as_table().into_iter().flatten();
    let lines = values.map(|(key, value)| format!("{key} = {value}\n"));
    format!("\n[{name}]\n{}", lines.collect::<String>())
}

/// The dependencies of this workspace.
fn shared() -> Table {
    let ours = parse(required("Cargo.toml"));
    let dependencies = ours["workspace"]["dependencies"].as_table();
    dependencies.cloned().unwrap_or_default()
}

fn path(dependency: &Value) -> Option<&str> {
    dependency.get("path")?.as_str()
}

/// # Panics
/// If it is no TOML: cargo built it.
fn parse(text: &str) -> Table {
    text.parse()
        .unwrap_or_else(|error| panic!("a manifest of ours: {error}"))
}
