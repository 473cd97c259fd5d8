//! `vestibule component`: what serves, what could, and who says so.

mod conformance;
mod fetch;
mod keygen;
mod new;
mod push;
mod registry;
mod sign;
mod verify;

use clap::{Args, Subcommand};
use serde_json::Value;
use vestibule::config::is_name;

use crate::cli::client::{Address, Client, ServerArgs};
use crate::cli::failed::Failed;
use crate::cli::output::{Output, text};

#[derive(Subcommand)]
pub(super) enum ComponentCommand {
    /// List the components that serve
    List(ListArgs),
    /// Show one component: commands, imports, grants, limits, digest
    Inspect(InspectArgs),
    /// Make a project that builds a component
    New(new::NewArgs),
    /// Make a key that signs builds
    Keygen(keygen::KeygenArgs),
    /// Sign a build
    Sign(sign::SignArgs),
    /// Check the signature of a build
    Verify(verify::VerifyArgs),
    /// Store a build in a registry
    Push(push::PushArgs),
    /// Fetch a build from a registry
    Fetch(fetch::FetchArgs),
    /// Play a channel's scenarios against a build of it
    Conformance(conformance::ConformanceArgs),
}

#[derive(Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
#[command(after_help = "Example:\n  vestibule component inspect token")]
pub(super) struct InspectArgs {
    /// The channel, such as token
    channel: String,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(command: ComponentCommand, output: &Output) -> Result<(), Failed> {
    match command {
        ComponentCommand::List(args) => {
            let client = Client::new(&args.server, Address::Administration)?;
            output.show(&client.get("/admin/components").await?, list);
        }
        ComponentCommand::Inspect(args) => {
            if !is_name(&args.channel) {
                return Err(Failed::Usage(
                    "the channel is a name in kebab-case, such as token".to_owned(),
                ));
            }
            let client = Client::new(&args.server, Address::Administration)?;
            let path = format!("/admin/components/{}", args.channel);
            output.show(&client.get(&path).await?, inspect);
        }
        ComponentCommand::New(args) => new::run(args, output)?,
        ComponentCommand::Keygen(args) => keygen::run(args, output)?,
        ComponentCommand::Sign(args) => sign::run(args, output)?,
        ComponentCommand::Verify(args) => verify::run(args, output).await?,
        ComponentCommand::Push(args) => push::run(args, output).await?,
        ComponentCommand::Fetch(args) => fetch::run(args, output).await?,
        ComponentCommand::Conformance(args) => conformance::run(args, output).await?,
    }
    Ok(())
}

fn list(output: &Output, components: &Value) {
    let rows = components.as_array().into_iter().flatten().map(|found| {
        let commands = found["commands"].as_array().map_or(0, Vec::len);
        let digest: String = text(found, "digest").chars().take(12).collect();
        [
            text(found, "channel"),
            text(found, "version"),
            commands.to_string(),
            text(found, "size"),
            digest,
        ]
    });
    let rows: Vec<_> = rows.collect();
    output.table(["CHANNEL", "VERSION", "COMMANDS", "BYTES", "DIGEST"], &rows);
}

fn inspect(output: &Output, found: &Value) {
    for key in ["channel", "version", "digest", "size"] {
        output.line(&format!("{:<9}{}", format!("{key}:"), text(found, key)));
    }
    for key in ["commands", "imports", "grants"] {
        output.line(&format!("{key}:"));
        for name in found[key].as_array().into_iter().flatten() {
            output.line(&format!("  {}", name.as_str().unwrap_or_default()));
        }
    }
    output.line("limits:");
    for (name, value) in found["limits"].as_object().into_iter().flatten() {
        output.line(&format!("  {name:<16}{value}"));
    }
}
