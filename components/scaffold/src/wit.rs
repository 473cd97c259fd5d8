//! The WIT of a project: its world, and the packages that it needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::files;

const WORLDS: &str = "wit/worlds.wit";
const PREFIX: &str = "vestibule:";

/// Adds the world of a bundled channel and all that it mentions, below `wit/`.
pub(crate) fn of_bundled(project: &mut BTreeMap<String, String>, channel: &str) {
    let worlds = files::required(WORLDS);
    let package = "package vestibule:worlds@1.0.0;\n";
    let (head, _) = worlds
        .split_once(package)
        .unwrap_or_else(|| panic!("{WORLDS} has another package"));
    let world = block(worlds, channel).unwrap_or_else(|| panic!("{WORLDS} has no world {channel}"));
    project.insert(WORLDS.to_owned(), format!("{head}{package}\n{world}"));
    packages(project, &[world]);
}

/// Adds the packages that these texts mention, and those that they mention, below `wit/deps/`. Of the channel itself there may be
/// none here.
pub(crate) fn packages(project: &mut BTreeMap<String, String>, texts: &[&str]) {
    let mut wanted: BTreeSet<String> = texts.iter().flat_map(|text| mentioned(text)).collect();
    let mut done = BTreeSet::new();
    while let Some(package) = wanted.pop_first() {
        let folder = format!("wit/deps/{package}");
        for (path, text) in files::below(&folder) {
            project.insert(format!("{folder}/{path}"), text.to_owned());
            wanted.extend(mentioned(text).filter(|other| !done.contains(other)));
        }
        done.insert(package.clone());
        wanted.remove(&package);
    }
}

/// The packages whose interfaces `text` uses: the `token` of `vestibule:token/commands@1.0.0`.
fn mentioned(text: &str) -> impl Iterator<Item = String> {
    let after = text.split(PREFIX).skip(1);
    after.filter_map(|rest| {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let end = rest.find(|c| !is_name(c))?;
        rest[end..].starts_with('/').then(|| rest[..end].to_owned())
    })
}

/// The world `name` with the comment above it.
fn block<'t>(worlds: &'t str, name: &str) -> Option<&'t str> {
    let opening = format!("\nworld {name} {{\n");
    let world = worlds.find(&opening)?;
    let end = world + worlds[world..].find("\n}\n")? + "\n}\n".len();
    let start = worlds[..world].rfind("\n\n")? + "\n\n".len();
    worlds.get(start..end)
}
