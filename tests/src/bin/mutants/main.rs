//! Judges mutants of a component by conformance alone. `tests/mutants/run.sh` calls it.
//!
//! `mutants judge TREE COMPONENT LIST RESULTS` applies each mutant of LIST (what `cargo mutants --list --json` prints) to the
//! copy of the workspace in TREE, builds the component there and plays its channel's scenarios against it until one is broken.
//! What became of it is a line of JSON in RESULTS; what stands there already is not done again. `mutants table RESULTS…` prints
//! them as Markdown.

mod judge;
mod mutant;
mod table;

use std::path::Path;
use std::process::ExitCode;

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is for whoever runs it"
)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["judge", tree, component, list, results] => {
            let (tree, list, results) = (Path::new(tree), Path::new(list), Path::new(results));
            judge::all(tree, component, list, results).await
        }
        ["table", ref results @ ..] => table::of(results).map(|table| println!("{table}")),
        _ => Err("judge TREE COMPONENT LIST RESULTS, or table RESULTS…".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
