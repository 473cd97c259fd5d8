//! `vestibule mail`: what the server sent, keeps and gave up.

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::Value;

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::output::{Output, is_obeyed, moment, text};

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
    #[arg(long, value_enum)]
    state: Option<State>,

    #[command(flatten)]
    server: ServerArgs,
}

/// A mail's state.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    /// Waits to be handed over, for the first time or again
    Queued,
    /// Is being handed over
    Sending,
    /// Was handed over to the mail server
    Sent,
    /// Was kept, since there is no mail server
    Captured,
    /// Was given up: refused, or put off too often
    Failed,
    /// Could not be handed over in time
    Expired,
    /// A newer one took its place
    Superseded,
    /// Was taken back
    Withdrawn,
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
async fn all(client: &Client, state: Option<State>) -> Result<Vec<Value>, Failed> {
    let state = state.and_then(|state| state.to_possible_value());
    let (mut mails, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut path = "/admin/mails?".to_owned();
        if let Some(state) = &state {
            path.push_str(&format!("state={}&", state.get_name()));
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
            printable(&text(mail, "to")),
            printable(&text(mail, "subject")),
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
        ("To", printable(&text(mail, "to"))),
        ("Subject", printable(&text(mail, "subject"))),
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
        (Some(""), Some(html)) => output.line(&printable(html)),
        (Some(words), _) => output.line(&printable(words)),
        (None, _) => output.note("its words are not kept any more"),
    }
}

/// `text` without what a terminal would obey.
fn printable(text: &str) -> String {
    let visible = |c: &char| !is_obeyed(*c) || matches!(c, '\n' | '\t');
    text.chars().filter(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule::outbox::MailState;

    #[test]
    fn every_state_can_be_asked_for() {
        let known: Vec<_> = MailState::ALL.iter().map(|state| state.as_str()).collect();
        let offered: Vec<_> = State::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_owned())
            .collect();
        assert_eq!(offered, known);
    }

    #[test]
    fn a_terminal_obeys_no_mail() {
        assert_eq!(
            printable("a\x1b[2Jb\r\nc\td\u{9b}e\u{202e}"),
            "a[2Jb\nc\tde"
        );
    }

    #[test]
    fn an_id_is_no_path() {
        assert!(path("0190-00").is_ok());
        for id in ["", "../keys", "a b", "a?b"] {
            assert!(matches!(path(id), Err(Failed::Usage(_))), "{id}");
        }
    }
}
