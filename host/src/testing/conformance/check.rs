//! Playing all scenarios of a channel against a build.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::embedded::{channels, files};
use super::report::{Broken, Report, Row, Verdict};
use super::scenario::{File, Scenario};
use super::stage::{Pair, Stage, Workshop};
use super::state;
use super::world::play_alone;
use crate::config::{self, Config};
use crate::sandbox::{CodeCache, DeployError, Engine, EngineError};
use crate::testing::harness::cheap;

/// How long all the plays of one scenario may take: some of a build's messages may hang until the limit of each.
const SCENARIO: Duration = Duration::from_secs(60);

/// How builds are judged.
#[derive(Debug, Clone)]
pub struct Options {
    /// What a message may use up.
    pub limits: config::Limits,
    /// What a message of the channel that is judged may use up beside that.
    pub own_limits: config::ComponentLimits,
    /// Where compiled code is kept. None: in memory, for as long as the checker is there.
    pub code_cache: Option<CodeCache>,
    /// How many scenarios are played at once.
    pub at_once: NonZeroUsize,
    /// How long it may take. What is not played by then counts as broken.
    pub within: Duration,
    /// Whether nothing more is played once something is broken.
    pub stop_at_first: bool,
    /// Scenarios of the author's own, played with those that are known of the channel: what reports call a file, and its text.
    pub scenarios: Vec<(String, String)>,
}

