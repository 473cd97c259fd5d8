//! The compiler's target: there, or added with rustup.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Error;

/// What guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Adds the target if it is not installed.
///
/// `rust-toolchain.toml` names it, but not every rustup installs what that file asks for (`RUSTUP_AUTO_INSTALL=0`).
/// `RUSTUP_TOOLCHAIN` is set by the outer cargo's proxy, so rustup adds it to the toolchain that is building.
pub(crate) fn ensure_target() -> Result<(), Error> {
    if is_installed()? {
        return Ok(());
    }
    let status = Command::new("rustup")
        .args(["target", "add", TARGET])
        .stdout(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() && is_installed()? => Ok(()),
        Ok(_) => Err(Error::NoTarget),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NoRustup),
        Err(source) => Err(Error::Start {
            program: "rustup".to_owned(),
            source,
        }),
    }
}

/// Whether the compiler that cargo uses has the target's standard library: rustc names its folder also when it is not there.
fn is_installed() -> Result<bool, Error> {
    let rustc = rustc();
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .stderr(Stdio::null())
        .output()
        .map_err(|source| Error::Start {
            program: rustc.display().to_string(),
            source,
        })?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && PathBuf::from(folder.trim()).is_dir())
}

fn rustc() -> PathBuf {
    crate::env_path("RUSTC").unwrap_or_else(|_| "rustc".into())
}
