//! The repository's own files, as they were when this was built.

use std::collections::BTreeMap;

/// Paths and texts, by path.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The text of a file.
pub(crate) fn text(path: &str) -> Option<&'static str> {
    let at = FILES.binary_search_by_key(&path, |(path, _)| path).ok()?;
    FILES.get(at).map(|(_, text)| *text)
}

/// The text of a file that projects are made of.
///
/// # Panics
/// If there is none: the build did not take it in. The tests make every project.
pub(crate) fn required(path: &str) -> &'static str {
    text(path).unwrap_or_else(|| panic!("{path} is not among the sources of projects"))
}

/// The files below `folder`, by their paths in it.
pub(crate) fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(move |(path, text)| {
        let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((rest, *text))
    })
}

/// `template` with each `{{name}}` filled in.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{{{name}}}}}"), value)
        })
}

/// Adds the files below `folder` to a project, below `place` in it.
pub(crate) fn copy(project: &mut BTreeMap<String, String>, folder: &str, place: &str) {
    for (path, text) in below(folder) {
        project.insert(format!("{place}{path}"), text.to_owned());
    }
}