impl Default for Options {
    /// The limits of a host without a configuration, one scenario after the other, five minutes, and all of them.
    fn default() -> Self {
        Self {
            limits: config::Limits::default(),
            own_limits: config::ComponentLimits::default(),
            code_cache: None,
            at_once: NonZeroUsize::MIN,
            within: Duration::from_secs(300),
            stop_at_first: false,
            scenarios: Vec::new(),
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Scenarios that have been played.
    pub played: usize,
    /// Scenarios in all.
    pub scenarios: usize,
}

/// Why a build could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Nothing is known of the channel.
    #[error("there are no scenarios for channel {channel}; there are for {}", .known.join(", "))]
    NoScenarios {
        /// The channel.
        channel: String,
        /// Those of which something is known.
        known: Vec<&'static str>,
    },
    /// A file of the author's own is no file of scenarios.
    #[error("{file}: {cause}")]
    Scenario {
        /// Which.
        file: String,
        /// Where it is wrong.
        cause: toml::de::Error,
    },
    /// The sandbox engine cannot run.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The build could not serve at all.
    #[error("{0}")]
    Candidate(#[source] DeployError),
    /// The build whose data it takes over could not serve.
    #[error("the serving build: {0}")]
    Serving(#[source] DeployError),
    /// A bundled build of another channel could not serve.
    #[error("the bundled build of channel {0}: {1}")]
    Bundled(String, #[source] DeployError),
    /// The host's own fault.
    #[error("the builds could not be loaded")]
    Aborted,
}

/// Judges `candidate`, a build of `channel`, against the bundled build, with [`Options::default`].
///
/// # Errors
/// When the build cannot be loaded, or nothing is known of the channel. What a build does not keep is in the report.
pub async fn check(channel: &str, candidate: Vec<u8>) -> Result<Report, CheckError> {
    let checker = Checker::new(Options::default())?;
    checker.check(channel, candidate, None, |_| {}).await
}

/// Judges builds: what it compiled for one it has for the next.
pub struct Checker {
    workshop: Workshop,
    options: Options,
}

impl Checker {
    /// A checker with an engine of its own: whatever a build does in it takes nothing from a host that serves.
    ///
    /// # Errors
    /// When the machine has no room for it.
    pub fn new(options: Options) -> Result<Self, CheckError> {
        let mut config = Config {
            limits: options.limits.clone(),
            ..cheap()
        };
        // One message at a time, and one that was given up and is not gone yet.
        config.limits.concurrent = 2;
        config.passwords.workers = 1;
        let worlds = u32::try_from(options.at_once.get()).unwrap_or(u32::MAX);
        let sandboxes = config.limits.concurrent.saturating_mul(config.limits.depth);
        let workshop = Workshop {
            engine: Engine::new(sandboxes.saturating_mul(worlds))?,
            code: options
                .code_cache
                .clone()
                .unwrap_or_else(CodeCache::in_memory),
            config,
        };
        Ok(Self { workshop, options })
    }

    /// Judges `candidate`, a build of `channel`, that would take over from `serving`; none: from the bundled build, or from
    /// nobody where none is. The other
    /// channels are served by the bundled builds. `progress` is told after every scenario.
    ///
    /// # Errors
    /// When one of the two cannot be loaded, or nothing is known of the channel. What the build does not keep is in the report.
    pub async fn check(
        &self,
        channel: &str,
        candidate: Vec<u8>,
        serving: Option<Vec<u8>>,
        progress: impl Fn(Progress),
    ) -> Result<Report, CheckError> {
        let mut files = files(channel);
        for (file, text) in &self.options.scenarios {
            let own = File::parse(file, text).map_err(|cause| CheckError::Scenario {
                file: file.clone(),
                cause,
            })?;
            files.push(own);
        }
        if files.is_empty() {
            let (channel, known) = (channel.to_owned(), channels());
            return Err(CheckError::NoScenarios { channel, known });
        }
        let stage = Arc::new(self.stage(channel, candidate, serving).await?);
        let (candidate, serving) = stage.digests();
        let mut report = Report::new(channel, &candidate, &serving);
        let end = Instant::now() + self.options.within;
        let scenarios: Vec<_> = scenarios(files).collect();
        let all = scenarios.len();
        let mut rows = stream::iter(scenarios)
            .map(|(path, scenario)| row(stage.clone(), path, scenario, end))
            .buffered(self.options.at_once.get());
        while let Some(row) = rows.next().await {
            let stops = self.options.stop_at_first && !row.holds();
            report.scenarios.push(row);
            progress(Progress {
                played: report.scenarios.len(),
                scenarios: all,
            });
            if stops {
                break;
            }
        }
        Ok(report)
    }

    async fn stage(
        &self,
        channel: &str,
        candidate: Vec<u8>,
        serving: Option<Vec<u8>>,
    ) -> Result<Stage, CheckError> {
        let mut workshop = self.workshop.clone();
        let own = config::Component {
            limits: self.options.own_limits.clone(),
            ..config::Component::default()
        };
        workshop.config.components.insert(channel.to_owned(), own);
        let channel = channel.to_owned();
        let set = move || Stage::set(workshop, &channel, candidate, serving);
        let set = tokio::task::spawn_blocking(set).await;
        set.map_err(|_| CheckError::Aborted)?
    }
}

/// Every scenario, with the path of its file.
fn scenarios(files: Vec<File>) -> impl Iterator<Item = (String, Arc<Scenario>)> {
    files.into_iter().flat_map(|file| {
        let path = file.path;
        let scenarios = file.scenario.into_iter();
        scenarios.map(move |scenario| (path.clone(), Arc::new(scenario)))
    })
}

/// One scenario, in a task of its own: whatever becomes of it is a row.
async fn row(stage: Arc<Stage>, file: String, scenario: Arc<Scenario>, end: Instant) -> Row {
    let played = Task(tokio::spawn({
        let scenario = scenario.clone();
        async move { verdicts(&stage, &scenario).await }
    }));
    let (contract, state) = played.by(end.min(Instant::now() + SCENARIO)).await;
    Row {
        file,
        name: scenario.name.clone(),
        covers: scenario.covers.clone(),
        contract,
        state,
    }
}

/// A task that ends with this.
struct Task(JoinHandle<(Verdict, Verdict)>);

impl Task {
    async fn by(mut self, end: Instant) -> (Verdict, Verdict) {
        match timeout_at(end, &mut self.0).await {
            Ok(Ok(verdicts)) => verdicts,
            // What a panic says may hold anything.
            Ok(Err(_)) => unknown("the play ended by a panic, which is a fault of the host"),
            Err(_) => unknown("it was not played to its end in time"),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Nothing is known to hold.
fn unknown(what: &str) -> (Verdict, Verdict) {
    let why = "the contract is not kept".to_owned();
    (
        Verdict::Broken(Broken::whole(what)),
        Verdict::Skipped { why },
    )
}

/// Whether the candidate keeps a scenario by itself, and together with the serving build.
async fn verdicts(stage: &Stage, scenario: &Scenario) -> (Verdict, Verdict) {
    let config = &scenario.config;
    let candidate = match stage.candidate(config) {
        Ok(candidate) => candidate,
        Err(cause) => return unknown(&format!("the build does not load for it: {cause}")),
    };
    if let Err(broken) = play_alone(stage, scenario, candidate.clone()).await {
        let why = "the contract is not kept".to_owned();
        return (Verdict::Broken(broken), Verdict::Skipped { why });
    }
    let state = match stage.serving(config) {
        Ok(serving) => state::judge(stage, scenario, &Pair { serving, candidate }).await,
        Err(cause) => Verdict::Skipped {
            why: format!("the serving build does not load for it: {cause}"),
        },
    };
    (Verdict::Held, state)
}
