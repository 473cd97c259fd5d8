//! Whether a build may take the place of the one that serves: read from the contracts of both, before anything is compiled.
//!
//! Everything that is wrong is told at once, each with what to do about it, so that nobody deploys five times to learn of five
//! problems.

#[cfg(test)]
mod tests;

pub use super::problem::Problem;
use super::{DeployOptions, DeploymentRecord};
use crate::contract::successor::breaks;
use crate::contract::{Channel, Contract, ContractError};
use crate::router::{AuthCommands, takes_a_credential};
use crate::sandbox::deployment::{Settings, values};
use crate::sandbox::{DeployError, Digest, Grants, Graph};

/// The most problems that are told of one build.
const MAX_PROBLEMS: usize = 100;

/// The build that is to serve.
pub(crate) struct Candidate<'a> {
    pub(crate) contract: &'a Contract,
    /// The channel that it is to serve, as it declares it.
    pub(crate) exported: &'a Channel,
    pub(crate) digest: Digest,
    /// The counter that it is signed with.
    pub(crate) counter: Option<u64>,
}

/// What it must fit.
pub(crate) struct Place<'a> {
    /// The build that serves.
    pub(crate) serving: &'a Contract,
    /// The channel, as the serving build declares it.
    pub(crate) exported: &'a Channel,
    /// All builds that serve.
    pub(crate) graph: Graph<'a>,
    /// What the configuration says of the channel, and what the serving build was given.
    pub(crate) settings: Settings<'a>,
    /// Which commands check credentials.
    pub(crate) auth: &'a AuthCommands,
    /// What was deployed to the channel before.
    pub(crate) record: &'a DeploymentRecord,
}

/// The contract of a build and the place in it of the channel that it is to serve.
///
/// # Errors
/// That it is nothing that could serve the channel.
pub(crate) fn read(channel: &str, bytes: &[u8]) -> Result<(Contract, usize), Problem> {
    let contract = Contract::read(bytes).map_err(|cause| {
        let remedy = match &cause {
            ContractError::NotWasm => {
                "give the component's own file, the `.wasm` that the build made"
            }
            ContractError::CoreModule => "deploy the component and not the module inside it",
            ContractError::Invalid(_) => {
                "if the file was cut on its way, copy it again; else build it with current tools"
            }
            _ => "build it anew; docs/components.md says what a component of a channel is",
        };
        Problem::new("contract", &cause, remedy)
    })?;
    let mut channels = contract.channels.iter();
    match channels.position(|exported| *exported.name == *channel) {
        Some(at) => Ok((contract, at)),
        None => {
            let found: Vec<_> = contract.channels.iter().map(|found| &*found.name).collect();
            let what = format!("the build serves {} and not {channel}", found.join(", "));
            let remedy = "deploy it to its own channel, or give the file of this one";
            Err(Problem::new("contract", what, remedy))
        }
    }
}

/// What the build would have beside what its channel has anyway: what is asked for now, and of what the serving build was given
/// that which it still needs.
///
/// # Errors
/// For what is no grant, and for what the build does not ask for: a mistyped grant is not kept for later.
pub(crate) fn given(
    contract: &Contract,
    carried: &Grants,
    options: &DeployOptions,
) -> Result<(Grants, Grants), Problem> {
    let asked = Grants::parse(&options.grants)
        .map_err(|cause| Problem::new("grants", &cause, "correct what was given with `--grant`"))?;
    let (asked, unused) = asked.used_by(&contract.imports);
    if !unused.is_empty() {
        let names = unused.names().join(", ");
        let what = format!("{names} was given, and the build imports nothing of it");
        return Err(Problem::new("grants", what, "leave it out"));
    }
    let (carried, _) = carried.used_by(&contract.imports);
    Ok((carried.and(&asked), asked))
}

/// Why `candidate` may not serve in `place`: nothing if it may. `asked` is what it was given with this deploy.
pub(crate) fn check(
    candidate: &Candidate<'_>,
    place: &Place<'_>,
    asked: &Grants,
    options: &DeployOptions,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_version(candidate, place, options, &mut problems);
    check_quarantine(candidate, place, options, &mut problems);
    check_commands(candidate, place, &mut problems);
    check_grants(candidate, place, asked, &mut problems);
    check_schema(candidate.contract, place.serving, &mut problems);
    check_config(candidate, place, &mut problems);
    problems.extend(callers(
        &place
            .graph
            .clone()
            .with(candidate.exported, &candidate.contract.called),
    ));
    problems.extend(credentials(place.auth, candidate.exported));
    problems.truncate(MAX_PROBLEMS);
    problems
}

/// Versions only grow, so that nobody brings an old fault back without saying so.
fn check_version(
    candidate: &Candidate<'_>,
    place: &Place<'_>,
    options: &DeployOptions,
    problems: &mut Vec<Problem>,
) {
    let (next, serving) = (&candidate.exported.version, &place.exported.version);
    if next.major != serving.major {
        problems.push(Problem::new(
            "version",
            format!(
                "the build is {next}, and clients speak major version {}",
                serving.major
            ),
            "a channel keeps its major version: serve another one as a channel of its own",
        ));
    }
    if options.allow_downgrade {
        return;
    }
    let highest = place.record.highest.as_ref();
    let reached = highest.map_or(serving, |highest| serving.max(&highest.version));
    if next < reached {
        problems.push(Problem::new(
            "version",
            format!("the build is {next}, and {reached} was deployed before"),
            "deploy a newer one, or add `--allow-downgrade`",
        ));
    }
    let reached = highest.and_then(|highest| highest.signed);
    if let (Some(next), Some(reached)) = (candidate.counter, reached)
        && (next < reached.counter
            || (next == reached.counter && candidate.digest != reached.digest))
    {
        let reached = reached.counter;
        problems.push(Problem::new(
            "version",
            format!("the build is signed with counter {next}, and {reached} was deployed before"),
            "deploy a newer one, or add `--allow-downgrade`",
        ));
    }
}

