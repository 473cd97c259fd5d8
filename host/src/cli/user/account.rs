//! One account: what is known of it, and what an operator may change.

use clap::Args;
use serde_json::{Value, json};
use vestibule::error::{Code, ErrorBody, Failure};

use super::IdArgs;
use super::channels::Channels;
use crate::cli::client::ServerArgs;
use crate::cli::failed::Failed;
use crate::cli::output::{Output, moment, text};

#[derive(Args)]
#[command(
    after_help = "Example:\n  vestibule user find ann@example.com\n\nExit code 1 if there is no such account."
)]
pub(in crate::cli) struct FindArgs {
    /// The account's e-mail
    email: String,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
#[command(
    after_help = "Example:\n  vestibule user roles 01981d2e-7b1c-7c3e-9f2a-3f6f6f1c2a11 user admin"
)]
pub(in crate::cli) struct RolesArgs {
    /// The account's id, as `user find` shows it
    id: String,

    /// All its roles from now on, such as: user admin organization-admin
    #[arg(required = true)]
    roles: Vec<String>,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn find(args: &FindArgs, output: &Output) -> Result<(), Failed> {
    let channels = Channels::new(&args.server)?;
    let request = json!({"email": args.email});
    let found = channels
        .ask("authorization", "find-account", &request)
        .await?;
    let account = some(&found["account"], "there is no account with this e-mail")?;
    output.show(&json!({"account": account}), |output, found| {
        print(output, &found["account"]);
    });
    Ok(())
}

pub(super) async fn show(args: &IdArgs, output: &Output) -> Result<(), Failed> {
    let channels = Channels::new(&args.server)?;
    let request = json!({"id": args.id});
    let found = channels
        .ask("authorization", "get-account", &request)
        .await?;
    let account = some(&found["account"], "there is no account with this id")?;
    let request = json!({"auth_id": args.id});
    let profile = match channels.ask("users", "get-user-by-auth-id", &request).await {
        Ok(found) => found["user"].clone(),
        // No build serves profiles.
        Err(Failed::Answered(body)) if body.error.code == "not-found" => Value::Null,
        Err(failed) => return Err(failed),
    };
    let whole = json!({"account": account, "profile": profile});
    output.show(&whole, |output, whole| {
        print(output, &whole["account"]);
        let profile = &whole["profile"];
        let name = format!(
            "{} {}",
            text(profile, "first_name"),
            text(profile, "last_name")
        );
        print_fact(output, "name", name.trim());
    });
    Ok(())
}

pub(super) async fn set_disabled(
    args: &IdArgs,
    disabled: bool,
    output: &Output,
) -> Result<(), Failed> {
    let request = json!({"id": args.id, "disabled": disabled});
    change(
        &args.server,
        "set-disabled",
        &request,
        output,
        |request| match disabled {
            true => format!(
                "{} is disabled; all its sessions ended",
                text(request, "id")
            ),
            false => format!("{} is enabled", text(request, "id")),
        },
    )
    .await
}

pub(super) async fn set_roles(args: &RolesArgs, output: &Output) -> Result<(), Failed> {
    let request = json!({"id": args.id, "roles": args.roles});
    change(&args.server, "set-roles", &request, output, |request| {
        format!(
            "{} has the roles {}",
            text(request, "id"),
            text(request, "roles")
        )
    })
    .await
}

pub(super) async fn delete(args: &IdArgs, output: &Output) -> Result<(), Failed> {
    let request = json!({"id": args.id});
    change(
        &args.server,
        "delete-account",
        &request,
        output,
        |request| format!("there is no account {} any more", text(request, "id")),
    )
    .await
}

/// Sends a command that has no reply, and says what holds then; to programs, by the request itself.
async fn change(
    server: &ServerArgs,
    command: &str,
    request: &Value,
    output: &Output,
    said: impl FnOnce(&Value) -> String,
) -> Result<(), Failed> {
    let channels = Channels::new(server)?;
    channels.ask("authorization", command, request).await?;
    output.show(request, |output, request| output.line(&said(request)));
    Ok(())
}

/// `value`, unless it is null.
fn some<'a>(value: &'a Value, otherwise: &'static str) -> Result<&'a Value, Failed> {
    match value {
        Value::Null => {
            let failure = Failure::new(Code::NotFound, otherwise);
            Err(Failed::Answered(ErrorBody::from(&failure)))
        }
        value => Ok(value),
    }
}

fn print(output: &Output, account: &Value) {
    let is = |key: &str| account[key].as_bool() == Some(true);
    let state = match (is("disabled"), is("is_email_verified")) {
        (true, _) => "disabled",
        (false, true) => "active",
        (false, false) => "pending: the e-mail is not verified",
    };
    print_fact(output, "id", &text(account, "id"));
    print_fact(output, "email", &text(account, "email"));
    print_fact(output, "state", state);
    print_fact(output, "roles", &text(account, "roles"));
    print_fact(output, "since", &moment(account, "registered_at"));
}

fn print_fact(output: &Output, name: &str, value: &str) {
    if !value.is_empty() {
        output.line(&format!("{:<7}{value}", format!("{name}:")));
    }
}
