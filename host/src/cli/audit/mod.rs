//! `vestibule audit`: what was decided, by whom and about whom.

mod tail;

use clap::{Args, Subcommand};
use form_urlencoded::Serializer;
use vestibule::audit::{AuditEntry, AuditPage};
use vestibule::clock::{Clock as _, SystemClock};

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::moment::{self, Moment};
use super::output::{Output, date, printable};

/// How many records are asked for at once.
const PAGE: usize = 1_000;

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Print the newest records, and those to come with --follow
    Tail(tail::TailArgs),
    /// Print all records, oldest first
    Export(ExportArgs),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule audit export --since 2026-01-01 --until 2026-02-01 --json > january.jsonl
  vestibule audit export --since 24h --action token-reuse
  vestibule audit export --subject 01981d2e-7b1c-7c3e-9f2a-3f6f6f1c2a11 --json

With --json every record is an object on a line of its own.")]
pub(super) struct ExportArgs {
    /// Not older than this: a date in UTC, or how long ago (7d, 12h)
    #[arg(long, value_name = "MOMENT", value_parser = moment::parse)]
    since: Option<Moment>,

    /// Older than this, likewise
    #[arg(long, value_name = "MOMENT", value_parser = moment::parse)]
    until: Option<Moment>,

    #[command(flatten)]
    filter: Filter,

    #[command(flatten)]
    server: ServerArgs,
}

/// Which records.
#[derive(Args, Default)]
struct Filter {
    /// Only of this action, such as sign-in
    #[arg(long, value_name = "NAME")]
    action: Option<String>,

    /// Only those that concern this subject, or that it did
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
}

pub(super) async fn run(command: AuditCommand, output: &Output) -> Result<(), Failed> {
    match command {
        AuditCommand::Tail(args) => tail::run(args, output).await,
        AuditCommand::Export(args) => export(args, output).await,
    }
}

async fn export(args: ExportArgs, output: &Output) -> Result<(), Failed> {
    let log = Log::new(&args.server, args.filter)?;
    let now = SystemClock.now();
    let mut asked = Asked {
        since: args.since.map(|moment| moment.since_1970(now)),
        until: args.until.map(|moment| moment.since_1970(now)),
        limit: PAGE,
        ..Asked::default()
    };
    loop {
        let page = log.read(&asked).await?;
        for entry in &page.records {
            if print(output, entry)?.is_closed() {
                return Ok(());
            }
        }
        if !page.more {
            return Ok(());
        }
        asked.after = page.after;
    }
}

/// A server's record, through a filter.
struct Log {
    client: Client,
    filter: Filter,
}

/// Which part of it.
#[derive(Clone, Default)]
struct Asked {
    after: Option<String>,
    since: Option<u64>,
    until: Option<u64>,
    limit: usize,
    newest_first: bool,
}

impl Log {
    fn new(server: &ServerArgs, filter: Filter) -> Result<Self, Failed> {
        let client = Client::new(server, Address::Administration)?;
        Ok(Self { client, filter })
    }

    async fn read(&self, asked: &Asked) -> Result<AuditPage, Failed> {
        self.page(&path(&self.filter, asked)).await
    }

    async fn page(&self, path: &str) -> Result<AuditPage, Failed> {
        let page = self.client.get(path).await?;
        serde_json::from_value(page).map_err(|_| {
            let text =
                "the server's answer is not what this program expects: are both of one version?";
            Failed::Unreachable(text.to_owned())
        })
    }
}

fn path(filter: &Filter, asked: &Asked) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &asked.limit.to_string());
    let moments = [("since", asked.since), ("until", asked.until)];
    for (name, moment) in moments {
        query.extend_pairs(moment.map(|moment| (name, moment.to_string())));
    }
    query.extend_pairs(asked.after.as_ref().map(|id| ("after", id)));
    query.extend_pairs(filter.action.as_ref().map(|action| ("action", action)));
    query.extend_pairs(filter.subject.as_ref().map(|id| ("subject", id)));
    if asked.newest_first {
        query.append_pair("newest_first", "true");
    }
    format!("/admin/audit?{}", query.finish())
}

/// Whether somebody reads what is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    There,
    Gone,
}

impl Reader {
    fn is_closed(self) -> bool {
        self == Self::Gone
    }
}

/// Prints a record. A pipe that is closed is no error, but the end.
fn print(output: &Output, entry: &AuditEntry) -> Result<Reader, Failed> {
    let text = match output.is_json() {
        true => serde_json::to_string(entry)?,
        false => line(entry),
    };
    match output.try_line(&text) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error.into()),
    }
}

/// A record for people, on one line.
fn line(entry: &AuditEntry) -> String {
    let record = &entry.record;
    let mut line = format!(
        "{}  {:<7}  {}  {}",
        date(record.at),
        record.outcome,
        record.channel,
        record.action
    );
    let facts = [
        ("subject", &record.subject),
        ("actor", &record.actor),
        ("key", &record.service_key),
        ("from", &record.remote_address),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            line.push_str(&format!("  {name}={fact}"));
        }
    }
    for (name, value) in &record.detail {
        line.push_str(&format!("  {name}={value}"));
    }
    printable(&line)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A record of `at` with the id that it would have.
    pub(super) fn entry(at: u64, message: &str) -> AuditEntry {
        let entry = json!({
            "id": format!("{at:014}/{message}/0-00"), "at": at, "action": "sign-in", "outcome": "denied",
            "actor": null, "subject": "ann", "detail": [["reason", "wrong\u{1b}[2J"]], "channel": "authorization",
            "build": "b", "via": null, "message": message, "request": "r", "plane": "public",
            "service_key": null, "remote_address": "192.0.2.1",
        });
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn a_record_is_one_line() {
        assert_eq!(
            line(&entry(0, "m")),
            "1970-01-01 00:00:00  denied   authorization  sign-in  subject=ann  from=192.0.2.1  reason=wrong\\u{1b}[2J"
        );
    }

    #[test]
    fn what_is_asked_is_escaped() {
        let filter = Filter {
            action: Some("sign-in".to_owned()),
            subject: Some("a&limit=1 b".to_owned()),
        };
        let asked = Asked {
            after: Some("1/m/0-00".to_owned()),
            since: Some(1),
            until: Some(2),
            limit: 7,
            newest_first: true,
        };
        assert_eq!(
            path(&filter, &asked),
            "/admin/audit?limit=7&since=1&until=2&after=1%2Fm%2F0-00&action=sign-in&subject=a%26limit%3D1+b&newest_first=true"
        );
        let asked = Asked {
            limit: 1,
            ..Asked::default()
        };
        assert_eq!(path(&Filter::default(), &asked), "/admin/audit?limit=1");
    }
}
