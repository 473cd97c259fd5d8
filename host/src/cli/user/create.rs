//! `vestibule user create`: an account made by the operator, the first of an installation above all.

use clap::Args;
use serde_json::{Value, json};

use super::channels::Channels;
use super::password;
use crate::cli::client::ServerArgs;
use crate::cli::failed::Failed;
use crate::cli::output::{Output, printable, text};

/// Makes an account. A mail asks its owner to verify the address, unless --verified says that it is theirs.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule user create admin@example.com --owner --verified     the first administrator
  vestibule user create ann@example.com --first-name Ann --last-name Lee
  pass show vestibule/ann | vestibule user create ann@example.com

The password is asked for on the terminal, or is the one line on stdin.")]
pub(in crate::cli) struct CreateArgs {
    /// The account's e-mail
    email: String,

    /// Give it every role: whoever owns this installation
    #[arg(long)]
    owner: bool,

    /// Take the address as verified, and send no mail
    #[arg(long)]
    verified: bool,

    /// First name, for the profile
    #[arg(long, value_name = "NAME")]
    first_name: Option<String>,

    /// Last name, for the profile
    #[arg(long, value_name = "NAME")]
    last_name: Option<String>,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: CreateArgs, output: &Output) -> Result<(), Failed> {
    let channels = Channels::new(&args.server)?;
    let password = password::read()?;
    let request = json!({"email": args.email, "password": *password, "owner": args.owner});
    let made = channels
        .ask("authorization", "registration", &request)
        .await?;
    let id = made["id"].as_str().unwrap_or_default();
    if let Err(failed) = complete(&channels, &args, id, &made["signup_token"]).await {
        return Err(undo(&channels, id, failed, output).await);
    }
    let report = json!({
        "id": id,
        "email": args.email,
        "owner": args.owner,
        "verified": args.verified,
    });
    output.show(&report, |output, report| {
        output.line(&text(report, "id"));
        if !args.verified {
            let email = text(report, "email");
            output.note(&format!("a mail asks {email} to verify the address"));
        }
    });
    Ok(())
}

/// What belongs to a new account: its profile, and the proof of its address or the mail that asks for it.
async fn complete(
    channels: &Channels,
    args: &CreateArgs,
    id: &str,
    token: &Value,
) -> Result<(), Failed> {
    if args.first_name.is_some() || args.last_name.is_some() {
        let profile = json!({
            "auth_id": id,
            "email": args.email,
            "first_name": args.first_name,
            "last_name": args.last_name.as_deref().unwrap_or_default(),
        });
        channels.ask("users", "registration", &profile).await?;
    }
    if args.verified {
        let proof = json!({"token": token});
        channels
            .ask("authorization", "verify-email", &proof)
            .await?;
    } else {
        let mail = json!({
            "email": args.email,
            "token": token,
            "first_name": args.first_name,
            "last_name": args.last_name,
            "about": id,
        });
        channels.ask("email", "send-verify-email", &mail).await?;
    }
    Ok(())
}

/// Takes the account back, so that nothing is half there; says so if that fails too.
async fn undo(channels: &Channels, id: &str, failed: Failed, output: &Output) -> Failed {
    let request = json!({"id": id});
    let undone = channels
        .ask("authorization", "cancel-registration", &request)
        .await;
    if undone.is_err() {
        let id = printable(id);
        output.note(&format!(
            "the account {id} is there all the same: look at it with `vestibule user show {id}`, or delete it"
        ));
    }
    failed
}
