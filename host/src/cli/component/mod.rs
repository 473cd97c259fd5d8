//! `vestibule component`: what serves, and what is to serve in its place.

mod deploy;
mod inspect;
mod list;
mod rollback;

use clap::Subcommand;
use serde_json::Value;
use vestibule::config::is_name;

use super::failed::Failed;
use super::output::{Output, text};

#[derive(Subcommand)]
pub(super) enum ComponentCommand {
    /// List the components that serve
    List(list::ListArgs),
    /// Show one component: commands, imports, grants, limits, digest, and the builds that are stored
    Inspect(inspect::InspectArgs),
    /// Serve a channel by another build from now on
    Deploy(deploy::DeployArgs),
    /// Go back to the build that served before
    Rollback(rollback::RollbackArgs),
}

pub(super) async fn run(command: ComponentCommand, output: &Output) -> Result<(), Failed> {
    match command {
        ComponentCommand::List(args) => list::run(args, output).await,
        ComponentCommand::Inspect(args) => inspect::run(args, output).await,
        ComponentCommand::Deploy(args) => deploy::run(args, output).await,
        ComponentCommand::Rollback(args) => rollback::run(args, output).await,
    }
}

/// The path of `channel` on the administration interface.
fn path_of(channel: &str) -> Result<String, Failed> {
    match is_name(channel) {
        true => Ok(format!("/admin/components/{channel}")),
        false => Err(Failed::Usage(
            "the channel is a name in kebab-case, such as token".to_owned(),
        )),
    }
}

/// The first twelve digits of the digest at `key`.
fn short(value: &Value, key: &str) -> String {
    text(value, key).chars().take(12).collect()
}

/// What a deploy or a rollback did, for people.
fn show_deployed(output: &Output, done: &Value) {
    let (channel, version) = (text(done, "channel"), text(done, "version"));
    let build = short(done, "digest");
    match done["changed"].as_bool() {
        Some(false) => output.line(&format!("{channel} {version} ({build}) serves already")),
        _ => {
            let before = short(done, "previous");
            output.line(&format!(
                "{channel} {version} ({build}) serves, instead of {before}"
            ));
        }
    }
    for warning in done["warnings"].as_array().into_iter().flatten() {
        let warning = super::output::printable(warning.as_str().unwrap_or_default());
        output.note(&format!("warning: {warning}"));
    }
}
