//! Measurements of Vestibule: a table on standard output and JSON lines in a file.
//!
//! ```text
//! just bench [NAMES…] [--seconds N] [--rounds N] [--json FILE]
//! ```
//!
//! Every figure is the median of several rounds, and what is compared takes turns within a round (A B A B): a machine that does
//! something else for a while does it to both.

mod client;
mod commits;
mod fixture;
mod hand_written;
mod http;
mod isolation;
mod machine;
mod measure;
mod memory;
mod native;
mod report;
mod sandbox;
mod server;
mod start;
mod verify;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

use crate::report::Report;

/// A measurement: its name and what runs it.
type Bench = (&'static str, fn(&mut Report, &Options) -> Result<()>);

const BENCHES: [Bench; 7] = [
    ("verify", verify::run),
    ("sandbox", sandbox::run),
    ("commits", commits::run),
    ("http", http::run),
    ("start", start::run),
    ("memory", memory::run),
    ("isolation", isolation::run),
];

/// Measures Vestibule. Without names, everything.
#[derive(Debug, Parser)]
#[command(name = "just bench")]
struct Arguments {
    /// What to measure: verify, sandbox, commits, http, start, memory, isolation.
    names: Vec<String>,
    /// How long each case is measured in each round, in seconds.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// How many rounds; the figures are the medians over them.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Of verify, sandbox and isolation only the cases whose name contains this: for profiling.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
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
    for name in &arguments.names {
        let known = BENCHES.map(|(known, _)| known);
        ensure!(
            known.contains(&name.as_str()),
            "there is no {name}; there are {}",
            known.join(", ")
        );
    }
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
        folder: folder.path().to_owned(),
    };
    let mut report = Report::create(&arguments.json)?;
    for (name, run) in BENCHES {
        if arguments.names.is_empty() || arguments.names.iter().any(|wanted| wanted == name) {
            run(&mut report, &options).with_context(|| format!("{name} failed"))?;
        }
    }
    Ok(())
}
