//! The builds that serve now, and the graph of who calls whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::deployment::Deployment;
use super::grants::split;

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
            for (callee, command) in calls(deployment) {
                let (caller, callee) = (caller.to_string(), callee.to_owned());
                let Some(target) = self.0.get(callee.as_str()) else {
                    return Err(GraphError::NotDeployed { caller, callee });
                };
                if target.command(&command).is_none() {
                    return Err(GraphError::NoCommand {
                        caller,
                        callee,
                        command,
                    });
                }
            }
        }
        let mut done = BTreeSet::new();
        self.0
            .keys()
            .try_for_each(|channel| self.walk(channel, &mut Vec::new(), &mut done))
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
            for (callee, _) in calls(deployment) {
                self.walk(&callee, path, done)?;
            }
        }
        path.pop();
        done.insert(channel.to_owned());
        Ok(())
    }
}

/// The (channel, command) pairs that a build imports.
fn calls(deployment: &Deployment) -> Vec<(String, String)> {
    let imports = deployment.contract.imports.iter();
    imports
        .filter_map(|import| {
            let (package, interface) = split(&import.interface)?;
            let channel = package.strip_prefix("vestibule:")?;
            (interface == "commands").then_some((channel, &import.functions))
        })
        .flat_map(|(channel, functions)| {
            functions
                .iter()
                .map(|name| (channel.to_owned(), name.to_string()))
        })
        .collect()
}
