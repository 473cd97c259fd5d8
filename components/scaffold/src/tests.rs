use std::collections::BTreeSet;

use super::*;

const BUNDLED: [&str; 6] = [
    "accounts",
    "api-tokens",
    "authorization",
    "email",
    "token",
    "users",
];

fn every_project() -> Vec<(&'static str, Language, Project)> {
    let rust = BUNDLED
        .into_iter()
        .chain(["notes", "to-do2"])
        .map(|channel| (channel, Language::Rust));
    let javascript = ["email", "notes", "to-do2"].map(|channel| (channel, Language::JavaScript));
    rust.chain(javascript)
        .map(|(channel, language)| (channel, language, project(channel, language).unwrap()))
        .collect()
}

#[test]
fn every_place_in_a_template_is_filled_in() {
    for (channel, _, project) in every_project() {
        for (path, text) in &project.files {
            let templates = [
                "{{channel}}",
                "{{snake}}",
                "{{artefact}}",
                "{{build}}",
                "{{conformance}}",
            ];
            let left = templates.iter().find(|left| text.contains(**left));
            assert_eq!(left, None, "{channel}: {path}");
        }
        let page = &project.files["README.md"];
        assert!(page.contains(&project.build) && page.contains(&project.conformance));
        assert!(!page.contains("{{"), "{page}");
    }
}

#[test]
fn a_project_has_what_its_manifests_and_its_wit_mention() {
    for (channel, _, project) in every_project() {
        let worlds = &project.files["wit/worlds.wit"];
        assert_eq!(worlds.matches("\nworld ").count(), 1, "{worlds}");
        assert!(worlds.contains(&format!("\nworld {channel} {{\n")));
        assert!(worlds.contains(&format!(
            "  export vestibule:{channel}/commands@1.0.0;\n}}\n"
        )));
        for (path, text) in project
            .files
            .iter()
            .filter(|(path, _)| path.ends_with(".wit"))
        {
            for rest in text.split("vestibule:").skip(1) {
                let Some((package, _)) = rest.split_once('/') else {
                    continue;
                };
                if package
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit())
                {
                    let folder = format!("wit/deps/{package}/");
                    assert!(
                        project.files.keys().any(|path| path.starts_with(&folder)),
                        "{channel}: {path} mentions {package}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_rust_project_is_a_workspace_of_its_own() {
    for (channel, language, project) in every_project() {
        if language != Language::Rust {
            continue;
        }
        let text = &project.files["Cargo.toml"];
        let manifest: toml::Table = text.parse().unwrap();
        let dependencies = manifest["workspace"]["dependencies"].as_table().unwrap();
        let crates: BTreeSet<_> = project
            .files
            .keys()
            .filter_map(|path| {
                path.strip_prefix("components/")?
                    .strip_suffix("/Cargo.toml")
            })
            .collect();
        assert!(crates.contains(channel) && crates.contains("sections"));
        for (name, value) in dependencies {
            if let Some(path) = value.get("path").and_then(toml::Value::as_str) {
                assert!(
                    crates.contains(path.strip_prefix("components/").unwrap()),
                    "{channel}: {name}"
                );
            }
        }
        assert!(!dependencies.contains_key("axum") && dependencies.contains_key("wit-bindgen"));
        assert_eq!(manifest["profile"]["guest"]["lto"].as_str(), Some("fat"));
        assert!(manifest["profile"]["guest"].get("inherits").is_some());
        assert!(project.files["Cargo.lock"].contains("name = \"wit-bindgen\""));
    }
}

#[test]
fn a_copy_is_the_bundled_component_itself() {
    let project = project("email", Language::Rust).unwrap();
    for (path, text) in files::below("components/email/src") {
        assert_eq!(project.files[&format!("components/email/src/{path}")], text);
    }
    // What cargo-component would look for and not find.
    let manifest = &project.files["components/email/Cargo.toml"];
    assert!(manifest.contains("\"vestibule:email\"") && !manifest.contains("\"vestibule:token\""));
    assert!(
        project
            .files
            .contains_key("components/email-address/src/lib.rs")
    );
    assert!(
        !project
            .files
            .contains_key("components/common-passwords/Cargo.toml")
    );
}

#[test]
fn a_javascript_project_names_what_it_has() {
    for (channel, language, project) in every_project() {
        if language != Language::JavaScript {
            continue;
        }
        let package: serde_json::Value =
            serde_json::from_str(&project.files["package.json"]).unwrap();
        let has = |path: String| assert!(project.files.contains_key(&path), "{channel}: {path}");
        let built = &package["vestibule"];
        assert_eq!(
            (&package["name"], &built["world"]),
            (&channel.into(), &channel.into())
        );
        assert_eq!(built["output"], project.artefact.as_str());
        has(built["entry"].as_str().unwrap().to_owned());
        has(built["manifest"].as_str().unwrap().to_owned());
        for file in built["describe"].as_array().unwrap() {
            has(format!(
                "{}/{}",
                built["wit"].as_str().unwrap(),
                file.as_str().unwrap()
            ));
        }
        let lock: serde_json::Value =
            serde_json::from_str(&project.files["package-lock.json"]).unwrap();
        assert_eq!(lock["packages"][""]["name"], channel);
        assert_eq!(
            lock["packages"][""]["devDependencies"],
            package["devDependencies"]
        );
        assert!(
            !project
                .files
                .values()
                .any(|text| text.contains("../../wit"))
        );
    }
}

#[test]
fn a_new_channel_has_scenarios_and_its_grants() {
    for language in [Language::Rust, Language::JavaScript] {
        let project = project("notes", language).unwrap();
        assert!(project.files["conformance/notes/notes.toml"].contains("[[scenario]]"));
        assert!(project.conformance.ends_with(" --scenarios conformance"));
        let configuration: toml::Table = project.files["vestibule.toml"].parse().unwrap();
        let component = &configuration["components"]["notes"];
        assert_eq!(component["file"].as_str(), Some(&*project.artefact));
        let worlds = &project.files["wit/worlds.wit"];
        for grant in component["grants"].as_array().unwrap() {
            let import = format!("vestibule:capability/{}@", grant.as_str().unwrap());
            assert!(worlds.contains(&import), "{import}");
        }
    }
}

#[test]
fn what_means_something_else_is_no_channel() {
    for word in [
        "type",
        "string",
        "core",
        "test",
        "types",
        "capability",
        "sections",
        "email-address",
        "wit-bindgen",
    ] {
        for language in [Language::Rust, Language::JavaScript] {
            assert_eq!(
                project(word, language),
                Err(Unfit::Reserved(word.to_owned()))
            );
        }
    }
    for channel in ["tests", "typed", "a"] {
        assert!(project(channel, Language::Rust).is_ok());
    }
}

#[test]
fn what_is_not_there_in_javascript_is_said() {
    for channel in BUNDLED.into_iter().filter(|channel| *channel != "email") {
        let refused = project(channel, Language::JavaScript);
        assert_eq!(refused, Err(Unfit::OnlyRust(channel.to_owned())));
    }
}
