//! `vestibule component sign`: a signature beside a build.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde_json::json;
use vestibule::builds::signature::{MAX_COUNTER, Signature, Statement};
use vestibule::builds::{file, key_file};
use vestibule::clock::{Clock as _, SystemClock};
use vestibule::contract::Contract;
use vestibule::sandbox::Digest;

use super::super::failed::Failed;
use super::super::output::Output;

/// Signs a build: its bytes, for one channel, in the version that it says itself. Needs no server.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule component sign token.wasm --channel token --key release.pem
  vestibule component sign token.wasm --channel token --key release.pem --counter 42 --out token.wasm.sig

An installation takes a signature only if its counter is higher than the one it accepted before for the channel.")]
pub(in super::super) struct SignArgs {
    /// The build, a WebAssembly component
    file: PathBuf,

    /// The channel it is for, such as token
    #[arg(long)]
    channel: String,

    /// The private key, as `keygen` wrote it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// Which signature of the channel it is; higher than the one before [default: the seconds since 1970]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..=MAX_COUNTER))]
    counter: Option<u64>,

    /// Where the signature goes [default: FILE.sig]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: SignArgs, output: &Output) -> Result<(), Failed> {
    let named = args.file.display();
    let bytes = file::read(&args.file).with_context(|| format!("cannot read {named}"))?;
    let contract = Contract::read(&bytes).with_context(|| named.to_string())?;
    let statement = Statement {
        digest: Digest::of(&bytes),
        version: version_of(&contract, &args.channel)?.clone(),
        channel: args.channel,
        counter: args.counter.unwrap_or_else(|| SystemClock.now() / 1_000),
    };
    if is_open_to_others(&args.key) {
        output.note(&format!(
            "warning: others can read {}; chmod 600 mends it",
            args.key.display()
        ));
    }
    let signature = Signature::make(&key_file::read(&args.key)?, statement)?;
    let out = args.out.unwrap_or_else(|| file::signature_of(&args.file));
    write(&out, signature.to_file().as_bytes())?;
    let Signature { key, statement, .. } = &signature;
    let report = json!({
        "file": out,
        "key": key,
        "digest": statement.digest.to_string(),
        "channel": statement.channel,
        "version": statement.version,
        "counter": statement.counter,
    });
    output.show(&report, |output, _| {
        output.line(&format!("{}: {}", out.display(), described(&signature)));
    });
    Ok(())
}

/// The version of `channel` in a build.
pub(super) fn version_of<'a>(
    contract: &'a Contract,
    channel: &str,
) -> Result<&'a semver::Version, Failed> {
    let exported = |found: &&vestibule::contract::Channel| *found.name == *channel;
    let found = contract.channels.iter().find(exported).ok_or_else(|| {
        let names: Vec<_> = contract.channels.iter().map(|found| &*found.name).collect();
        anyhow!(
            "the build does not serve that channel; it serves {}",
            names.join(", ")
        )
    })?;
    Ok(&found.version)
}

/// What a signature says, in one line.
pub(super) fn described(signature: &Signature) -> String {
    let Signature { key, statement, .. } = signature;
    format!(
        "{} {}, build {}, counter {}, signed by {key}",
        statement.channel,
        statement.version,
        statement.digest.short(),
        statement.counter
    )
}

/// Puts `bytes` at `path`, whole or not at all, in place of what was there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.part", std::process::id()));
    std::fs::write(&draft, bytes)
        .and_then(|()| std::fs::rename(&draft, path))
        .map_err(|error| {
            // The error that matters is the first one.
            let _ = std::fs::remove_file(&draft);
            anyhow!(error).context(format!("cannot write {}", path.display()))
        })?;
    Ok(())
}

/// Whether more than the owner may read the file. What is not there is said when it is read.
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}
