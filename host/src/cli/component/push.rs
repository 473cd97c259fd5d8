//! `vestibule component push`: a build and its signature into an OCI registry.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::json;
use vestibule::builds::source::{Limits, Reference, Source, fetch, push};
use vestibule::clock::{Clock as _, SystemClock};
use vestibule::contract::Contract;

use super::super::ConfigArg;
use super::super::failed::Failed;
use super::super::output::{Output, date};
use super::registry::deploy_section;

/// Stores a build in an OCI registry, with its signature if it has one. Needs no server.
#[derive(Args)]
#[command(after_help = "\
Example:
  vestibule component push token.wasm oci://ghcr.io/example/token:1.2.0

The registry's account: [deploy.registries.NAME] with host, username and password, or as variables
VESTIBULE_DEPLOY__REGISTRIES__NAME__HOST, …__USERNAME, …__PASSWORD or …__PASSWORD_FILE.")]
pub(in super::super) struct PushArgs {
    /// The build
    file: PathBuf,

    /// Where it goes: oci://registry/repository:tag
    #[arg(value_name = "REFERENCE")]
    to: Reference,

    /// Its signature [default: FILE.sig, if there is one]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,

    #[command(flatten)]
    config: ConfigArg,
}

pub(super) async fn run(args: PushArgs, output: &Output) -> Result<(), Failed> {
    if args.to.tag().is_none() || args.to.digest().is_some() {
        return Err(Failed::Usage(
            "say the tag that the build gets, as in oci://registry/repository:tag; its digest follows from it"
                .to_owned(),
        ));
    }
    let deploy = deploy_section(&args.config)?;
    let named = args.file.display().to_string();
    let source = Source::File(args.file);
    let build = fetch(
        &source,
        args.signature.as_deref(),
        &deploy,
        Limits::default(),
    )
    .await?;
    let contract = Contract::read(&build.bytes).context(named)?;
    let signature = build.signature.as_ref();
    if signature.is_some_and(|signature| signature.statement.digest != build.digest) {
        return Err(anyhow!(
            "the signature is for other bytes: sign this build, or name its signature"
        )
        .into());
    }
    let created = format!("{}Z", date(SystemClock.now()).replacen(' ', "T", 1));
    let pushed = push(
        &args.to,
        build.bytes,
        &contract,
        signature,
        &created,
        &deploy,
    )
    .await?;
    let report = json!({
        "reference": pushed.reference.to_string(),
        "digest": pushed.digest.to_string(),
        "signed": signature.is_some(),
    });
    output.show(&report, |output, _| {
        output.line(&pushed.reference.to_string());
        if signature.is_none() {
            output.note("it is stored without a signature; `vestibule component sign` makes one");
        }
    });
    Ok(())
}
