//! Who calls whom: whether builds can serve together, judged by their contracts alone.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;

use crate::contract::Channel;
use crate::contract::shape::is_alike;

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

/// What serves, and what it calls.
#[derive(Clone, Default)]
pub(crate) struct Graph<'a>(BTreeMap<&'a str, Node<'a>>);

#[derive(Clone, Copy)]
struct Node<'a> {
    exported: &'a Channel,
    called: &'a [Channel],
}

impl<'a> Graph<'a> {
    /// This, with a build serving `exported` that calls `called`.
    pub(crate) fn with(mut self, exported: &'a Channel, called: &'a [Channel]) -> Self {
        self.0.insert(&exported.name, Node { exported, called });
        self
    }

    /// Why these cannot serve together: every call that does not find its command, or a circle of calls. Nothing if they can.
    pub(crate) fn errors(&self) -> Vec<GraphError> {
        let mut errors = Vec::new();
        for (caller, node) in &self.0 {
            for called in node.called {
                self.check_calls(caller, called, &mut errors);
            }
        }
        let mut done = BTreeSet::new();
        let walked = self
            .0
            .keys()
            .try_for_each(|channel| self.walk(channel, &mut Vec::new(), &mut done));
        errors.extend(walked.err());
        errors
    }

    /// Whether the serving build of a channel has what `called` names, in types that fit.
    fn check_calls(&self, caller: &str, called: &Channel, errors: &mut Vec<GraphError>) {
        let (caller, callee) = (caller.to_owned(), called.name.to_string());
        let Some(target) = self.0.get(&*called.name) else {
            return errors.push(GraphError::NotDeployed { caller, callee });
        };
        let found = &target.exported.version;
        if !offers(found, &called.version) {
            let (wanted, found) = (called.version.to_string(), found.to_string());
            return errors.push(GraphError::Version {
                caller,
                callee,
                wanted,
                found,
            });
        }
        for wanted in &called.commands {
            let (caller, callee) = (caller.clone(), callee.clone());
            let command = wanted.name.to_string();
            match target.exported.command(&command) {
                None => errors.push(GraphError::NoCommand {
                    caller,
                    callee,
                    command,
                }),
                Some(found) if !is_alike(wanted, found) => errors.push(GraphError::Types {
                    caller,
                    callee,
                    command,
                }),
                Some(_) => {}
            }
        }
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
        if let Some(node) = self.0.get(channel) {
            for called in node.called {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;
    use crate::contract::testing::component;

    /// A build of `channel` that calls `callee`/`command`.
    fn caller(channel: &str, callee: &str, command: &str) -> Contract {
        let wit = format!(
            "package vestibule:{channel}@1.0.0;\ninterface commands {{ run: func(); }}\n\
             world w {{ import vestibule:{callee}/commands@1.0.0; export commands; }}\n\
             package vestibule:{callee}@1.0.0 {{ interface commands {{ {command}: func(); }} }}\n"
        );
        Contract::read(&component(&wit, None)).unwrap()
    }

    fn silent(channel: &str) -> Contract {
        let wit = format!(
            "package vestibule:{channel}@1.0.0;\ninterface commands {{ run: func(); }}\nworld w {{ export commands; }}\n"
        );
        Contract::read(&component(&wit, None)).unwrap()
    }

    fn errors(contracts: &[&Contract]) -> Vec<GraphError> {
        let graph = contracts.iter().fold(Graph::default(), |graph, contract| {
            graph.with(&contract.channels[0], &contract.called)
        });
        graph.errors()
    }

    #[test]
    fn calls_that_find_their_commands_are_no_error() {
        assert_eq!(errors(&[&caller("a", "b", "run"), &silent("b")]), []);
    }

    #[test]
    fn every_call_that_does_not_is_told_at_once() {
        let (one, two) = (caller("a", "c", "walk"), caller("b", "d", "run"));
        let found = errors(&[&one, &two, &silent("c")]);
        assert!(
            matches!(&found[..], [GraphError::NoCommand { caller, .. }, GraphError::NotDeployed { callee, .. }]
                if caller == "a" && callee == "d"),
            "{found:?}"
        );
    }

    #[test]
    fn a_circle_is_told_with_its_way() {
        let (one, two) = (caller("a", "b", "run"), caller("b", "a", "run"));
        let found = errors(&[&one, &two]);
        assert_eq!(
            found,
            [GraphError::Cycle(["a", "b", "a"].map(str::to_owned).into())]
        );
    }
}