fn check_quarantine(
    candidate: &Candidate<'_>,
    place: &Place<'_>,
    options: &DeployOptions,
    problems: &mut Vec<Problem>,
) {
    if place.record.quarantined.contains(&candidate.digest) && !options.allow_quarantined {
        problems.push(Problem::new(
            "quarantine",
            "this very build was taken out of service and put into quarantine",
            "deploy one that is mended; the audit record says why it was, and `--allow-quarantined` lets it out",
        ));
    }
}

fn check_commands(candidate: &Candidate<'_>, place: &Place<'_>, problems: &mut Vec<Problem>) {
    for found in breaks(place.exported, candidate.exported) {
        problems.push(Problem::new(
            "commands",
            format!("clients would notice: {found}"),
            "keep what the serving build has, and only add optional fields and commands",
        ));
    }
}

/// What the build imports must be granted; and what the serving build does not import must be given with this deploy, also where
/// the configuration would allow it. A list in a configuration says what a channel may ever have. That a build begins to use more
/// of it is news to its operator, and the moment to look why.
fn check_grants(
    candidate: &Candidate<'_>,
    place: &Place<'_>,
    asked: &Grants,
    problems: &mut Vec<Problem>,
) {
    let channel = &*candidate.exported.name;
    let imports = &candidate.contract.imports;
    let had = Grants::needed_by(&place.serving.imports).and(asked);
    if let Err(new) = had.check(channel, imports) {
        let flags = new.grants.iter().map(|grant| format!("--grant {grant}"));
        problems.push(Problem::new(
            "imports",
            format!(
                "the build imports {}, which the serving one does not",
                new.imports.join(", ")
            ),
            format!(
                "if it should have that, add `{}`",
                flags.collect::<Vec<_>>().join(" ")
            ),
        ));
    }
    let granted = match place.settings.grants(channel) {
        Ok(granted) => granted,
        Err(cause) => {
            let remedy = "correct the configuration and restart";
            return problems.push(Problem::new("grants", cause, remedy));
        }
    };
    // Without a list in the configuration, what is missing is what was named above: it would be given with the flag.
    if place.settings.component.grants.is_some()
        && let Err(missing) = granted.check(channel, imports)
    {
        problems.push(Problem::new(
            "grants",
            format!(
                "the build imports {}, which `components.{channel}.grants` does not list",
                missing.imports.join(", ")
            ),
            format!(
                "add {} to it and restart: what a configuration lists is all that a channel may have",
                missing.grants.join(", ")
            ),
        ));
    }
}

/// Whether `next` reads what `serving` wrote.
pub(crate) fn check_schema(next: &Contract, serving: &Contract, problems: &mut Vec<Problem>) {
    let (reads, writes) = (&next.manifest.schema.reads, serving.manifest.schema.writes);
    if !reads.contains(&writes) {
        problems.push(Problem::new(
            "schema",
            format!(
                "the store holds values of schema {writes}, and the build reads {reads:?} only"
            ),
            "use a build whose manifest lists that schema under `reads`, and that reads it",
        ));
    }
}

fn check_config(candidate: &Candidate<'_>, place: &Place<'_>, problems: &mut Vec<Problem>) {
    let channel = &*candidate.exported.name;
    if let Err(cause) = values(channel, candidate.contract, &place.settings) {
        problems.push(Problem::new(
            "config",
            cause,
            "correct the configuration and restart, or deploy a build that it fits",
        ));
    }
}

/// Why the builds in `graph` cannot serve together.
pub(crate) fn callers(graph: &Graph<'_>) -> Vec<Problem> {
    let errors = graph.errors().into_iter().take(MAX_PROBLEMS);
    let problem = |error| {
        let remedy =
            "deploy builds in an order in which every call finds its command, callee first";
        Problem::new("callers", error, remedy)
    };
    errors.map(problem).collect()
}

/// Whether a channel that checks credentials still does: else every user would be refused, one message after the other.
pub(crate) fn credentials(auth: &AuthCommands, exported: &Channel) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, command) in [("jwt", &auth.jwt), ("api_token", &auth.api_token)] {
        let Some((channel, name)) = command else {
            continue;
        };
        if **channel == *exported.name && !exported.command(name).is_some_and(takes_a_credential) {
            let cause = DeployError::Auth {
                key,
                channel: channel.clone(),
                command: name.clone(),
            };
            let remedy = "keep that command: users' credentials are checked by it";
            problems.push(Problem::new("auth", cause, remedy));
        }
    }
    problems
}

/// What a build that could not be loaded is told: what is left after all that was checked before.
pub(crate) fn of_loading(cause: DeployError) -> Problem {
    match cause {
        DeployError::Contract(_) | DeployError::Channel { .. } => {
            Problem::new("contract", cause, "deploy a component of this channel")
        }
        DeployError::Missing(_) | DeployError::Grant { .. } => {
            Problem::new("grants", cause, "correct the configuration and restart")
        }
        DeployError::Config { .. } => {
            Problem::new("config", cause, "correct the configuration and restart")
        }
        DeployError::Graph(_) | DeployError::Auth { .. } => {
            Problem::new("callers", cause, "deploy a build that fits the others")
        }
        DeployError::Compile(_) => Problem::new(
            "contract",
            cause,
            "build it with current tools, without features of WebAssembly that are not finished",
        ),
    }
}
