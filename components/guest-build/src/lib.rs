//! Builds guests for `wasm32-wasip2` from another crate's build script.
//!
//! Guests are members of the workspace but another machine's code: they need their own target, their own profile and
//! none of the outer build's flags. So a build script that wants them calls cargo again, in a target folder of its own
//! (`<target>/guests`, shared by everybody who builds guests, so that a dependency is compiled once):
//!
//! ```no_run
//! # use guest_build::{Guests, script};
//! fn main() -> std::process::ExitCode {
//!     script(|| {
//!         for built in guest_build::build(&Guests { packages: &["token"], workspace: "../..".as_ref(), watch: &[], prebuilt: None })? {
//!             // `built.path` is `<OUT_DIR>/token.wasm`
//!         }
//!         Ok(())
//!     })
//! }
//! ```
//!
//! The script runs again exactly when something that went into a guest has changed: the sources come from cargo's own
//! dependency files. Touching the host's code does not.
#![expect(
    clippy::print_stdout,
    reason = "a build script speaks to cargo on its standard output"
)]

mod cargo;
mod dep_info;
mod error;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use cargo::Kind;
pub use error::Error;

/// Which guests to build.
#[derive(Debug)]
pub struct Guests<'a> {
    /// Names of packages of the workspace, each with one `cdylib`.
    pub packages: &'a [&'a str],
    /// The workspace's root, absolute or relative to the calling package.
    pub workspace: &'a Path,
    /// More files and folders (relative to the workspace) whose change rebuilds: the ones that no source names.
    pub watch: &'a [&'a str],
    /// The environment variable that, when set, names a folder with `<package>.wasm` files to take instead of building.
    /// A relative folder is relative to the workspace.
    pub prebuilt: Option<&'a str>,
}

/// One built guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The package.
    pub name: String,
    /// The component: `<OUT_DIR>/<name>.wasm`, or the prebuilt file.
    pub path: PathBuf,
}

/// Builds (or finds) the guests, in the order of `packages`. To be called from a build script.
///
/// # Errors
/// The target is missing and cannot be added, a guest does not compile, a prebuilt file is missing, or a file cannot be
/// written. Every error says what to do.
pub fn build(guests: &Guests<'_>) -> Result<Vec<Built>, Error> {
    let workspace = absolute(guests.workspace)?;
    if let Some(folder) = guests.prebuilt.and_then(prebuilt_folder) {
        return find(guests.packages, &workspace.join(folder));
    }
    compile(guests, guests.packages, Kind::Library, &workspace)
}

/// Builds the `examples` of the packages, each a `cdylib`, in this order: many small guests that share a package.
/// `prebuilt` is not looked at. To be called from a build script.
///
/// # Errors
/// As for [`build`].
pub fn build_examples(guests: &Guests<'_>, examples: &[&str]) -> Result<Vec<Built>, Error> {
    let workspace = absolute(guests.workspace)?;
    compile(guests, examples, Kind::Examples, &workspace)
}

/// Runs a build script's body and hands its error to cargo, which prints it as the build's own.
pub fn script(body: impl FnOnce() -> Result<(), Error>) -> ExitCode {
    match body() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in error.to_string().lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

/// A required path from the environment that cargo gives a build script.
///
/// # Errors
/// The variable is not set: this is not a build script.
pub fn env_path(name: &'static str) -> Result<PathBuf, Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script's arguments are its environment"
    )]
    std::env::var_os(name)
        .map(PathBuf::from)
        .ok_or(Error::NotABuildScript(name))
}

/// Writes `contents` unless the file has them already: an untouched file rebuilds nothing.
///
/// # Errors
/// The file cannot be written.
pub fn write_if_changed(path: &Path, contents: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == contents) {
        return Ok(());
    }
    fs::write(path, contents).map_err(|source| Error::file(path, source))
}

fn prebuilt_folder(variable: &str) -> Option<PathBuf> {
    println!("cargo::rerun-if-env-changed={variable}");
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script's arguments are its environment"
    )]
    std::env::var_os(variable)
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
}

fn compile(
    guests: &Guests<'_>,
    names: &[&str],
    kind: Kind,
    workspace: &Path,
) -> Result<Vec<Built>, Error> {
    toolchain::ensure_target()?;
    let out = env_path("OUT_DIR")?;
    let target_dir = cargo::target_dir(&out);
    cargo::build(guests.packages, kind, workspace, &target_dir)?;
    watch(&workspace.join("Cargo.toml"));
    watch(&workspace.join("Cargo.lock"));
    for path in guests.watch {
        watch(&workspace.join(path));
    }
    names
        .iter()
        .map(|name| collect(name, &cargo::artefact(&target_dir, kind, name), &out))
        .collect()
}

fn find(packages: &[&str], folder: &Path) -> Result<Vec<Built>, Error> {
    packages
        .iter()
        .map(|name| {
            let path = folder.join(format!("{name}.wasm"));
            watch(&path);
            if !path.is_file() {
                return Err(Error::NoPrebuilt { path });
            }
            Ok(Built {
                name: (*name).to_owned(),
                path,
            })
        })
        .collect()
}

/// Copies one guest out of the shared folder, so that nobody else's build changes it under the caller's feet.
fn collect(name: &str, artefact: &Path, out: &Path) -> Result<Built, Error> {
    for source in dep_info::sources(&artefact.with_extension("d"))? {
        watch(&source);
    }
    let wasm = fs::read(artefact).map_err(|source| Error::file(artefact, source))?;
    let path = out.join(format!("{name}.wasm"));
    write_if_changed(&path, &wasm)?;
    Ok(Built {
        name: name.to_owned(),
        path,
    })
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    let at_fault = |source: io::Error| Error::file(path, source);
    fs::canonicalize(path).map_err(at_fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prebuilt_files_are_found_by_package_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token.wasm"), b"\0asm").unwrap();
        let built = find(&["token"], folder.path()).unwrap();
        assert_eq!(
            built,
            [Built {
                name: "token".into(),
                path: folder.path().join("token.wasm")
            }]
        );
    }

    #[test]
    fn a_missing_prebuilt_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(&["token"], folder.path()).unwrap_err();
        assert!(error.to_string().contains("token.wasm"), "{error}");
    }

    #[test]
    fn an_unchanged_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_if_changed(&path, b"1").unwrap();
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        // A file that cannot be written proves that nothing is written.
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        write_if_changed(&path, b"1").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    }
}
