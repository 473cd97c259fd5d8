//! Measurements of Vestibule: a table on standard output and JSON lines in a file.
//!
//! ```text
//! just bench [NAMES…] [--seconds N] [--rounds N] [--accounts N,…] [--json FILE]
//! just timing [--samples N] [--only GROUP] [--json FILE]
//! ```
//!
//! Every figure is the median of several rounds, and what is compared takes turns within a round (A B A B): a machine that does
//! something else for a while does it to both.

mod case;
mod client;
mod commits;
mod credentials;
mod fixture;
mod foreign_hash;
mod grpc;
mod grpc_client;
mod hand_written;
mod http;
mod isolation;
mod lookups;
mod machine;
mod measure;
mod memory;
mod native;
mod overload;
mod pace;
mod people;
mod report;
mod sandbox;
mod scale;
mod server;
mod sign_in;
mod sign_up;
mod start;
mod timing;
mod tokens;
mod verify;
mod victim;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

use crate::report::Report;

/// A measurement: its name and what runs it.
type Bench = (&'static str, fn(&mut Report, &Options) -> Result<()>);

/// What runs if nothing is named.
const BENCHES: [Bench; 14] = [
    ("verify", verify::run),
    ("sandbox", sandbox::run),
    ("commits", commits::run),
    ("http", http::run),
    ("grpc", grpc::run),
    ("start", start::run),
    ("memory", memory::run),
    ("isolation", isolation::run),
    ("sign-in", sign_in::run),
    ("sign-up", sign_up::run),
    ("tokens", tokens::run),
    ("lookups", lookups::run),
    ("scale", scale::run),
    ("overload", overload::run),
];

/// What runs only if it is named: it takes as long as all others together.
const ON_REQUEST: [Bench; 1] = [("timing", timing::run)];

/// Measures Vestibule. Without names, everything but `timing`.
#[derive(Debug, Parser)]
#[command(name = "just bench")]
struct Arguments {
    /// What to measure: verify, sandbox, commits, http, grpc, start, memory, isolation, sign-in, sign-up, tokens, lookups, scale,
    /// overload, timing.
    names: Vec<String>,
    /// How long each case is measured in each round, in seconds.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// How many rounds; the figures are the medians over them.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Of verify, sandbox and isolation only the cases, of timing only the groups, whose name contains this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// How many accounts there are when `scale` measures. A million takes minutes to import.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1_000, 100_000])]
    accounts: Vec<usize>,
    /// How often `timing` asks each case.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    samples: usize,
    /// Leaves mails in the outbox while `timing` asks, as a host does whose mails another one delivers.
    #[arg(long)]
    undelivered: bool,
    /// Keeps everything in memory while `timing` asks: what is left is the work of the processor, without SQLite and the disk.
    #[arg(long)]
    in_memory: bool,
    /// Where the JSON lines go.
    #[arg(long, default_value = "target/bench.jsonl")]
    json: PathBuf,
    /// Be the hand-written server, with this folder.
    #[arg(long, hide = true, requires = "listen")]
    hand_written: Option<PathBuf>,
    /// Where the hand-written server listens.
    #[arg(long, hide = true)]
    listen: Option<SocketAddr>,
}

/// How everything is measured.
struct Options {
    /// How long each case, in each round.
    span: Duration,
    rounds: usize,
    only: Option<String>,
    /// The sizes of `scale`.
    accounts: Vec<usize>,
    /// The samples of each case of `timing`.
    samples: usize,
    /// Whether nobody delivers the mails of `timing`.
    undelivered: bool,
    /// Whether `timing` asks over a store in memory.
    in_memory: bool,
    /// A folder on the disk for databases, gone after the run.
    folder: PathBuf,
}

impl Options {
    /// Whether the case of this name is to be measured.
    fn wants(&self, name: &str) -> bool {
        self.only
            .as_ref()
            .is_none_or(|text| name.contains(text.as_str()))
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let (Some(folder), Some(listen)) = (&arguments.hand_written, arguments.listen) {
        let runtime = tokio::runtime::Runtime::new()?;
        return runtime.block_on(hand_written::serve(folder, listen));
    }
    let wanted = wanted(&arguments.names)?;
    ensure!(
        arguments.rounds > 0 && arguments.seconds > 0.0,
        "at least one round of some length"
    );
    let target = std::env::current_exe()?;
    let target = target.parent().context("the program lies in no folder")?;
    let folder = tempfile::tempdir_in(target)?;
    let options = Options {
        span: Duration::from_secs_f64(arguments.seconds),
        rounds: arguments.rounds,
        only: arguments.only,
        accounts: arguments.accounts,
        samples: arguments.samples,
        undelivered: arguments.undelivered,
        in_memory: arguments.in_memory,
        folder: folder.path().to_owned(),
    };
    let mut report = Report::create(&arguments.json)?;
    for (name, run) in wanted {
        run(&mut report, &options).with_context(|| format!("{name} failed"))?;
    }
    Ok(())
}

/// The measurements of these names, in the order of the list; without names those that need none.
fn wanted(names: &[String]) -> Result<Vec<Bench>> {
    let all: Vec<Bench> = BENCHES.into_iter().chain(ON_REQUEST).collect();
    for name in names {
        let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
        ensure!(
            known.contains(&name.as_str()),
            "there is no {name}; there are {}",
            known.join(", ")
        );
    }
    if names.is_empty() {
        return Ok(BENCHES.to_vec());
    }
    let named = |(known, _): &Bench| names.iter().any(|name| name == known);
    Ok(all.into_iter().filter(named).collect())
}
