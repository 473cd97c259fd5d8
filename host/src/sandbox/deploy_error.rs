//! Why a build may not serve.

use super::{GrantError, GraphError, Missing};
use crate::contract::ContractError;

/// Why a build may not serve.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// It cannot be read.
    #[error("{0}")]
    Contract(#[from] ContractError),
    /// It is a component of something else.
    #[error("the build does not export channel {wanted}; it exports {}", .found.join(", "))]
    Channel {
        /// The channel it was to serve.
        wanted: String,
        /// The channels it has.
        found: Vec<String>,
    },
    /// It imports what it was not granted.
    #[error("{0}")]
    Missing(Missing),
    /// The configuration names a grant that is none.
    #[error("components.{channel}.grants: {cause}")]
    Grant {
        /// Whose configuration.
        channel: String,
        /// What is wrong.
        cause: GrantError,
    },
    /// The configuration does not fit what the build declares.
    #[error("components.{channel}.config: {}", .violations.join("; "))]
    Config {
        /// Whose configuration.
        channel: String,
        /// What is wrong, without values.
        violations: Vec<String>,
    },
    /// It cannot be compiled or linked.
    #[error("the build cannot be compiled: {0}")]
    Compile(String),
    /// It does not fit the other builds.
    #[error("{0}")]
    Graph(#[from] GraphError),
    /// It lacks the command by which the user plane checks credentials.
    #[error(
        "auth.{key}: channel {channel} has no command {command} whose request is a single text"
    )]
    Auth {
        /// The key of `[auth]` that names the command.
        key: &'static str,
        /// Its channel.
        channel: String,
        /// The command.
        command: String,
    },
}
