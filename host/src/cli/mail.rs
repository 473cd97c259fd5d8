//! `vestibule mail`: what the server sent, keeps and gave up.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;
use vestibule::outbox::MailState;

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::output::{Output, moment, printable_lines, text};

#[derive(Subcommand)]
pub(super) enum MailCommand {
    /// List the mails, oldest first
    List(ListArgs),
    /// Show a mail with its words, as long as they are kept
    Show(ShowArgs),
    /// Try a mail again at once: one that waits, was given up or was captured
    Retry(RetryArgs),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule mail list --state failed
  vestibule mail list --json | jq -r '.[].to'")]
pub(super) struct ListArgs {
    /// Only those in this state
    #[arg(long, value_parser = states())]
    state: Option<MailState>,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
pub(super) struct ShowArgs {
    /// The mail's id, as `mail list` shows it
    id: String,

    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Args)]
pub(super) struct RetryArgs {
    /// The mail's id, as `mail list` shows it
    id: String,

    #[command(flatten)]
    server: ServerArgs,
}

/// The states by their names, each with a word on it.
fn states() -> impl TypedValueParser<Value = MailState> {
    let values =
        MailState::ALL.map(|state| PossibleValue::new(state.as_str()).help(meaning(state)));
    PossibleValuesParser::new(values)
        .try_map(|name| serde_json::from_value::<MailState>(Value::String(name)))
}

fn meaning(state: MailState) -> &'static str {
    match state {
        MailState::Queued => "Waits to be handed over, for the first time or again",
        MailState::Sending => "Is being handed over",
        MailState::Sent => "Was handed over to the mail server",
        MailState::Captured => "Was kept, since there is no mail server",
        MailState::Failed => "Was given up: refused, put off too often, or damaged",
        MailState::Expired => "Could not be handed over in time",
        MailState::Superseded => "A newer one took its place",
        MailState::Withdrawn => "Was taken back",
    }
}

pub(super) async fn run(command: MailCommand, output: &Output) -> Result<(), Failed> {
    match command {
        MailCommand::List(args) => {
            let client = Client::new(&args.server, Address::Administration)?;
            let mails = all(&client, args.state).await?;
            output.show(&Value::Array(mails), list);
        }
        MailCommand::Show(args) => {
            let path = path(&args.id)?;
            let client = Client::new(&args.server, Address::Administration)?;
            output.show(&client.get(&path).await?, show);
        }
        MailCommand::Retry(args) => {
            let path = format!("{}/retry", path(&args.id)?);
            let client = Client::new(&args.server, Address::Administration)?;
            let queued = client.ask(client.request(Method::POST, &path)).await?;
            output.show(&queued.unwrap_or(Value::Null), |output, queued| {
                output.line(&format!("mail {} is tried again", text(queued, "id")));
            });
        }
    }
    Ok(())
}

/// Where the mail `id` is; the id becomes part of a path.
fn path(id: &str) -> Result<String, Failed> {
    let fits = !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match fits {
        true => Ok(format!("/admin/mails/{id}")),
        false => Err(Failed::Usage(
            "the id consists of letters, digits and hyphens; `vestibule mail list` shows it"
                .to_owned(),
        )),
    }
}

/// Every mail in `state`, page by page.
async fn all(client: &Client, state: Option<MailState>) -> Result<Vec<Value>, Failed> {
    let (mut mails, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut path = "/admin/mails?".to_owned();
        if let Some(state) = state {
            path.push_str(&format!("state={}&", state.as_str()));
        }
        if let Some(after) = &after {
            path.push_str(&format!("after={after}"));
        }
        let mut page = client.get(&path).await?;
        if let Value::Array(found) = page["mails"].take() {
            mails.extend(found);
        }
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return Ok(mails),
        }
    }
}

fn list(output: &Output, mails: &Value) {
    let rows = mails.as_array().into_iter().flatten().map(|mail| {
        [
            text(mail, "id"),
            text(mail, "state"),
            moment(mail, "at"),
            text(mail, "tries"),
            text(mail, "to"),
            text(mail, "subject"),
            text(mail, "reason"),
        ]
    });
    let rows: Vec<_> = rows.collect();
    output.table(
        ["ID", "STATE", "SENT", "TRIES", "TO", "SUBJECT", "REASON"],
        &rows,
    );
}

fn show(output: &Output, mail: &Value) {
    for (title, value) in [
        ("To", text(mail, "to")),
        ("Subject", text(mail, "subject")),
        ("State", text(mail, "state")),
        ("Reason", text(mail, "reason")),
        ("Sent", moment(mail, "at")),
        ("Expires", moment(mail, "expires_at")),
    ] {
        if !value.is_empty() {
            output.line(&format!("{title}: {value}"));
        }
    }
    output.line("");
    match (mail["text"].as_str(), mail["html"].as_str()) {
        (Some(""), Some(html)) => output.line(&printable_lines(html)),
        (Some(words), _) => output.line(&printable_lines(words)),
        (None, _) => output.note("its words are not kept any more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        list: ListArgs,
    }

    #[test]
    fn every_state_can_be_asked_for_and_nothing_else() {
        let asked = |name| <Line as clap::Parser>::try_parse_from(["list", "--state", name]);
        for state in MailState::ALL {
            assert_eq!(
                asked(state.as_str()).ok().and_then(|line| line.list.state),
                Some(state)
            );
        }
        assert!(asked("lost").is_err());
    }

    #[test]
    fn an_id_is_no_path() {
        assert!(path("0190-00").is_ok());
        for id in ["", "../keys", "a b", "a?b"] {
            assert!(matches!(path(id), Err(Failed::Usage(_))), "{id}");
        }
    }
}
