//! `vestibule component verify`: whether a build's signature is good.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::json;
use vestibule::builds::keys::PublicKey;
use vestibule::builds::signature::Claim;
use vestibule::builds::source::{Limits, Source, fetch};
use vestibule::contract::Contract;

use super::super::ConfigArg;
use super::super::failed::Failed;
use super::super::output::Output;
use super::registry::deploy_section;
use super::sign::{described, version_of};

/// Checks the signature of a build. Needs no server; which counter a server accepted last, only that server knows.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule component verify token.wasm --key ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo
  vestibule component verify oci://ghcr.io/example/token:1.2.0 --key ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
pub(in super::super) struct VerifyArgs {
    /// The build: a file, or oci://registry/repository:tag
    #[arg(value_name = "BUILD", value_parser = Source::parse)]
    source: Source,

    /// The signature [default: the one beside the build]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,

    /// The channel it is to serve [default: the one that was signed]
    #[arg(long)]
    channel: Option<String>,

    /// Whose signature is believed; repeat for more
    #[arg(long = "key", value_name = "ed25519:…", required = true)]
    keys: Vec<PublicKey>,

    #[command(flatten)]
    config: ConfigArg,
}

pub(super) async fn run(args: VerifyArgs, output: &Output) -> Result<(), Failed> {
    let deploy = deploy_section(&args.config)?;
    let named = args.signature.as_deref();
    let build = fetch(&args.source, named, &deploy, Limits::default()).await?;
    let signature = build
        .signature
        .ok_or_else(|| anyhow!("the build is not signed"))?;
    let contract = Contract::read(&build.bytes).context("the build cannot be read")?;
    let channel = args
        .channel
        .as_ref()
        .unwrap_or(&signature.statement.channel);
    let claim = Claim {
        digest: build.digest,
        channel,
        version: version_of(&contract, channel)?,
        accepted: None,
    };
    signature
        .check(&args.keys, &claim)
        .map_err(|distrust| anyhow!("{distrust}; {}", distrust.remedy()))?;
    let statement = &signature.statement;
    let report = json!({
        "key": signature.key,
        "digest": statement.digest.to_string(),
        "channel": statement.channel,
        "version": statement.version,
        "counter": statement.counter,
    });
    output.show(&report, |output, _| {
        output.line(&format!("good: {}", described(&signature)));
    });
    Ok(())
}
