//! Prints the security checklist: each item with the tests that name it, and the items that none does.
//!
//! A test covers an item if its id stands in a comment (`// E03`) inside or right above it, or in a scenario's `covers`. Tests
//! under node count too: they drive the built program.
//! An item marked `[part:…]` has tests and lacks what the mark says. Exits with 1 if an item that is not marked as waiting has
//! no test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where tests are.
const ROOTS: [&str; 5] = [
    "tests/tests",
    "tests/browser",
    "tests/smtp",
    "host",
    "components",
];

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let mut files = Vec::new();
    for folder in ROOTS {
        collect(&root.join(folder), &mut files);
    }
    files.sort();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap_or_default();
        let name = file
            .strip_prefix(root)
            .unwrap_or(file)
            .display()
            .to_string();
        for (id, test) in mentions(&text) {
            let place = format!("{name}: {test}");
            let places = found.entry(id).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    report(
        &fs::read_to_string(root.join("tests/checklist.txt")).expect("the checklist"),
        &found,
    )
}

#[expect(clippy::print_stdout, reason = "printing is what this program does")]
fn report(checklist: &str, found: &BTreeMap<String, Vec<String>>) -> ExitCode {
    let (mut covered, mut partly, mut waiting, mut missing) = (0, 0, 0, Vec::new());
    for line in checklist
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let (id, what) = line.split_once(' ').unwrap_or((line, ""));
        println!("{id}  {what}");
        match found.get(id) {
            Some(tests) => {
                match what.starts_with("[part:") {
                    true => partly += 1,
                    false => covered += 1,
                }
                tests.iter().for_each(|test| println!("       {test}"));
            }
            None if what.starts_with("[later:") => waiting += 1,
            None => {
                println!("       NO TEST");
                missing.push(id);
            }
        }
    }
    println!(
        "\n{covered} covered, {partly} in part, {waiting} waiting for their part, {} without a test: {missing:?}",
        missing.len()
    );
    if missing.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            // What npm installed.
            _ if path.ends_with("node_modules") => {}
            _ if path.is_dir() => collect(&path, files),
            Some("rs" | "toml" | "mjs") => files.push(path),
            _ => {}
        }
    }
}

/// The (id, test) pairs of a file: the nearest function or scenario name, before a `covers` or a comment inside, after one above.
fn mentions(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut mentions = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let line = line.trim();
        let ids = match (line.strip_prefix("// "), line.strip_prefix("covers = ")) {
            (Some(comment), _) => ids(comment),
            (_, Some(list)) => ids(list),
            _ => continue,
        };
        let test = nearest(&lines, n);
        mentions.extend(ids.into_iter().map(|id| (id, test.clone())));
    }
    mentions
}

/// A comment above a test stands before attributes, or before the call that makes the test; one inside stands after the
/// function's name.
fn nearest(lines: &[&str], n: usize) -> String {
    let name = |line: &&str| {
        let line = line.trim();
        let function = line
            .split_once("fn ")
            .map(|(_, rest)| rest.split('(').next().unwrap_or(rest));
        let described = line.strip_prefix("test(").and_then(|rest| {
            let quote = rest.chars().next()?;
            rest.split(quote).nth(1)
        });
        function
            .or(described)
            .or_else(|| line.strip_prefix("name = "))
            .map(|name| name.trim_matches('"').to_owned())
    };
    let above = lines.get(n + 1).is_some_and(|next| {
        let next = next.trim();
        next.starts_with("#[") || next.starts_with("test(")
    });
    let found = match above {
        true => lines[n..].iter().find_map(name),
        false => lines[..n].iter().rev().find_map(name),
    };
    found.unwrap_or_else(|| "(whole file)".to_owned())
}

fn ids(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| {
            let bytes = word.as_bytes();
            matches!(bytes, [b'A'..=b'M', tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit())
        })
        .map(str::to_owned)
        .collect()
}
