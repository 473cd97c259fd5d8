//! What can go wrong, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::toolchain::TARGET;

/// Why a guest could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A variable that cargo gives every build script is not there.
    #[error("{0} is not set: this runs in a cargo build script only")]
    NotABuildScript(&'static str),
    /// A program could not be started.
    #[error("could not run `{program}`: {source}")]
    Start {
        /// What was to be run.
        program: String,
        /// Why it was not.
        source: io::Error,
    },
    /// The target is missing and there is no rustup to add it.
    #[error(
        "the Rust target {TARGET} is not installed and rustup was not found to install it.\n\
         Install the toolchain with rustup (https://rustup.rs) and run `rustup target add {TARGET}`,\n\
         or install your distribution's package with Rust's standard library for {TARGET},\n\
         or set VESTIBULE_COMPONENTS to a folder with prebuilt components."
    )]
    NoRustup,
    /// `rustup target add` failed.
    #[error(
        "the Rust target {TARGET} is not installed and `rustup target add {TARGET}` failed (its output is above).\n\
         Run it by hand, or set VESTIBULE_COMPONENTS to a folder with prebuilt components."
    )]
    NoTarget,
    /// The inner build failed.
    #[error("the guests {packages} did not build for {TARGET} (cargo's output is above)")]
    Build {
        /// The packages, separated by commas.
        packages: String,
    },
    /// A prebuilt component is not there.
    #[error("there is no prebuilt component {}: put it there, or unset the variable to build it", path.display())]
    NoPrebuilt {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// A file's error with its path.
    #[must_use]
    pub fn file(path: &Path, source: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            source,
        }
    }
}
