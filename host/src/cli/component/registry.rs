//! Accounts at registries, for the commands that fetch and store builds.

use vestibule::config::{Config, Deploy, environment};

use super::super::ConfigArg;
use super::super::failed::Failed;

/// `[deploy]` of the configuration: file and environment, as a server reads them.
pub(super) fn deploy_section(args: &ConfigArg) -> Result<Deploy, Failed> {
    let variables = environment()?.into_iter();
    let config = Config::load(args.config.as_deref(), variables)?;
    Ok(config.deploy)
}
