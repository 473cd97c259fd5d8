//! Where log lines go: stderr, as configured.

use std::io::IsTerminal as _;

use anyhow::anyhow;
use tracing_subscriber::EnvFilter;
use vestibule::config::{Log, LogFormat, environment};

use crate::cli::failed::Failed;

/// The variable that stands over `log.filter`.
const VARIABLE: &str = "VESTIBULE_LOG";

/// Starts writing logs for the whole process.
pub(super) fn start(log: &Log) -> Result<(), Failed> {
    let mut variables = environment()?.into_iter();
    let given = variables.find_map(|(name, value)| (name == VARIABLE).then_some(value));
    let (key, text) = match &given {
        Some(text) => (VARIABLE, text),
        None => ("log.filter", &log.filter),
    };
    let filter = EnvFilter::builder().parse(text).map_err(|_| {
        anyhow!("`{key}` must be a filter such as `info` or `info,vestibule=debug`")
    })?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| anyhow!("logs cannot be written: {error}").into())
}
