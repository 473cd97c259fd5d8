//! An account's sessions.

use clap::Args;
use serde_json::{Value, json};

use super::IdArgs;
use super::channels::Channels;
use crate::cli::client::ServerArgs;
use crate::cli::failed::Failed;
use crate::cli::output::{Output, moment, text};

#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule user end-sessions 01981d2e-7b1c-7c3e-9f2a-3f6f6f1c2a11
  vestibule user end-sessions 01981d2e-7b1c-7c3e-9f2a-3f6f6f1c2a11 --session uLx3…

Access tokens end with their sessions for whoever asks token/verify-token; who checks signatures alone accepts them for
the minutes that they live.")]
pub(in crate::cli) struct EndArgs {
    /// The account's id, as `user find` shows it
    id: String,

    /// Only this session, as `user sessions` shows it
    // One id in 64 begins with a hyphen.
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    session: Option<String>,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn list(args: &IdArgs, output: &Output) -> Result<(), Failed> {
    let channels = Channels::new(&args.server)?;
    let request = json!({"id": args.id});
    let found = channels.ask("token", "list-sessions", &request).await?;
    output.show(&found, table);
    Ok(())
}

pub(super) async fn end(args: &EndArgs, output: &Output) -> Result<(), Failed> {
    let channels = Channels::new(&args.server)?;
    let (command, request) = match &args.session {
        None => ("revoke-subject", json!({"id": args.id})),
        Some(session) => ("end-session", json!({"id": args.id, "session_id": session})),
    };
    channels.ask("token", command, &request).await?;
    output.show(&request, |output, request| {
        let id = text(request, "id");
        output.line(&match &args.session {
            None => format!("{id} has no session any more"),
            Some(_) => format!(
                "{id} has no session {} any more",
                text(request, "session_id")
            ),
        });
    });
    Ok(())
}

fn table(output: &Output, found: &Value) {
    let rows = found["sessions"].as_array().into_iter().flatten();
    let rows = rows.map(|session| {
        [
            text(session, "session_id"),
            moment(session, "created_at"),
            moment(session, "refreshed_at"),
            moment(session, "idle_expires_at"),
            moment(session, "expires_at"),
        ]
    });
    let rows: Vec<_> = rows.collect();
    output.table(
        ["SESSION", "BEGAN", "REFRESHED", "ENDS UNUSED", "ENDS"],
        &rows,
    );
}
