//! `vestibule component`: what serves, what is to serve in its place, and who says so.

mod conformance;
mod deploy;
mod fetch;
mod inspect;
mod keygen;
mod list;
mod new;
mod push;
mod registry;
mod rollback;
mod sign;
mod verify;

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

pub(super) async fn run(command: ComponentCommand, output: &Output) -> Result<(), Failed> {
    match command {
        ComponentCommand::List(args) => list::run(args, output).await,
        ComponentCommand::Inspect(args) => inspect::run(args, output).await,
        ComponentCommand::Deploy(args) => deploy::run(args, output).await,
        ComponentCommand::Rollback(args) => rollback::run(args, output).await,
        ComponentCommand::New(args) => new::run(args, output),
        ComponentCommand::Keygen(args) => keygen::run(args, output),
        ComponentCommand::Sign(args) => sign::run(args, output),
        ComponentCommand::Verify(args) => verify::run(args, output).await,
        ComponentCommand::Push(args) => push::run(args, output).await,
        ComponentCommand::Fetch(args) => fetch::run(args, output).await,
        ComponentCommand::Conformance(args) => conformance::run(args, output).await,
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
