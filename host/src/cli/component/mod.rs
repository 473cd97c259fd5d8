//! `vestibule component`: what serves, and what is to serve.

mod new;

use clap::{Args, Subcommand};
use serde_json::Value;
use vestibule::config::is_name;

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::output::{Output, text};

#[derive(Subcommand)]
pub(super) enum ComponentCommand {
    /// List the components that serve
    List(ListArgs),
    /// Show one component: commands, imports, grants, limits, digest
    Inspect(InspectArgs),
    /// Make a project that builds a component
    New(new::NewArgs),
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
