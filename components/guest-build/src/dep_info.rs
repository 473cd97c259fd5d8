//! What went into a guest: cargo's dependency file beside it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;

/// The sources that the dependency file at `path` names: of the guest and of every path dependency, WIT included.
pub(crate) fn sources(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::file(path, source))?;
    let mut sources: Vec<PathBuf> = Vec::new();
    for line in text.lines() {
        let Some((_, dependencies)) = line.split_once(": ") else {
            continue;
        };
        sources.extend(split(dependencies).into_iter().map(PathBuf::from));
    }
    // The manifest decides features and versions, and no source names it.
    let manifests: Vec<_> = sources
        .iter()
        .filter_map(|source| manifest_of(source))
        .collect();
    sources.extend(manifests);
    sources.sort();
    sources.dedup();
    Ok(sources)
}

fn manifest_of(source: &Path) -> Option<PathBuf> {
    let rust = source
        .extension()
        .is_some_and(|extension| extension == "rs");
    source
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("Cargo.toml"))
        .find(|manifest| rust && manifest.is_file())
}

/// Splits at blanks; `\ ` is a blank within a path.
fn split(dependencies: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut path = String::new();
    let mut characters = dependencies.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next_if_eq(&' ').is_some() => path.push(' '),
            ' ' => paths.push(std::mem::take(&mut path)),
            _ => path.push(character),
        }
    }
    paths.push(path);
    paths.retain(|path| !path.is_empty());
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_in_paths_are_escaped() {
        assert_eq!(
            split(r"/a/b.rs /my\ folder/c.rs  /d"),
            ["/a/b.rs", "/my folder/c.rs", "/d"]
        );
    }

    #[test]
    fn sources_and_their_manifests_are_listed_once() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        let (manifest, lib) = (
            folder.path().join("Cargo.toml"),
            folder.path().join("src/lib.rs"),
        );
        fs::write(&manifest, "").unwrap();
        fs::write(&lib, "").unwrap();
        let dep_info = folder.path().join("token.d");
        fs::write(
            &dep_info,
            format!("/x/token.wasm: {0} {0}\n", lib.display()),
        )
        .unwrap();
        assert_eq!(sources(&dep_info).unwrap(), [manifest, lib]);
    }
}
