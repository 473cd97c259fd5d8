//! `vestibule subject`: what is stored about somebody, in all channels at once.

use clap::{Args, Subcommand};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::output::{Output, text};

#[derive(Subcommand)]
pub(super) enum SubjectCommand {
    /// Print everything that is stored under somebody's id, as JSON
    Export(SubjectArgs),
    /// Remove everything that is stored under somebody's id, for ever
    Forget(SubjectArgs),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule subject export 01981d2e-7b1c-7c3e-9f2a-3f6f6f1c2a11 > ann.json
  vestibule subject forget 01981d2e-7b1c-7c3e-9f2a-3f6f6f1c2a11

Both cover every channel, queued mails and stored replies, and are put on record. What is sealed (mails, replies) is
named in an export and not opened. To end an account as its owner would, use `vestibule user delete` first.")]
pub(super) struct SubjectArgs {
    /// The subject's id: an account's
    id: String,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(command: SubjectCommand, output: &Output) -> Result<(), Failed> {
    match command {
        SubjectCommand::Export(args) => {
            let client = Client::new(&args.server, Address::Administration)?;
            output.json(&client.get(&path(&args.id)?).await?);
        }
        SubjectCommand::Forget(args) => {
            let client = Client::new(&args.server, Address::Administration)?;
            let request = client.request(Method::DELETE, &path(&args.id)?);
            let forgotten = client.ask(request).await?.unwrap_or(Value::Null);
            output.show(&forgotten, |output, forgotten| {
                let entries = text(forgotten, "entries");
                output.line(&format!("{entries} entries were removed"));
                output.note("backups that were made before still hold them");
            });
        }
    }
    Ok(())
}

/// Where `id` is on the administration interface.
fn path(id: &str) -> Result<String, Failed> {
    // Even escaped, a path of dots alone is another path.
    if matches!(id, "" | "." | "..") {
        return Err(Failed::Usage("this is no subject's id".to_owned()));
    }
    let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
    Ok(format!("/admin/subjects/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        assert_eq!(
            path("../keys?a=b#c d%41é").unwrap(),
            "/admin/subjects/%2E%2E%2Fkeys%3Fa%3Db%23c%20d%2541%C3%A9"
        );
        for id in ["", ".", ".."] {
            assert!(matches!(path(id), Err(Failed::Usage(_))), "{id}");
        }
    }
}
