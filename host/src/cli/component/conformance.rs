//! `vestibule component conformance`: whether a build keeps what its channel promises.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use vestibule::config::{Config, environment, is_name};
use vestibule::sandbox::DeployError;
use vestibule::testing::conformance::{CheckError, Checker, Options, Progress, Report, Verdict};

use crate::cli::ConfigArg;
use crate::cli::failed::Failed;
use crate::cli::output::{Output, printable};

/// Plays the channel's scenarios, which are part of this program, against a build: in memory, with a clock of their own, among
/// the bundled builds of all other channels. No server is needed or asked.
///
/// What the build keeps by itself is its contract. What stays true where it works on the same data as the build that serves is
/// its state.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule component conformance token ./token.wasm
  vestibule component conformance token ./token.wasm --against ./token-of-today.wasm
  vestibule component conformance notes ./notes.wasm --scenarios conformance

Of the configuration only [limits] and [components.CHANNEL.limits] are used.
The exit code is 0 if everything holds, 1 if anything does not.")]
pub(in crate::cli) struct ConformanceArgs {
    /// The channel, such as token
    channel: String,

    /// The build
    file: PathBuf,

    /// The build whose data it would take over, instead of the bundled one
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,

    /// Scenarios of your own beside those of this program: the files DIR/CHANNEL/*.toml
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,

    #[command(flatten)]
    config: ConfigArg,
}

pub(super) async fn run(args: ConformanceArgs, output: &Output) -> Result<(), Failed> {
    if !is_name(&args.channel) {
        return Err(Failed::Usage(
            "the channel is a name in kebab-case, such as token".to_owned(),
        ));
    }
    let candidate = read(&args.file)?;
    let serving = args.against.as_deref().map(read).transpose()?;
    let checker = Checker::new(options(&args)?)?;
    output.progress("compiling…");
    let progress = |at: Progress| {
        output.progress(&format!("{} of {} scenarios", at.played, at.scenarios));
    };
    let checked = checker
        .check(&args.channel, candidate, serving, progress)
        .await;
    output.progress_done();
    let report = checked.map_err(|error| failed(error, &args))?;
    output.show(&serde_json::to_value(&report)?, |output, _| {
        show(output, &report);
    });
    match report.holds() {
        true => Ok(()),
        false => Err(Failed::Said),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failed> {
    let bytes = std::fs::read(file);
    Ok(bytes.with_context(|| format!("{} cannot be read", file.display()))?)
}

/// The limits of the configuration, and all of the machine: nobody else is served here.
fn options(args: &ConformanceArgs) -> Result<Options, Failed> {
    let variables = environment()?.into_iter();
    let config = Config::load(args.config.config.as_deref(), variables)?;
    let own = config.components.get(&args.channel);
    Ok(Options {
        limits: config.limits.clone(),
        own_limits: own.map(|own| own.limits.clone()).unwrap_or_default(),
        scenarios: match &args.scenarios {
            Some(folder) => scenarios(&folder.join(&args.channel))?,
            None => Vec::new(),
        },
        at_once: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        ..Options::default()
    })
}

/// The texts of all TOML files in `folder`, in the order of their names.
fn scenarios(folder: &Path) -> Result<Vec<(String, String)>, Failed> {
    let unreadable = |path: &Path| format!("{} cannot be read", path.display());
    let entries = std::fs::read_dir(folder).with_context(|| unreadable(folder))?;
    let mut texts = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| unreadable(folder))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = std::fs::read_to_string(&path).with_context(|| unreadable(&path))?;
            texts.push((path.display().to_string(), text));
        }
    }
    texts.sort();
    if texts.is_empty() {
        let text = format!("{} has no scenarios: no *.toml", folder.display());
        return Err(Failed::Usage(text));
    }
    Ok(texts)
}

/// Which of the files is meant.
fn failed(error: CheckError, args: &ConformanceArgs) -> Failed {
    let of = |file: &Path, cause: DeployError| {
        Failed::Other(anyhow::anyhow!("{}: {cause}", file.display()))
    };
    match (error, &args.against) {
        (CheckError::Candidate(cause), _) => of(&args.file, cause),
        (CheckError::Serving(cause), Some(against)) => of(against, cause),
        (error @ CheckError::NoScenarios { .. }, _) => Failed::Usage(error.to_string()),
        (error, _) => Failed::Other(error.into()),
    }
}

fn show(output: &Output, report: &Report) {
    let rows = report.scenarios.iter().map(|row| {
        [
            row.file.clone(),
            word(&row.contract).to_owned(),
            word(&row.state).to_owned(),
            row.name.clone(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    output.table(["FILE", "CONTRACT", "STATE", "SCENARIO"], &rows);
    for (row, broken) in report.broken() {
        let (name, broken) = (&row.name, printable(&broken.to_string()));
        output.line(&format!("\n{}: {name}\n  {broken}", row.file));
    }
    let held = report.scenarios.iter().filter(|row| row.holds()).count();
    let all = report.scenarios.len();
    output.line(&format!("\n{held} of {all} scenarios hold"));
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "held",
        Verdict::Broken(_) => "BROKEN",
        Verdict::Skipped { .. } => "-",
    }
}
