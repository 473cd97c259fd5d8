//! The projects that `vestibule component new` makes: text in memory, which somebody else writes to a disk.
//!
//! For a channel of the bundle a project is a copy of the bundled component, with the crates, the WIT and the versions of its
//! dependencies that it is built with here; in JavaScript it is a copy of `examples/email-js`. So it passes conformance at once,
//! and what is changed in it is changed from something that works. For any other channel it is a small one of notes, with
//! scenarios of its own.

mod files;
mod javascript;
mod names;
mod parts;
mod rust;
mod wit;

use std::collections::BTreeMap;

/// What a component is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Rust, for `wasm32-wasip2`.
    Rust,
    /// JavaScript, by componentize-js.
    JavaScript,
}

/// A project that builds a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The text of each file, by its path in the project, with `/` between folders.
    pub files: BTreeMap<String, String>,
    /// The command that builds it.
    pub build: String,
    /// Where the component is after a build, in the project.
    pub artefact: String,
    /// The command that tells whether it keeps what its channel promises.
    pub conformance: String,
}

/// Why there is no such project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The name means something else to a language or to the WIT.
    #[error(
        "a channel cannot be called `{0}`: the word means something else in Rust, JavaScript or WIT"
    )]
    Reserved(String),
    /// The bundle's channel is there in Rust alone.
    #[error("the channel {0} of the bundle is there as a project in Rust only: --lang rust")]
    OnlyRust(String),
}

/// The project of a component for `channel`, a name in kebab-case.
///
/// # Errors
/// [`Unfit`]: there is no such project.
pub fn project(channel: &str, language: Language) -> Result<Project, Unfit> {
    if names::is_reserved(channel) {
        return Err(Unfit::Reserved(channel.to_owned()));
    }
    match language {
        Language::Rust => Ok(rust::project(channel)),
        Language::JavaScript => javascript::project(channel),
    }
}

/// Whether the bundle has a component for `channel`.
#[must_use]
pub fn is_bundled(channel: &str) -> bool {
    files::text(&format!("components/{channel}/manifest.json")).is_some()
}

#[cfg(test)]
mod tests;
