//! What became of all mutants, for `docs/`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::mutant::{Fate, Outcome};

/// The Markdown of these files of results, each named by its component.
pub(crate) fn of(files: &[&str]) -> Result<String, String> {
    let mut components = Vec::new();
    for file in files {
        let path = Path::new(file);
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        components.push((name.into_owned(), read(path)?));
    }
    Ok(table(&components))
}

/// The results in a file; none if it is not there yet.
pub(crate) fn read(file: &Path) -> Result<Vec<Outcome>, String> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| at(&error))?,
    };
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().map_err(|error| at(&error))
}

fn table(components: &[(String, Vec<Outcome>)]) -> String {
    let mut text = "\
# Mutants

Of the changes that cargo-mutants makes to the components' code, how many the channel's scenarios notice, and nothing but
them. `just mutants` writes this page.

| Component | Mutants | Killed | Survived | Killed of those that compile | Not compiled |
|---|---:|---:|---:|---:|---:|
"
    .to_owned();
    let all: Vec<_> = components.iter().flat_map(|(_, all)| all.clone()).collect();
    for (name, outcomes) in components {
        text.push_str(&row(name, outcomes));
    }
    text.push_str(&row("all", &all));
    let survived = all.iter().filter(|outcome| outcome.fate == Fate::Survived);
    let mut names: Vec<_> = survived.map(|outcome| outcome.mutant.as_str()).collect();
    names.sort_unstable();
    if !names.is_empty() {
        text.push_str("\n## Survivors\n\n");
    }
    for name in names {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- `{}`", name.replace('`', "'"));
    }
    text
}

fn row(name: &str, outcomes: &[Outcome]) -> String {
    let count = |fate| {
        outcomes
            .iter()
            .filter(|outcome| outcome.fate == fate)
            .count()
    };
    let (killed, survived) = (count(Fate::Killed), count(Fate::Survived));
    let share = match killed + survived {
        0 => "–".to_owned(),
        // In whole tenths of a percent, rounded down.
        viable => format!(
            "{}.{} %",
            killed * 100 / viable,
            killed * 1_000 / viable % 10
        ),
    };
    let (all, unviable) = (outcomes.len(), count(Fate::Unviable));
    format!("| {name} | {all} | {killed} | {survived} | {share} | {unviable} |\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_what_compiles() {
        let outcome = |fate, mutant: &str| Outcome {
            mutant: mutant.to_owned(),
            fate,
            by: String::new(),
        };
        let outcomes = vec![
            outcome(Fate::Killed, "a"),
            outcome(Fate::Killed, "b"),
            outcome(Fate::Survived, "c `d`"),
            outcome(Fate::Unviable, "e"),
        ];
        let table = table(&[("token".to_owned(), outcomes), ("users".to_owned(), vec![])]);
        assert!(
            table.contains("\n| token | 4 | 2 | 1 | 66.6 % | 1 |\n"),
            "{table}"
        );
        assert!(
            table.contains("\n| users | 0 | 0 | 0 | – | 0 |\n"),
            "{table}"
        );
        assert!(table.ends_with("| all | 4 | 2 | 1 | 66.6 % | 1 |\n\n## Survivors\n\n- `c 'd'`\n"));
    }
}
