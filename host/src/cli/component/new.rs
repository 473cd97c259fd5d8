//! `vestibule component new`: a project that builds a component.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use scaffold::{Language, Project};
use serde_json::{Value, json};
use vestibule::config::is_name;

use crate::cli::failed::Failed;
use crate::cli::output::{Output, text};

#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule component new --channel email --lang rust
  vestibule component new --channel notes --lang js --dir my-notes

For a channel of the bundle the project is a copy of its component: all of them in Rust, email in JavaScript too. For another
one it is a small channel of notes.")]
pub(in crate::cli) struct NewArgs {
    /// The channel, a name in kebab-case: one of the bundle's, or a new one
    #[arg(long, value_name = "NAME")]
    channel: String,

    /// What it is written in
    #[arg(long)]
    lang: Lang,

    /// The folder, which must be empty or not there yet [default: the channel's name]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Lang {
    Rust,
    Js,
}

pub(super) fn run(args: NewArgs, output: &Output) -> Result<(), Failed> {
    if !is_name(&args.channel) {
        return Err(Failed::Usage(
            "the channel is a name in kebab-case, such as notes".to_owned(),
        ));
    }
    let language = match args.lang {
        Lang::Rust => Language::Rust,
        Lang::Js => Language::JavaScript,
    };
    let project = scaffold::project(&args.channel, language)
        .map_err(|unfit| Failed::Usage(unfit.to_string()))?;
    let folder = args.dir.unwrap_or_else(|| args.channel.clone().into());
    write(&project, &folder)?;
    let made = json!({
        "channel": args.channel,
        "folder": folder.display().to_string(),
        "files": project.files.len(),
        "build": project.build,
        "artefact": project.artefact,
        "conformance": project.conformance,
    });
    output.show(&made, show);
    Ok(())
}

fn show(output: &Output, made: &Value) {
    output.line(&format!(
        "made {} with {} files",
        text(made, "folder"),
        text(made, "files")
    ));
    output.line("build it there, and see whether it keeps what the channel promises:");
    output.line(&format!("  {}", text(made, "build")));
    output.line(&format!("  {}", text(made, "conformance")));
}

/// Writes the project into `folder`, all of it or nothing. What is there already stays as it is.
fn write(project: &Project, folder: &Path) -> anyhow::Result<()> {
    let mut written = Written::default();
    written.folder(folder)?;
    let mut entries = fs::read_dir(folder).with_context(|| place(folder))?;
    if entries.next().is_some() {
        anyhow::bail!(
            "{} is not empty: name another folder with --dir",
            place(folder)
        );
    }
    for (path, text) in &project.files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            written.folder(parent)?;
        }
        written.file(&path, text).with_context(|| place(&path))?;
    }
    written.keep();
    Ok(())
}

fn place(path: &Path) -> String {
    path.display().to_string()
}

/// What was made so far. It is removed again if it is not kept.
#[derive(Default)]
struct Written {
    /// Files and folders, each after the folder it lies in.
    paths: Vec<PathBuf>,
}

impl Written {
    /// Makes a folder and those above it, as far as they are not there.
    fn folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        // The folder of a relative path with one name is where we are.
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        if let Some(above) = folder.parent() {
            self.folder(above)?;
        }
        fs::create_dir(folder).with_context(|| place(folder))?;
        self.paths.push(folder.to_owned());
        Ok(())
    }

    /// Makes a file that is not there yet.
    fn file(&mut self, path: &Path, text: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        self.paths.push(path.to_owned());
        file.write_all(text.as_bytes())
    }

    fn keep(mut self) {
        self.paths.clear();
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        for path in self.paths.iter().rev() {
            // What cannot be removed is left: the error that is on its way says what is wrong with the place.
            let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn project(files: &[(&str, &str)]) -> Project {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Project {
            files: files.collect::<BTreeMap<_, _>>(),
            build: String::new(),
            artefact: String::new(),
            conformance: String::new(),
        }
    }

    #[test]
    fn a_project_is_written_where_nothing_is() {
        let place = tempfile::tempdir().unwrap();
        let empty = place.path().join("empty");
        fs::create_dir(&empty).unwrap();
        for folder in [place.path().join("a/b"), empty] {
            write(&project(&[("x/y/z", "1"), ("x/w", "2")]), &folder).unwrap();
            assert_eq!(fs::read_to_string(folder.join("x/y/z")).unwrap(), "1");
            assert_eq!(fs::read_to_string(folder.join("x/w")).unwrap(), "2");
        }
    }

    #[test]
    fn a_folder_that_is_not_empty_is_left_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("mine"), "mine").unwrap();
        let error = write(&project(&[("x", "1")]), place.path()).unwrap_err();
        assert!(error.to_string().contains("not empty"), "{error}");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        // A file is no folder.
        let error = write(&project(&[("x", "1")]), &place.path().join("mine")).unwrap_err();
        assert!(error.to_string().contains("mine"), "{error}");
        assert_eq!(
            fs::read_to_string(place.path().join("mine")).unwrap(),
            "mine"
        );
    }

    #[test]
    fn what_fails_half_way_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        // `x` becomes a file, so nothing can be written below it.
        let broken = project(&[("a/b", "1"), ("x", "2"), ("x/y", "3")]);
        write(&broken, &place.path().join("new/project")).unwrap_err();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        write(&broken, place.path()).unwrap_err();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
