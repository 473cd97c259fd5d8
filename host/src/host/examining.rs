//! A candidate, read and checked: nothing is stored, compiled or run.

use super::Host;
use crate::builds::check::{self, Candidate, Place, Problem};
use crate::builds::signature::Accepted;
use crate::builds::{BuildRecord, DeployOptions, DeploymentRecord, Highest};
use crate::sandbox::deployment::Deployment;
use crate::sandbox::{Deployments, Digest, Grants};

/// What the reading of a candidate gave.
pub(super) struct Examined {
    pub(super) build: BuildRecord,
    pub(super) highest: Highest,
    pub(super) given: Grants,
    pub(super) warnings: Vec<String>,
}

impl Host {
    pub(super) fn check_size(&self, size: usize) -> Result<(), Problem> {
        let most = self.0.config.deploy.max_bytes;
        match size <= most {
            true => Ok(()),
            false => Err(Problem::new(
                "limits",
                format!("the build has {size} bytes; at most {most} are accepted"),
                "make it smaller (optimise for size, strip it), or raise `deploy.max_bytes`",
            )),
        }
    }

    /// Reads the build and says everything that is wrong with it. Nothing is compiled or run.
    pub(super) fn examine(
        &self,
        channel: &str,
        digest: Digest,
        bytes: &[u8],
        (record, deployments): (&DeploymentRecord, &Deployments),
        options: &DeployOptions,
    ) -> Result<Examined, Vec<Problem>> {
        let (contract, at) = check::read(channel, bytes).map_err(|problem| vec![problem])?;
        let exported = &contract.channels[at];
        let mut problems = Vec::new();
        let version = exported.version.to_string();
        let signature = options.signature.as_deref();
        let counter = self
            .0
            .provenance
            .verify(channel, &digest, &exported.version, signature)
            .unwrap_or_else(|problem| {
                problems.push(problem);
                None
            });
        let Some(serving) = deployments.get(channel) else {
            let remedy = "`component list` shows those that are served";
            return Err(vec![Problem::new(
                "contract",
                "nobody serves the channel",
                remedy,
            )]);
        };
        let (given, asked) =
            check::given(&contract, &serving.given, options).unwrap_or_else(|problem| {
                problems.push(problem);
                Default::default()
            });
        let candidate = Candidate {
            contract: &contract,
            exported,
            digest,
            counter,
        };
        let place = Place {
            serving: &serving.contract,
            exported: serving.exported(),
            graph: deployments.graph(),
            settings: self.0.settings(channel, given.clone()),
            auth: &self.0.router.auth,
            record,
        };
        problems.extend(check::check(&candidate, &place, &asked, options));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut build = BuildRecord::new(channel, digest, &version, bytes.len());
        build.author = contract.author.as_deref().map(str::to_owned);
        build.counter = counter;
        build.signature.clone_from(&options.signature);
        Ok(Examined {
            build,
            highest: Highest {
                version: exported.version.clone(),
                signed: counter
                    .map(|counter| Accepted { counter, digest })
                    .or(record.highest.as_ref().and_then(|highest| highest.signed)),
            },
            given,
            warnings: one_way(serving, &contract.manifest.schema.writes)
                .into_iter()
                .collect(),
        })
    }
}

/// What the serving build does not read any more once the next one has written.
fn one_way(serving: &Deployment, writes: &u32) -> Option<String> {
    let reads = &serving.contract.manifest.schema.reads;
    (!reads.contains(writes)).then(|| {
        format!(
            "it writes schema {writes}, which the build before does not read: going back to that one needs `--allow-unread-schema`"
        )
    })
}
