//! What projects in both languages have.

use std::collections::BTreeMap;

use crate::files::{fill, required};
use crate::{is_bundled, wit};

const TEMPLATES: &str = "components/scaffold/templates";

/// What is filled into a template, by name. `channel` and `artefact` are always among it.
pub(crate) type Values<'a> = [(&'a str, &'a str); 5];

/// The command that tells whether `artefact` keeps what `channel` promises: of a new channel its project says so.
pub(crate) fn conformance(channel: &str, artefact: &str) -> String {
    let scenarios = match is_bundled(channel) {
        true => "",
        false => " --scenarios conformance",
    };
    format!("vestibule component conformance {channel} {artefact}{scenarios}")
}

/// Adds a channel of notes: its WIT, its manifest at `place`, and its scenarios.
pub(crate) fn channel(project: &mut BTreeMap<String, String>, place: &str, values: &Values<'_>) {
    let channel = value(values, "channel");
    let [text, worlds] = ["channel.wit", "worlds.wit"].map(|file| part(file, values));
    wit::packages(project, &[&text, &worlds]);
    project.insert(format!("wit/deps/{channel}/{channel}.wit"), text);
    project.insert("wit/worlds.wit".to_owned(), worlds);
    project.insert(
        format!("{place}manifest.json"),
        part("manifest.json", values),
    );
    project.insert(
        format!("conformance/{channel}/notes.toml"),
        part("scenarios.toml", values),
    );
}

/// Adds a configuration to try the component with, and a page that says how.
pub(crate) fn around(project: &mut BTreeMap<String, String>, language: &str, values: &Values<'_>) {
    let channel = value(values, "channel");
    let bundled = is_bundled(channel);
    let configuration = match bundled {
        true => {
            let artefact = value(values, "artefact");
            format!(
                "# For `vestibule serve --config vestibule.toml`, in this folder: this build instead of the bundled one.\n\n\
                 [components.{channel}]\nfile = \"{artefact}\"\n"
            )
        }
        false => part("vestibule.toml", values),
    };
    project.insert("vestibule.toml".to_owned(), configuration);
    let page = required(&format!("{TEMPLATES}/project/{language}.md"));
    let said = match bundled {
        true => [
            (
                "what",
                "A component for the channel of this name of Vestibule: a copy of the bundled one, to be changed.",
            ),
            ("more", ""),
            ("try", "vestibule component inspect {{channel}}"),
        ],
        false => [
            (
                "what",
                "A component for Vestibule that keeps notes, to be made into something else.",
            ),
            (
                "more",
                "| `conformance/` | what the channel promises, played against any build of it |\n",
            ),
            (
                "try",
                "vestibule call {{channel}} keep-note '{\"text\": \"milk\"}' --as ada",
            ),
        ],
    };
    project.insert("README.md".to_owned(), fill(&fill(page, &said), values));
}

fn part(file: &str, values: &Values<'_>) -> String {
    fill(required(&format!("{TEMPLATES}/channel/{file}")), values)
}

fn value<'v>(values: &Values<'v>, wanted: &str) -> &'v str {
    values
        .iter()
        .find_map(|(name, value)| (*name == wanted).then_some(*value))
        .unwrap_or_default()
}
