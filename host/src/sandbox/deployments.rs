//! The builds that serve now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::deployment::Deployment;
use super::graph::Graph;

/// Every channel's serving build. A message holds the set it started with to its end.
#[derive(Default, Clone)]
pub(crate) struct Deployments(BTreeMap<Arc<str>, Arc<Deployment>>);

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

    /// Their contracts, by who calls whom.
    pub(crate) fn graph(&self) -> Graph<'_> {
        let builds = self.0.values();
        builds.fold(Graph::default(), |graph, deployment| {
            graph.with(deployment.exported(), &deployment.contract.called)
        })
    }
}
