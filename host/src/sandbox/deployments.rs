//! The builds that serve now, and the graph of who calls whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version;

use super::deployment::Deployment;
use crate::contract::Channel;
use crate::contract::shape::is_alike;

/// Every channel's serving build. A message holds the set it started with to its end.
#[derive(Default, Clone)]
pub(crate) struct Deployments(BTreeMap<Arc<str>, Arc<Deployment>>);

/// Builds that cannot serve together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// A build calls a channel that nobody serves.
    #[error("channel {caller} calls {callee}, which is not deployed")]
    NotDeployed {
        /// Who calls.
        caller: String,
        /// Whom.
        callee: String,
    },
    /// A build calls a command that the serving build does not have.
    #[error("channel {caller} calls {callee}/{command}, which the serving build does not have")]
    NoCommand {
        /// Who calls.
        caller: String,
        /// Whom.
        callee: String,
        /// What.
        command: String,
    },
    /// A build calls a command whose types have changed.
    #[error(
        "channel {caller} calls {callee}/{command} with other types than the serving build has"
    )]
    Types {
        /// Who calls.
        caller: String,
        /// Whom.
        callee: String,
        /// What.
        command: String,
    },
    /// A build calls a version that the serving build does not offer.
    #[error("channel {caller} calls {callee} in version {wanted}; the serving build has {found}")]
    Version {
        /// Who calls.
        caller: String,
        /// Whom.
        callee: String,
        /// The version it was built against.
        wanted: String,
        /// The version that serves.
        found: String,
    },
    /// Channels call each other in a circle.
    #[error("channels call each other in a circle: {}", .0.join(" → "))]
    Cycle(Vec<String>),
}

impl Deployments {
    pub(crate) fn get(&self, channel: &str) -> Option<&Arc<Deployment>> {
        self.0.get(channel)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Deployment>> {
        self.0.values()
    }

    /// These, with `deployment` serving its channel.
    pub(crate) fn with(&self, deployment: Arc<Deployment>) -> Self {
        let mut deployments = self.0.clone();
        deployments.insert(deployment.channel.clone(), deployment);
        Self(deployments)
    }

    /// Whether every call finds its command, and none leads back to where it came from.
    pub(crate) fn check(&self) -> Result<(), GraphError> {
        for (caller, deployment) in &self.0 {
            for called in &deployment.contract.called {
                self.check_calls(caller, called)?;
            }
        }
        let mut done = BTreeSet::new();
        self.0
            .keys()
            .try_for_each(|channel| self.walk(channel, &mut Vec::new(), &mut done))
    }

    /// Whether the serving build of a channel has what `called` names, in types that fit.
    fn check_calls(&self, caller: &str, called: &Channel) -> Result<(), GraphError> {
        let (caller, callee) = (caller.to_owned(), called.name.to_string());
        let Some(target) = self.0.get(&*called.name) else {
            return Err(GraphError::NotDeployed { caller, callee });
        };
        let found = &target.exported().version;
        if !offers(found, &called.version) {
            let (wanted, found) = (called.version.to_string(), found.to_string());
            return Err(GraphError::Version {
                caller,
                callee,
                wanted,
                found,
            });
        }
        for wanted in &called.commands {
            let command = wanted.name.to_string();
            match target.command(&command) {
                None => {
                    return Err(GraphError::NoCommand {
                        caller,
                        callee,
                        command,
                    });
                }
                Some(found) if !is_alike(wanted, found) => {
                    return Err(GraphError::Types {
                        caller,
                        callee,
                        command,
                    });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    fn walk(
        &self,
        channel: &str,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Result<(), GraphError> {
        if done.contains(channel) {
            return Ok(());
        }
        if path.iter().any(|before| before == channel) {
            path.push(channel.to_owned());
            return Err(GraphError::Cycle(std::mem::take(path)));
        }
        path.push(channel.to_owned());
        if let Some(deployment) = self.0.get(channel) {
            for called in &deployment.contract.called {
                self.walk(&called.name, path, done)?;
            }
        }
        path.pop();
        done.insert(channel.to_owned());
        Ok(())
    }
}

/// Whether a build of version `found` has all of version `wanted`: the same major, and not older.
fn offers(found: &Version, wanted: &Version) -> bool {
    found.major == wanted.major && found >= wanted
}
