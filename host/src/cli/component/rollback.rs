//! `vestibule component rollback`

use std::sync::Arc;

use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use vestibule::audit::Retention;
use vestibule::builds::{Builds, DeploymentRecord, RollbackOptions};
use vestibule::clock::SystemClock;
use vestibule::config::{Config, environment};
use vestibule::data_folder::{DataFolder, DataPaths};
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};

use super::deploy::with_query;
use super::{path_of, show_deployed};
use crate::cli::ConfigArg;
use crate::cli::client::{Address, Client, ServerArgs};
use crate::cli::failed::Failed;
use crate::cli::output::{Output, text};

/// The same switch as a deploy, back. At the bottom of all is the build that the server brings along.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule component rollback token
  vestibule component rollback token --offline --data /var/lib/vestibule

With --offline no server is asked: it changes the data folder of one that does not start, and checks nothing.")]
pub(in crate::cli) struct RollbackArgs {
    /// The channel, such as token
    channel: String,

    /// Never deploy the build that serves now again by mistake
    #[arg(long)]
    quarantine: bool,

    /// Go back although the build before does not read what is stored now
    #[arg(long, conflicts_with = "offline")]
    allow_unread_schema: bool,

    /// Change the data folder of a server that does not run
    #[arg(long, conflicts_with = "url")]
    offline: bool,

    #[command(flatten)]
    config: ConfigArg,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: RollbackArgs, output: &Output) -> Result<(), Failed> {
    let path = path_of(&args.channel)?;
    if args.offline {
        return offline(args, output).await;
    }
    let client = Client::new(&args.server, Address::Administration)?;
    // What is left is what serves now: whoever is faster is not gone back from once more.
    let serving = client.get(&path).await?;
    let from = match serving["state"].as_str() {
        // This server does not know what the record says.
        Some("behind") => String::new(),
        _ => text(&serving, "digest"),
    };
    let mut query = Vec::new();
    query.extend((!from.is_empty()).then_some(("from", from.as_str())));
    query.extend(args.quarantine.then_some(("quarantine", "true")));
    query.extend(
        args.allow_unread_schema
            .then_some(("allow_unread_schema", "true")),
    );
    let path = with_query(&format!("{path}/rollback"), &query);
    let done = client.ask(client.request(Method::POST, &path)).await?;
    output.show(&done.unwrap_or_default(), show_deployed);
    Ok(())
}

async fn offline(args: RollbackArgs, output: &Output) -> Result<(), Failed> {
    let variables = environment()?.into_iter();
    let config = Config::load(args.config.config.as_deref(), variables)?;
    let data = args.server.data().unwrap_or_else(|| config.data.clone());
    // A folder that is not there is a mistyped one; nothing is made of it.
    if !DataPaths::new(&data).database().is_file() {
        return Err(Failed::Usage(format!(
            "{} is no data folder of a server: name it with --data",
            data.display()
        )));
    }
    let folder = DataFolder::open(&data)?;
    let store = SqliteStore::open(folder.paths().database(), SqliteOptions::default())?;
    let builds = Builds::new(Arc::new(store), Arc::new(SystemClock));
    let options = RollbackOptions {
        quarantine: args.quarantine,
        ..RollbackOptions::default()
    };
    let retention = Retention::days(config.audit.keep_days);
    let record = builds.roll_back(&args.channel, &options, retention).await?;
    let Some(record) = record else {
        let channel = &args.channel;
        return Err(anyhow::anyhow!("channel {channel} has no earlier build to go back to").into());
    };
    output.show(&report(&args.channel, &record), |output, report| {
        let serves = match text(report, "digest") {
            digest if digest.is_empty() => "the build that the server brings along".to_owned(),
            digest => format!("build {digest}"),
        };
        output.line(&format!(
            "{} is served by {serves} at the next start",
            args.channel
        ));
    });
    Ok(())
}

fn report(channel: &str, record: &DeploymentRecord) -> Value {
    let serving = record.serving.as_ref().map(|chosen| chosen.digest);
    json!({"channel": channel, "digest": serving, "revision": record.revision})
}
