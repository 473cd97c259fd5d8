//! The inner cargo.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;
use crate::toolchain::TARGET;

/// The profile of the workspace that guests are built with.
const PROFILE: &str = "guest";

/// Settings of cargo that say where things come from, not how they are built: the inner cargo needs them too.
/// `CARGO_MAKEFLAGS` lends it the outer build's job slots.
const KEPT: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTR",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
    "CARGO_LOG",
    "CARGO_MAKEFLAGS",
];

/// How the outer build is built: none of it is meant for another target.
const REMOVED: [&str; 16] = [
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_LINKER",
    "CLIPPY_ARGS",
    "CLIPPY_CONF_DIR",
    "TARGET",
    "HOST",
    "PROFILE",
    "OPT_LEVEL",
    "DEBUG",
    "NUM_JOBS",
    "OUT_DIR",
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
];

/// A target folder of the guests' own: the outer cargo holds the lock of its profile's folder while this runs, and to
/// ask for that one would wait forever. It lies in the outer target folder, which `CACHEDIR.TAG` marks, so that all build
/// scripts share it and `cargo clean` removes it.
pub(crate) fn target_dir(out: &Path) -> PathBuf {
    out.ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .unwrap_or(out)
        .join("guests")
}

/// Which targets of the packages are guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The library.
    Library,
    /// Every example.
    Examples,
}

impl Kind {
    fn flag(self) -> &'static str {
        match self {
            Self::Library => "--lib",
            Self::Examples => "--examples",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Library => "",
            Self::Examples => "examples",
        }
    }
}

/// Where the component `name` is after a build.
pub(crate) fn artefact(target_dir: &Path, kind: Kind, name: &str) -> PathBuf {
    target_dir
        .join(TARGET)
        .join(PROFILE)
        .join(kind.folder())
        .join(name.replace('-', "_"))
        .with_extension("wasm")
}

/// Builds `packages` into `target_dir`.
pub(crate) fn build(
    packages: &[&str],
    kind: Kind,
    workspace: &Path,
    target_dir: &Path,
) -> Result<(), Error> {
    let program = crate::env_path("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = Command::new(&program);
    command.current_dir(workspace).args([
        "build",
        "--locked",
        kind.flag(),
        "--profile",
        PROFILE,
        "--target",
        TARGET,
    ]);
    command.arg("--target-dir").arg(target_dir);
    for package in packages {
        command.args(["--package", package]);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script: the environment is what it removes"
    )]
    for (name, _) in std::env::vars_os().filter(|(name, _)| leaks(name)) {
        command.env_remove(name);
    }
    // Standard output belongs to the build script; what the compiler says is shown by the outer cargo on a failure.
    let status = command.stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Error::Build {
            packages: packages.join(", "),
        }),
        Err(source) => Err(Error::Start {
            program: program.display().to_string(),
            source,
        }),
    }
}

/// Whether a variable tells how the outer build is done.
fn leaks(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    if name.starts_with("CARGO_") {
        return !KEPT.iter().any(|kept| name.starts_with(kept));
    }
    REMOVED.contains(&name) || name.starts_with("DEP_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_outer_build_do_not_reach_the_inner_one() {
        for name in [
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET",
            "CARGO_PROFILE_GUEST_DEBUG",
            "RUSTFLAGS",
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO_FEATURE_BUNDLE",
            "CARGO_CFG_UNIX",
            "CARGO_INCREMENTAL",
            "DEP_SQLITE3_ROOT",
        ] {
            assert!(leaks(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn where_crates_come_from_stays() {
        for name in [
            "CARGO",
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "CARGO_REGISTRIES_MIRROR_INDEX",
            "CARGO_HTTP_PROXY",
            "PATH",
            "HOME",
            "RUSTUP_TOOLCHAIN",
            "RUSTC",
            "CARGO_MAKEFLAGS",
        ] {
            assert!(!leaks(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn the_folder_lies_beside_the_outer_profiles() {
        let target = tempfile::tempdir().unwrap();
        std::fs::write(target.path().join("CACHEDIR.TAG"), "").unwrap();
        let out = target.path().join("debug/build/bundle-0/out");
        assert_eq!(target_dir(&out), target.path().join("guests"));
    }
}
