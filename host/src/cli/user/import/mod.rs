//! `vestibule user import`: accounts from another system, from a file of JSON lines.

mod batches;
mod lines;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use tokio::time::Instant;
use vestibule::error::Violation;

use self::batches::{Importer, Journal, Summary};
use super::channels::Channels;
use crate::cli::client::ServerArgs;
use crate::cli::failed::Failed;
use crate::cli::output::{Output, printable};

/// Takes accounts over: each line of the file is a JSON object. What is there already stays as it is, so the same file can be
/// given again.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule user import users.jsonl
  vestibule user import users.jsonl --from 120301
  zcat users.jsonl.gz | vestibule user import -

A line has at least an email:
  {\"email\": \"ann@example.com\", \"password_hash\": \"$2y$10$…\", \"is_email_verified\": true, \"registered_at\": 1577836800000}
Also: id, roles, disabled, first_name, last_name. Without password_hash they have to reset their password.

Lines that are refused are reported, and the others are imported; the exit code is 1 then.")]
pub(in crate::cli) struct ImportArgs {
    /// The file; `-` reads stdin
    file: PathBuf,

    /// Begin at this line: where an import that broke off said to go on
    #[arg(long, value_name = "LINE", default_value_t = 1,
          value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: &ImportArgs, output: &Output) -> Result<(), Failed> {
    let mut server = Server(Channels::new(&args.server)?);
    let input = open(&args.file)?;
    let ended = batches::import(input, args.from, &mut server, &mut Console(output)).await;
    output.progress_done();
    match ended {
        Ok(summary) => {
            show(output, &summary, None);
            match summary.refused {
                0 => Ok(()),
                _ => Err(Failed::Said),
            }
        }
        Err(stopped) => {
            show(output, &stopped.summary, Some(stopped.at));
            Err(stopped.why)
        }
    }
}

fn open(file: &Path) -> Result<Box<dyn BufRead>, Failed> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Box::new(BufReader::with_capacity(256 * 1024, opened)))
}

/// What came of it; `next` is the line to go on with, if it broke off.
fn show(output: &Output, summary: &Summary, next: Option<u64>) {
    let report = json!({
        "lines": summary.lines,
        "imported": summary.imported,
        "existing": summary.existing,
        "refused": summary.refused,
        "next_line": next,
    });
    output.show(&report, |output, _| {
        output.line(&summary.sentence());
        if let Some(next) = next {
            output.note(&format!("it broke off; go on with --from {next}"));
        }
    });
}

/// The running server.
struct Server(Channels);

impl Importer for Server {
    async fn import(&mut self, users: &[&Value]) -> Result<Value, Failed> {
        let request = json!({"users": users});
        self.0.ask("authorization", "import-users", &request).await
    }

    async fn rest(&mut self, ms: u64) {
        // As long as the server asked for.
        tokio::time::sleep_until(Instant::now() + Duration::from_millis(ms)).await;
    }
}

/// Says what happens: refused lines on stderr for people, as JSON lines on stdout for programs.
struct Console<'a>(&'a Output);

impl Journal for Console<'_> {
    fn refused(&mut self, line: u64, violations: &[Violation]) {
        let output = self.0;
        if output.is_json() {
            output.line(&json!({"line": line, "violations": violations}).to_string());
            return;
        }
        output.progress_done();
        for violation in violations {
            let at = match violation.path.is_empty() {
                true => String::new(),
                false => format!("{}: ", printable(&violation.path)),
            };
            let rule = printable(&violation.message);
            output.error(&format!("line {line}: {at}{rule}"));
        }
    }

    fn progress(&mut self, summary: &Summary) {
        self.0.progress(&summary.sentence());
    }
}
