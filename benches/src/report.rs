//! What was measured, as a table for people and JSON lines for programs.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::machine;

/// One measured case.
#[derive(Debug)]
pub(crate) struct Row {
    bench: &'static str,
    case: String,
    figures: Vec<(&'static str, f64)>,
    goal: Option<Goal>,
}

/// What a case is to reach.
#[derive(Debug)]
struct Goal {
    text: String,
    reached: bool,
}

impl Row {
    pub(crate) fn new(bench: &'static str, case: impl Into<String>) -> Self {
        Self {
            bench,
            case: case.into(),
            figures: Vec::new(),
            goal: None,
        }
    }

    /// Adds a figure. The name carries the unit as its last part: `p99_us`.
    pub(crate) fn figure(mut self, name: &'static str, value: f64) -> Self {
        self.figures.push((name, value));
        self
    }

    /// What the figure `name` is to be at least.
    pub(crate) fn at_least(self, name: &'static str, wanted: f64) -> Self {
        self.goal(name, wanted, "≥", |is| is >= wanted)
    }

    /// What the figure `name` is to be at most.
    pub(crate) fn at_most(self, name: &'static str, wanted: f64) -> Self {
        self.goal(name, wanted, "≤", |is| is <= wanted)
    }

    fn goal(
        mut self,
        name: &'static str,
        wanted: f64,
        sign: &str,
        reached: impl Fn(f64) -> bool,
    ) -> Self {
        let is = self.figures.iter().find(|(known, _)| *known == name);
        self.goal = Some(Goal {
            text: format!("{name} {sign} {}", readable(wanted)),
            reached: is.is_some_and(|(_, is)| reached(*is)),
        });
        self
    }

    fn json(&self) -> Value {
        let figures: Map<String, Value> = self
            .figures
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let goal = self
            .goal
            .as_ref()
            .map(|goal| json!({"text": goal.text, "reached": goal.reached}));
        json!({"bench": self.bench, "case": self.case, "figures": figures, "goal": goal})
    }
}

/// Where rows go: standard output, and a file that holds this run.
pub(crate) struct Report {
    lines: File,
}

impl Report {
    /// Starts a report in `path` with a line about the machine and the command.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let lines =
            File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        let mut report = Self { lines };
        let machine = machine::describe();
        report.line(&json!({"machine": machine}))?;
        print(&format!("machine: {machine}\n"));
        Ok(report)
    }

    /// Prints a heading, and how busy the machine is with other things.
    pub(crate) fn section(&mut self, title: &str) -> Result<()> {
        let load = machine::load();
        print(&format!("\n{title}  (load {load})\n"));
        self.line(&json!({"section": title, "load": load}))
    }

    pub(crate) fn row(&mut self, row: &Row) -> Result<()> {
        let figures: Vec<String> = row
            .figures
            .iter()
            .map(|(name, value)| format!("{name} {:>9}", readable(*value)))
            .collect();
        let goal = row.goal.as_ref().map_or(String::new(), |goal| {
            let mark = if goal.reached {
                "reached"
            } else {
                "NOT REACHED"
            };
            format!("   [{}: {mark}]", goal.text)
        });
        print(&format!(
            "  {:<44} {}{goal}\n",
            row.case,
            figures.join("  ")
        ));
        self.line(&row.json())
    }

    fn line(&mut self, value: &Value) -> Result<()> {
        writeln!(self.lines, "{value}")?;
        Ok(self.lines.flush()?)
    }
}

/// Three to four digits, as much as is meant.
fn readable(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

fn print(text: &str) {
    // Nobody to tell if nobody reads.
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}
