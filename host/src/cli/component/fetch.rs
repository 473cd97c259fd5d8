//! `vestibule component fetch`: a build and its signature from an OCI registry, as files.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use serde_json::json;
use vestibule::builds::file;
use vestibule::builds::source::{Limits, Reference, Source, fetch};

use super::super::ConfigArg;
use super::super::failed::Failed;
use super::super::output::Output;
use super::registry::deploy_section;
use super::sign::write;

/// Fetches a build from an OCI registry, with its signature if it has one. Needs no server, and believes nobody: `verify`
/// checks the signature.
#[derive(Args)]
#[command(after_help = "\
Example:
  vestibule component fetch oci://ghcr.io/example/token:1.2.0 --out token.wasm")]
pub(in super::super) struct FetchArgs {
    /// Where it is: oci://registry/repository:tag, or …@sha256:…
    #[arg(value_name = "REFERENCE")]
    from: Reference,

    /// The file to write; the signature goes beside it. Neither is ever replaced
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    #[command(flatten)]
    config: ConfigArg,
}

pub(super) async fn run(args: FetchArgs, output: &Output) -> Result<(), Failed> {
    let beside = file::signature_of(&args.out);
    // An old signature beside a new build would be held against it.
    for path in [&args.out, &beside] {
        if path.symlink_metadata().is_ok() {
            return Err(anyhow!("{} exists: choose another name", path.display()).into());
        }
    }
    let deploy = deploy_section(&args.config)?;
    let source = Source::Registry(args.from);
    let build = fetch(&source, None, &deploy, Limits::default()).await?;
    if let Some(signature) = &build.signature {
        write(&beside, signature.to_file().as_bytes())?;
    }
    write(&args.out, &build.bytes)?;
    let report = json!({
        "file": args.out,
        "digest": build.digest.to_string(),
        "size": build.bytes.len(),
        "signed": build.signature.is_some(),
    });
    output.show(&report, |output, _| {
        let signed = match build.signature {
            Some(_) => "with a signature, not yet checked",
            None => "not signed",
        };
        output.line(&format!(
            "{}: build {}, {} bytes, {signed}",
            args.out.display(),
            build.digest.short(),
            build.bytes.len()
        ));
    });
    Ok(())
}
