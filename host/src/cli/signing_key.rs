//! `vestibule signing-key`: the keys that sign tokens.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;
use vestibule::transport::admin::RotationRequest;

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::output::{Output, moment, text};

#[derive(Subcommand)]
pub(super) enum SigningKeyCommand {
    /// List the keys of the ring
    List(ListArgs),
    /// Let the next key sign; what the current one signed stays good until it expires
    Rotate(RotateArgs),
}

#[derive(Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
pub(super) struct RotateArgs {
    /// Rotate although not everybody knows the next key yet: for a key that was stolen
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(command: SigningKeyCommand, output: &Output) -> Result<(), Failed> {
    match command {
        SigningKeyCommand::List(args) => {
            let client = Client::new(&args.server, Address::Administration)?;
            output.show(&client.get("/admin/signing-keys").await?, list);
        }
        SigningKeyCommand::Rotate(args) => {
            let client = Client::new(&args.server, Address::Administration)?;
            let request = client
                .request(Method::POST, "/admin/signing-keys/rotate")
                .json(&RotationRequest { force: args.force });
            let rotated = client.ask(request).await?.unwrap_or(Value::Null);
            output.show(&rotated, |output, rotated| {
                output.line(&format!("{} signs from now on", text(rotated, "current")));
            });
        }
    }
    Ok(())
}

fn list(output: &Output, keys: &Value) {
    let rows = keys.as_array().into_iter().flatten().map(|key| {
        [
            text(key, "id"),
            text(key, "purpose"),
            text(key, "algorithm"),
            text(key, "state"),
            moment(key, "created_at"),
            moment(key, "retires_at"),
        ]
    });
    let rows: Vec<_> = rows.collect();
    output.table(
        ["ID", "FOR", "ALGORITHM", "STATE", "CREATED", "RETIRES"],
        &rows,
    );
}
