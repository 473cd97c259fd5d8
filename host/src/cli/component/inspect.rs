//! `vestibule component inspect`

use clap::Args;
use serde_json::{Value, json};

use super::{path_of, short};
use crate::cli::client::{Address, Client, ServerArgs};
use crate::cli::failed::Failed;
use crate::cli::output::{Output, moment, printable, text};

#[derive(Args)]
#[command(after_help = "Example:\n  vestibule component inspect token")]
pub(in crate::cli) struct InspectArgs {
    /// The channel, such as token
    channel: String,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: InspectArgs, output: &Output) -> Result<(), Failed> {
    let path = path_of(&args.channel)?;
    let client = Client::new(&args.server, Address::Administration)?;
    let mut found = client.get(&path).await?;
    let builds = client.get(&format!("{path}/builds")).await?;
    if let Some(found) = found.as_object_mut() {
        found.insert("builds".to_owned(), json!(builds));
    }
    output.show(&found, inspect);
    Ok(())
}

fn inspect(output: &Output, found: &Value) {
    let line = |key: &str, value: &str| output.line(&format!("{:<10}{value}", format!("{key}:")));
    for key in ["channel", "version", "digest", "size", "author", "state"] {
        line(key, &text(found, key));
    }
    line("since", &moment(found, "since"));
    for key in ["revision", "previous", "calls", "faults"] {
        line(key, &text(found, key));
    }
    for key in ["commands", "imports", "grants", "quarantined"] {
        output.line(&format!("{key}:"));
        for name in found[key].as_array().into_iter().flatten() {
            let name = printable(name.as_str().unwrap_or_default());
            output.line(&format!("  {name}"));
        }
    }
    output.line("limits:");
    for (name, value) in found["limits"].as_object().into_iter().flatten() {
        output.line(&format!("  {name:<16}{value}"));
    }
    output.line("builds:");
    for build in found["builds"].as_array().into_iter().flatten() {
        let (digest, stored) = (short(build, "digest"), moment(build, "stored_at"));
        let words = ["version", "size", "state", "author"].map(|key| text(build, key));
        output.line(format!("  {digest}  {stored}  {}", words.join("  ")).trim_end());
    }
}
