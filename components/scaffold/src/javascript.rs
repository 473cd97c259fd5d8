//! A project in JavaScript: a package that componentize-js builds.

use std::collections::BTreeMap;

use crate::files::{self, fill, required};
use crate::{Project, Unfit, is_bundled, parts, wit};

/// The channel whose component is there in JavaScript, and where.
const CHANNEL: &str = "email";
const EXAMPLE: &str = "examples/email-js";

/// What writes the example's table of characters: no other component has one.
const ITS_OWN: &str = "tools/unicode.mjs";

/// The project of a component for `channel`.
pub(crate) fn project(channel: &str) -> Result<Project, Unfit> {
    let bundled = is_bundled(channel);
    if bundled && channel != CHANNEL {
        return Err(Unfit::OnlyRust(channel.to_owned()));
    }
    let mut files = BTreeMap::new();
    let artefact = format!("dist/{channel}.wasm");
    let build = "npm ci --ignore-scripts && npm run build".to_owned();
    let conformance = parts::conformance(channel, &artefact);
    let values = [
        ("channel", channel),
        ("snake", channel),
        ("artefact", &artefact),
        ("build", &build),
        ("conformance", &conformance),
    ];
    files::copy(&mut files, EXAMPLE, "");
    if bundled {
        wit::of_bundled(&mut files, channel);
        let manifest = required(&format!("components/{channel}/manifest.json"));
        files.insert("manifest.json".to_owned(), manifest.to_owned());
    } else {
        files.retain(|path, _| {
            !path.starts_with("src/") && !path.starts_with("test/") && path != ITS_OWN
        });
        add_tests_of_tools(&mut files);
        for (path, text) in files::below("components/scaffold/templates/js") {
            files.insert(path.to_owned(), fill(text, &values));
        }
        parts::channel(&mut files, "", &values);
    }
    for path in ["package.json", "package-lock.json"] {
        if let Some(text) = files.get_mut(path) {
            *text = of_channel(text, channel);
        }
    }
    files.insert("LICENSE".to_owned(), required("LICENSE").to_owned());
    parts::around(&mut files, "js", &values);
    Ok(Project {
        files,
        build,
        artefact,
        conformance,
    })
}

fn add_tests_of_tools(project: &mut BTreeMap<String, String>) {
    let path = "test/tools.test.mjs";
    let tests = required(&format!("{EXAMPLE}/{path}"));
    project.insert(path.to_owned(), tests.to_owned());
}

/// What the example's package says, of a project of its own for `channel`.
fn of_channel(text: &str, channel: &str) -> String {
    [
        ("\"name\": \"email-js\"", format!("\"name\": \"{channel}\"")),
        (
            "The email channel of Vestibule, in JavaScript.",
            format!("A component for the channel {channel} of Vestibule."),
        ),
        ("\"../../wit\"", "\"wit\"".to_owned()),
        (
            "\"../../components/email/manifest.json\"",
            "\"manifest.json\"".to_owned(),
        ),
        ("\"world\": \"email\"", format!("\"world\": \"{channel}\"")),
        (
            "deps/email/email.wit",
            format!("deps/{channel}/{channel}.wit"),
        ),
        ("dist/email.wasm", format!("dist/{channel}.wasm")),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
