//! Writes the table of files that projects are made of: this repository's own, as they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use guest_build::Error;

/// Folders and files of the repository. Of the example what is built and what is fetched lies beside its sources, so it is named
/// piece by piece.
const SOURCES: [&str; 26] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "clippy.toml",
    "components/accounts",
    "components/api-tokens",
    "components/authorization",
    "components/client-source",
    "components/common-passwords",
    "components/display-text",
    "components/email",
    "components/email-address",
    "components/message-environment",
    "components/scaffold/templates",
    "components/sections",
    "components/token",
    "components/users",
    "examples/email-js/.gitignore",
    "examples/email-js/.npmrc",
    "examples/email-js/package-lock.json",
    "examples/email-js/package.json",
    "examples/email-js/src",
    "examples/email-js/test",
    "examples/email-js/tools",
    "rust-toolchain.toml",
    "wit",
];

/// What cargo-component writes into a crate's sources, and nothing includes.
const WRITTEN: &str = "src/bindings.rs";

fn main() -> ExitCode {
    guest_build::script(|| {
        let root = guest_build::env_path("CARGO_MANIFEST_DIR")?.join("../..");
        let mut found = BTreeMap::new();
        for source in SOURCES {
            println!("cargo::rerun-if-changed={}", root.join(source).display());
            collect(&root, source, &mut found)
                .map_err(|cause| Error::file(&root.join(source), cause))?;
        }
        let table = guest_build::env_path("OUT_DIR")?.join("files.rs");
        guest_build::write_if_changed(&table, table_of(&found).as_bytes())
    })
}

/// Every file at or below `path`, by its path in the repository.
fn collect(root: &Path, path: &str, found: &mut BTreeMap<String, PathBuf>) -> io::Result<()> {
    let place = root.join(path);
    if !place.is_dir() {
        if !path.ends_with(WRITTEN) {
            found.insert(path.to_owned(), place);
        }
        return Ok(());
    }
    for entry in fs::read_dir(place)? {
        let name = entry?.file_name();
        let name = name.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
        collect(root, &format!("{path}/{name}"), found)?;
    }
    Ok(())
}

/// `&[(path, text), …]`, to be included as an expression.
fn table_of(found: &BTreeMap<String, PathBuf>) -> String {
    let mut table = String::from("&[\n");
    for (path, place) in found {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "    ({path:?}, include_str!({place:?})),");
    }
    table.push(']');
    table
}
