//! `vestibule component verify`: whether a build's signature is good.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::json;
use vestibule::builds::file;
use vestibule::builds::keys::PublicKey;
use vestibule::builds::signature::Claim;
use vestibule::contract::Contract;
use vestibule::sandbox::Digest;

use super::super::failed::Failed;
use super::super::output::Output;
use super::sign::{described, version_of};

/// Checks the signature of a build. Needs no server; which counter a server accepted last, only that server knows.
#[derive(Args)]
#[command(after_help = "\
Example:
  vestibule component verify token.wasm --key ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
pub(in super::super) struct VerifyArgs {
    /// The build
    file: PathBuf,

    /// The signature [default: FILE.sig]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,

    /// The channel it is to serve [default: the one that was signed]
    #[arg(long)]
    channel: Option<String>,

    /// Whose signature is believed; repeat for more
    #[arg(long = "key", value_name = "ed25519:…", required = true)]
    keys: Vec<PublicKey>,
}

pub(super) fn run(args: VerifyArgs, output: &Output) -> Result<(), Failed> {
    let named = args.file.display();
    let bytes = file::read(&args.file).with_context(|| format!("cannot read {named}"))?;
    let beside = args
        .signature
        .unwrap_or_else(|| file::signature_of(&args.file));
    let signature = file::read_signature(&beside).with_context(|| beside.display().to_string())?;
    let contract = Contract::read(&bytes).with_context(|| named.to_string())?;
    let channel = args
        .channel
        .as_ref()
        .unwrap_or(&signature.statement.channel);
    let claim = Claim {
        digest: Digest::of(&bytes),
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
