//! The contract: what a component offers and asks for, read from the component itself when it is loaded.
//!
//! A channel is an exported interface named `commands` of a package `vestibule:<channel>@M.m.p`; its functions are the
//! channel's commands. Everything the host knows about a channel is derived from here: how JSON becomes arguments and
//! a result becomes JSON ([`json`]), the OpenAPI and AsyncAPI documents ([`openapi`], [`asyncapi`]), what the operator may
//! configure ([`manifest`]). The host itself names no channel and no command.
//!
//! Names and types are part of a component's binary form; documentation is not. A component carries it in a custom
//! section named [`WIT_SECTION`]; one without it works the same and is served without descriptions.

pub mod asyncapi;
mod convert;
mod docs;
#[doc(hidden)]
pub mod fuzz;
pub mod json;
pub mod manifest;
pub mod openapi;
mod read;
pub mod reference;
mod schema;
mod sections;
pub mod shape;
pub mod successor;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod types;

use std::sync::Arc;

use semver::Version;

pub use manifest::Manifest;
pub use sections::{MANIFEST_SECTION, MAX_COMPONENT_BYTES, WIT_SECTION};
use types::{Field, Record, Type};

/// Types may be nested so deep: a list of a record with a string is three.
pub const MAX_TYPE_DEPTH: usize = 32;

/// A command's types, written out in full, may have so many parts.
pub const MAX_TYPE_PARTS: usize = 20_000;

/// A component may export so many channels.
pub const MAX_CHANNELS: usize = 16;

/// A channel may have so many commands.
pub const MAX_COMMANDS: usize = 512;

/// What a component offers and asks for. It does not change once it is read; share it by `Arc`.
#[derive(Debug, Clone)]
pub struct Contract {
    /// The channels it serves, at least one, in the component's order.
    pub channels: Vec<Channel>,
    /// What it imports, in the component's order.
    pub imports: Vec<Import>,
    /// What it calls of other channels, as it was built against them.
    pub called: Vec<Channel>,
    /// What the build says of itself.
    pub manifest: Manifest,
    /// Who wrote the build, as it says itself (the custom section `authors`): printable text on one line. Nobody checked it.
    pub author: Option<Arc<str>>,
    /// What was wrong with the component and could be passed over: documentation that cannot be read.
    pub warnings: Vec<String>,
}

/// An exported `commands` interface.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The channel's name, which is the package's: `front-door`.
    pub name: Arc<str>,
    /// The package without its version: `vestibule:front-door`.
    pub package: Arc<str>,
    /// The package's version.
    pub version: Version,
    /// The export's name in full: `vestibule:front-door/commands@1.0.0`.
    pub interface: Arc<str>,
    /// The interface's documentation, or the package's; empty if there is none.
    pub docs: Arc<str>,
    /// The commands, in the component's order.
    pub commands: Vec<Command>,
}

/// One function of a channel.
#[derive(Debug, Clone)]
pub struct Command {
    /// The function's name in kebab-case.
    pub name: Arc<str>,
    /// The documentation; empty if there is none.
    pub docs: Arc<str>,
    /// The parameters, as the function takes them.
    pub params: Vec<Field>,
    /// What a request looks like.
    pub request: Request,
    /// What success answers; none for a command without a reply.
    pub reply: Option<Type>,
    /// Why it can be refused: a variant or an enum.
    pub error: Option<Type>,
    /// Whether the function returns a `result`. One that does not cannot refuse.
    pub fallible: bool,
}

/// What a command's request is in JSON.
#[derive(Debug, Clone)]
pub enum Request {
    /// The function's one parameter is a record, and the request is that record.
    Record(Arc<Record>),
    /// The request is an object of the function's parameters. Without parameters it may also be `null`.
    Params,
}

/// An interface the component imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The name in full: `wasi:random/random@0.2.6`; `$root` for functions imported without an interface.
    pub interface: Arc<str>,
    /// The functions really imported; none if only types are used.
    pub functions: Vec<Arc<str>>,
}

/// What a generated document says of the installation.
#[derive(Debug, Clone, Copy)]
pub struct Info<'a> {
    /// The product's name.
    pub title: &'a str,
    /// The version of the document, not of a channel.
    pub version: &'a str,
    /// What it is, as Markdown.
    pub description: &'a str,
}

impl Contract {
    /// Reads `component`, the bytes of a WebAssembly component in binary form. Nothing is compiled or run.
    ///
    /// # Errors
    ///
    /// If these are not the bytes of a component, if it exports no channel, or if a command uses what cannot travel in
    /// a message. Each [`ContractError`] says what to do.
    pub fn read(component: &[u8]) -> Result<Self, ContractError> {
        read::read(component)
    }

    /// The channel `name` in major version `major`.
    #[must_use]
    pub fn channel(&self, name: &str, major: u64) -> Option<&Channel> {
        self.channels
            .iter()
            .find(|channel| *channel.name == *name && channel.version.major == major)
    }
}

impl Channel {
    /// The command `name` (kebab-case).
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|command| *command.name == *name)
    }
}

impl Command {
    /// The fields of the request's object.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        match &self.request {
            Request::Record(record) => &record.fields,
            Request::Params => &self.params,
        }
    }

    /// Whether it cannot be asked without a request.
    #[must_use]
    pub fn needs_a_request(&self) -> bool {
        !self.fields().iter().all(Field::is_optional)
    }
}

/// Why bytes cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// Not WebAssembly in binary form.
    #[error("this is not a WebAssembly component: it does not begin with the bytes of one")]
    NotWasm,
    /// A module, not a component.
    #[error(
        "this is a core module; build it for wasm32-wasip2, or make it a component with `wasm-tools component new`"
    )]
    CoreModule,
    /// A WIT package in binary form.
    #[error(
        "this is a WIT package in binary form and holds no code; deploy the component that implements it"
    )]
    WitPackage,
    /// Too large to be looked at.
    #[error("the component has {size} bytes; at most {MAX_COMPONENT_BYTES} are accepted")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
    },
    /// WebAssembly that is broken.
    #[error("the component is damaged or uses features that are not supported: {0}")]
    Invalid(String),
    /// It exports no channel.
    #[error(
        "the component serves no channel: it must export the interface `commands` of a package `vestibule:<channel>@1.0.0`, and it exports {}",
        listed(.exports)
    )]
    NoChannel {
        /// What it exports instead.
        exports: Vec<String>,
    },
    /// A channel without a version.
    #[error(
        "`{interface}` has no version; give its package one: `package vestibule:<channel>@1.0.0;`"
    )]
    NoVersion {
        /// The export.
        interface: String,
    },
    /// A channel that is exported twice.
    #[error(
        "the channel `{channel}` is exported twice in major version {major}; a build serves one of them"
    )]
    Twice {
        /// The channel.
        channel: String,
        /// The major version.
        major: u64,
    },
    /// More channels or commands than anybody needs.
    #[error("{what}: at most {limit} are accepted")]
    TooMany {
        /// What there is too much of.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// A command whose types cannot travel in a message.
    #[error("the command `{command}` cannot be served: {reason}")]
    Unsupported {
        /// `<interface>.<function>`.
        command: String,
        /// Where and which type.
        reason: String,
    },
    /// The manifest is wrong.
    #[error("the component's manifest (custom section `{MANIFEST_SECTION}`) is wrong: {0}")]
    Manifest(#[from] manifest::ManifestError),
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}
