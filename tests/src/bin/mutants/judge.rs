//! Builds every mutant of a component and plays its channel's scenarios against it.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use vestibule::testing::conformance::{CheckError, Checker, Options};

use crate::mutant::{Fate, Mutant, Outcome};
use crate::table;

/// What makes a build of a guest fast: nobody serves it for long.
const QUICK: [(&str, &str); 4] = [
    ("CARGO_PROFILE_GUEST_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_GUEST_LTO", "off"),
    ("CARGO_PROFILE_GUEST_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_GUEST_INCREMENTAL", "true"),
];

/// Judges every mutant in `list` that has no line in `results` yet.
pub(crate) async fn all(
    tree: &Path,
    component: &str,
    list: &Path,
    results: &Path,
) -> Result<(), String> {
    let listed = fs::read(list).map_err(|error| at(list, &error))?;
    let mutants: Vec<Mutant> = serde_json::from_slice(&listed).map_err(|error| at(list, &error))?;
    let bench = Bench::new(tree, component)?;
    let (fate, by) = bench.judge().await?;
    if fate != Fate::Survived {
        return Err(format!("{component} without a change is {fate:?}: {by}"));
    }
    let known: BTreeSet<_> = table::read(results)?
        .into_iter()
        .map(|outcome| outcome.mutant)
        .collect();
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(results)
        .map_err(|error| at(results, &error))?;
    for mutant in mutants {
        if known.contains(&mutant.name) {
            continue;
        }
        let outcome = bench.judge_with(mutant).await?;
        let line = serde_json::to_string(&outcome).map_err(|error| error.to_string())?;
        writeln!(file, "{line}").map_err(|error| at(results, &error))?;
    }
    Ok(())
}

fn at(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

/// Where a component is built and judged.
struct Bench<'a> {
    tree: &'a Path,
    component: &'a str,
    checker: Checker,
}

impl<'a> Bench<'a> {
    fn new(tree: &'a Path, component: &'a str) -> Result<Self, String> {
        let options = Options {
            at_once: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            stop_at_first: true,
            ..Options::default()
        };
        Ok(Self {
            tree,
            component,
            checker: Checker::new(options).map_err(|error| error.to_string())?,
        })
    }

    /// Judges the component with `mutant` in it, and takes it out again.
    async fn judge_with(&self, mutant: Mutant) -> Result<Outcome, String> {
        let path = self.tree.join(&mutant.file);
        let source = fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
        let Some(changed) = mutant.applied(&source) else {
            return Err(format!("{}: there is no such place", mutant.name));
        };
        fs::write(&path, changed).map_err(|error| at(&path, &error))?;
        let judged = self.judge().await;
        fs::write(&path, source).map_err(|error| at(&path, &error))?;
        let (fate, by) = judged?;
        Ok(Outcome {
            mutant: mutant.name,
            fate,
            by,
        })
    }

    async fn judge(&self) -> Result<(Fate, String), String> {
        let Some(build) = self.build()? else {
            return Ok((Fate::Unviable, String::new()));
        };
        let build = fs::read(&build).map_err(|error| at(&build, &error))?;
        let checked = self.checker.check(self.component, build, None, |_| {});
        match checked.await {
            Ok(report) => Ok(match report.broken().next() {
                Some((row, _)) => (Fate::Killed, row.name.clone()),
                None => (Fate::Survived, String::new()),
            }),
            Err(CheckError::Candidate(error)) => Ok((Fate::Killed, error.to_string())),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Builds the component as it lies there; none if it does not compile.
    fn build(&self) -> Result<Option<PathBuf>, String> {
        let target = self.tree.join("target");
        let cargo = Command::new("cargo")
            .current_dir(self.tree)
            .args(["build", "--quiet", "--locked", "--lib"])
            .args(["--target", "wasm32-wasip2", "--profile", "guest"])
            .args(["--package", self.component, "--target-dir"])
            .arg(&target)
            .envs(QUICK)
            .stdout(Stdio::null())
            // What it says of a mutant that does not compile is long and tells nothing.
            .stderr(Stdio::null())
            .status();
        let built = cargo.map_err(|error| format!("cargo: {error}"))?.success();
        let name = self.component.replace('-', "_");
        let path = target.join(format!("wasm32-wasip2/guest/{name}.wasm"));
        Ok(built.then_some(path))
    }
}
