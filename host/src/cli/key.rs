//! `vestibule key`: service keys.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;
use vestibule::transport::admin::KeyRequest;

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::lifetime;
use super::output::{Output, moment, text};

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// Make a service key and print it, this once
    Create(CreateArgs),
    /// List the service keys, without the keys themselves
    List(ListArgs),
    /// Make a service key worth nothing, at once
    Revoke(RevokeArgs),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule key create billing --scope token/verify-token
  vestibule key create gateway --scope 'users/*' --scope token/verify-token --act-as --expires-in 90d

The key is printed on stdout: `KEY=$(vestibule key create …)` takes it.")]
pub(super) struct CreateArgs {
    /// What to call it
    name: String,

    /// What it may do: channel/command, channel/*, * (every command) or admin; repeat for more
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,

    /// Let it name the user it acts for
    #[arg(long)]
    act_as: bool,

    /// When it expires: 90d, 12h [default: never]
    #[arg(long, value_name = "SPAN", value_parser = lifetime::parse)]
    expires_in: Option<u64>,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
pub(super) struct RevokeArgs {
    /// The key's id, as `key list` shows it
    id: String,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(command: KeyCommand, output: &Output) -> Result<(), Failed> {
    match command {
        KeyCommand::Create(args) => create(args, output).await,
        KeyCommand::List(args) => {
            let client = Client::new(&args.server, Address::Administration)?;
            output.show(&client.get("/admin/keys").await?, list);
            Ok(())
        }
        KeyCommand::Revoke(args) => revoke(args, output).await,
    }
}

async fn create(args: CreateArgs, output: &Output) -> Result<(), Failed> {
    let client = Client::new(&args.server, Address::Administration)?;
    let wanted = KeyRequest {
        name: args.name,
        scopes: args.scopes,
        act_as: args.act_as,
        expires_in_ms: args.expires_in,
    };
    let request = client.request(Method::POST, "/admin/keys").json(&wanted);
    let created = client.ask(request).await?.unwrap_or(Value::Null);
    output.show(&created, |output, created| {
        output.line(&text(created, "token"));
        let id = text(created, "id");
        output.note(&format!(
            "key {id} was made; it is shown this once. To end it: vestibule key revoke {id}"
        ));
    });
    Ok(())
}

async fn revoke(args: RevokeArgs, output: &Output) -> Result<(), Failed> {
    // It becomes part of a path.
    if args.id.is_empty() || !args.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(Failed::Usage(
            "the id consists of letters and digits; `vestibule key list` shows it".to_owned(),
        ));
    }
    let client = Client::new(&args.server, Address::Administration)?;
    let path = format!("/admin/keys/{}", args.id);
    let request = client.request(Method::DELETE, &path);
    let revoked = client.ask(request).await?.unwrap_or(Value::Null);
    output.show(&revoked, |output, revoked| {
        let (id, name) = (text(revoked, "id"), text(revoked, "name"));
        output.line(&format!("key {id} ({name}) is revoked"));
    });
    Ok(())
}

fn list(output: &Output, keys: &Value) {
    let rows = keys.as_array().into_iter().flatten().map(|key| {
        let state = match (&key["revoked_at"], &key["operator"]) {
            (Value::Null, Value::Bool(true)) => "operator",
            (Value::Null, _) => "live",
            _ => "revoked",
        };
        [
            text(key, "id"),
            text(key, "name"),
            state.to_owned(),
            moment(key, "created_at"),
            moment(key, "expires_at"),
            text(key, "scopes"),
        ]
    });
    let rows: Vec<_> = rows.collect();
    output.table(
        ["ID", "NAME", "STATE", "CREATED", "EXPIRES", "SCOPES"],
        &rows,
    );
}
