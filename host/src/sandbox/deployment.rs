//! A deployment: one build of a component, read, checked, compiled and linked, ready to be instantiated.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, Val};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, UpdateDeadline};

use super::code_cache::CodeCache;
use super::deploy_error::DeployError;
use super::digest::Digest;
use super::engine::Engine;
use super::fault::{Ending, Fault};
use super::grants::Grants;
use super::limits::EffectiveLimits;
use super::nested;
use super::state::State;
use super::trace::Trace;
use super::work::Work;
use crate::capability;
use crate::config;
use crate::contract::{Channel, Command, Contract};
use crate::services::Services;
use crate::store::Namespace;
use crate::telemetry::Metrics;

/// The most that one call of a capability, or one reply, may take of the host's memory, in bytes.
const MAX_LIFTED_BYTES: usize = 32 * 1024 * 1024;

/// A build that can serve a channel.
pub(crate) struct Deployment {
    /// The channel it serves.
    pub(crate) channel: Arc<str>,
    /// Where its entries lie.
    pub(crate) namespace: Namespace,
    /// What the build says of itself.
    pub(crate) contract: Arc<Contract>,
    /// What it may import.
    pub(crate) grants: Grants,
    /// What a message in it may use up.
    pub(crate) limits: EffectiveLimits,
    /// The values that `config.get` gives.
    pub(crate) config: BTreeMap<String, String>,
    /// The schema it writes.
    pub(crate) schema: u32,
    /// SHA-256 of its bytes.
    pub(crate) digest: Digest,
    /// The size of its bytes.
    pub(crate) size: usize,
    /// What it was given when it was deployed, beside what the channel has anyway.
    pub(crate) given: Grants,
    /// How it did since this host took it into use.
    pub(crate) counts: Counts,
    at: usize,
    commands: HashMap<String, (usize, ComponentExportIndex)>,
    pre: InstancePre<State>,
}

/// What a build is deployed with.
pub(crate) struct Settings<'a> {
    /// Limits of the installation.
    pub(crate) limits: &'a config::Limits,
    /// Values every component may read.
    pub(crate) shared: &'a config::Shared,
    /// Where links in mails lead, if not to the host's pages.
    pub(crate) links: &'a config::Links,
    /// The component's own settings.
    pub(crate) component: &'a config::Component,
    /// What it may import if nothing is configured.
    pub(crate) default_grants: Grants,
    /// What it was given when it was deployed.
    pub(crate) given: Grants,
}

impl Settings<'_> {
    /// What a build of `channel` may import. What the configuration lists is all that a channel may ever have; where it lists
    /// nothing, a deploy may give more than the bundled build has.
    pub(crate) fn grants(&self, channel: &str) -> Result<Grants, DeployError> {
        match &self.component.grants {
            Some(names) => Grants::parse(names).map_err(|cause| DeployError::Grant {
                channel: channel.to_owned(),
                cause,
            }),
            None => Ok(self.default_grants.and(&self.given)),
        }
    }
}

/// How often a build was called and how often it was to blame for a message's end. Of this process, since it was loaded.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    calls: AtomicU64,
    faults: AtomicU64,
}

impl Counts {
    /// It was to blame.
    pub(crate) fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// Calls, nested ones and repeated ones included; and faults.
    pub(crate) fn read(&self) -> (u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.calls), read(&self.faults))
    }
}

impl Deployment {
    /// Reads, checks, compiles and links `bytes` to serve `channel`. Blocks for as long as compiling takes.
    pub(crate) fn load(
        engine: &Engine,
        cache: Option<&CodeCache>,
        channel: &str,
        bytes: &[u8],
        settings: &Settings<'_>,
    ) -> Result<Self, DeployError> {
        let contract = Arc::new(Contract::read(bytes)?);
        let Some(at) = contract
            .channels
            .iter()
            .position(|exported| *exported.name == *channel)
        else {
            let found = contract
                .channels
                .iter()
                .map(|exported| exported.name.to_string())
                .collect();
            return Err(DeployError::Channel {
                wanted: channel.to_owned(),
                found,
            });
        };
        let grants = settings.grants(channel)?;
        grants
            .check(channel, &contract.imports)
            .map_err(DeployError::Missing)?;
        let config = values(channel, &contract, settings)?;
        let digest = Digest::of(bytes);
        let component = compile(engine, cache, &digest, bytes)?;
        let pre = link(engine, &contract, &grants, &component)?;
        let commands = exports(&component, &contract.channels[at])?;
        Ok(Self {
            channel: channel.into(),
            namespace: Namespace::channel("default", channel),
            schema: contract.manifest.schema.writes,
            limits: EffectiveLimits::of(settings.limits, &settings.component.limits),
            size: bytes.len(),
            given: settings.given.clone(),
            counts: Counts::default(),
            contract,
            grants,
            config,
            digest,
            at,
            commands,
            pre,
        })
    }

    /// The channel's commands and types, as this build declares them.
    pub(crate) fn exported(&self) -> &Channel {
        &self.contract.channels[self.at]
    }

    /// The command `name`, if the build has it.
    pub(crate) fn command(&self, name: &str) -> Option<&Command> {
        let (index, _) = self.commands.get(name)?;
        self.exported().commands.get(*index)
    }

    /// Runs `command` in a fresh sandbox. The message comes back, whatever happens in it.
    pub(crate) async fn invoke(
        self: &Arc<Self>,
        services: &Arc<Services>,
        work: Box<Work>,
        command: &str,
        params: &[Val],
        via: Option<Arc<str>>,
    ) -> (Option<Box<Work>>, Result<Option<Val>, Ending>) {
        let _live = Live::new(&services.metrics);
        self.counts.calls.fetch_add(1, Ordering::Relaxed);
        let mut store = self.sandbox(services, work, via);
        let called = self.call(&mut store, command, params).await;
        let exceeded = store.data().memory.exceeded;
        let result = called.map_err(|error| self.ending(error, exceeded, command));
        (store.into_data().into_work(), result)
    }

    /// Makes a sandbox and calls nothing in it: whatever runs when a build is instantiated runs, within its limits. The message
    /// comes back to nobody.
    pub(crate) async fn instantiate(
        self: &Arc<Self>,
        services: &Arc<Services>,
        work: Box<Work>,
    ) -> Result<(), Ending> {
        let _live = Live::new(&services.metrics);
        let mut store = self.sandbox(services, work, None);
        let instantiated = self.pre.instantiate_async(&mut store).await;
        let exceeded = store.data().memory.exceeded;
        instantiated
            .map(drop)
            .map_err(|error| self.ending(error, exceeded, ""))
    }

    /// A store of its own for one call, with its limits.
    fn sandbox(
        self: &Arc<Self>,
        services: &Arc<Services>,
        work: Box<Work>,
        via: Option<Arc<str>>,
    ) -> Store<State> {
        let state = State::new(self.clone(), via, services.clone(), work);
        let mut store = Store::new(services.engine.wasmtime(), state);
        store.limiter(|state| &mut state.memory);
        // What a guest hands over is lifted into host memory: it is bounded before it is counted.
        store.set_hostcall_fuel(
            usize::try_from(self.limits.host_call_bytes)
                .unwrap_or(usize::MAX)
                .min(MAX_LIFTED_BYTES),
        );
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| tick(store.data_mut()));
        store
    }

    async fn call(
        &self,
        store: &mut Store<State>,
        command: &str,
        params: &[Val],
    ) -> wasmtime::Result<Option<Val>> {
        let (index, export) = match self.commands.get(command) {
            Some((index, export)) => (*index, export),
            None => return Err(store.data().fault(Fault::Contract)),
        };
        let replies = {
            let command = &self.exported().commands[index];
            command.fallible || command.reply.is_some()
        };
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let function = match instance.get_func(&mut *store, export) {
            Some(function) => function,
            None => return Err(store.data().fault(Fault::Contract)),
        };
        let mut results = vec![Val::Bool(false); usize::from(replies)];
        function
            .call_async(&mut *store, params, &mut results)
            .await?;
        Ok(results.pop())
    }

    /// Why a call ended early, in our words.
    fn ending(&self, error: wasmtime::Error, memory_exceeded: bool, command: &str) -> Ending {
        let channel = self.channel.to_string();
        let trace = Some(Box::new(Trace::of(&error, self.digest, command)));
        let error = match error.downcast::<Ending>() {
            // A capability found it at fault. A component that it called said already where it was.
            Ok(Ending::Fault {
                fault,
                channel,
                trace: None,
            }) => {
                return Ending::Fault {
                    fault,
                    channel,
                    trace,
                };
            }
            Ok(ending) => return ending,
            Err(error) => error,
        };
        if error.is::<PoolConcurrencyLimitError>() {
            // Permits are counted so that this cannot be; if it is, it is the host's fault and not the component's.
            return Ending::Unavailable {
                retry_after_ms: 500,
                cause: Some(error.into()),
            };
        }
        let fault = if memory_exceeded || error.is::<Fault>() {
            Fault::Memory
        } else {
            match error.downcast_ref::<Trap>() {
                Some(Trap::StackOverflow) => Fault::StackOverflow,
                Some(Trap::Interrupt) => Fault::Cpu,
                None if is_lift_refusal(&error) => Fault::HostCallBytes,
                _ => Fault::Trap,
            }
        };
        Ending::Fault {
            fault,
            channel,
            trace,
        }
    }
}

/// Counts one sandbox, for as long as it is there: also when a deadline drops it.
struct Live<'a>(&'a Metrics);

impl<'a> Live<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.sandbox_live(1);
        Self(metrics)
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.0.sandbox_live(-1);
    }
}

/// Whether wasmtime refused to lift so much into host memory. Its error has no public type, so it is known by its words;
/// the suite's giant reply notices if they change.
fn is_lift_refusal(error: &wasmtime::Error) -> bool {
    let says = |cause: &(dyn std::error::Error + 'static)| {
        cause.to_string().contains("fuel allocated for hostcalls")
    };
    error.chain().any(says)
}

/// Counts one tick of CPU time, and ends the turn: whoever waits may be before this one.
fn tick(state: &mut State) -> wasmtime::Result<UpdateDeadline> {
    let own = state.deployment.limits.cpu_ms;
    let work = state.work()?;
    work.usage.cpu_ticks += 1;
    if work.usage.cpu_ticks > own.max(work.facts.limits.cpu_ms) {
        return Err(state.fault(Fault::Cpu));
    }
    Ok(UpdateDeadline::Yield(1))
}

/// What `config.get` answers: for each name that the build declares the component's own value, else the installation's
/// shared one, else the build's default.
pub(crate) fn values(
    channel: &str,
    contract: &Contract,
    settings: &Settings<'_>,
) -> Result<BTreeMap<String, String>, DeployError> {
    let refused = |violations| DeployError::Config {
        channel: channel.to_owned(),
        violations,
    };
    let own = &settings.component.config;
    let mut values = contract
        .manifest
        .resolve(own)
        .map_err(|violations| refused(violations.iter().map(ToString::to_string).collect()))?;
    let mut violations = Vec::new();
    for (name, place, value) in shared(settings) {
        let mut keys = contract.manifest.config.iter();
        let declared = keys.find(|key| key.name == name);
        let (Some(value), Some(key), false) = (value, declared, own.contains_key(name)) else {
            continue;
        };
        match key.read(&toml::Value::String(value.clone())) {
            Ok(value) => {
                values.insert(name.to_owned(), value);
            }
            Err(rule) => violations.push(format!("`{place}` {rule}")),
        }
    }
    match violations.is_empty() {
        true => Ok(values),
        false => Err(refused(violations)),
    }
}

/// What the whole installation has: under which name a build may declare it, where it is configured, and its value.
fn shared<'a>(settings: &Settings<'a>) -> [(&'static str, &'static str, Option<&'a String>); 6] {
    let (shared, links) = (settings.shared, settings.links);
    [
        ("issuer", "shared.issuer", Some(&shared.issuer)),
        ("audience", "shared.audience", Some(&shared.audience)),
        (
            "public-origin",
            "shared.public_origin",
            Some(&shared.public_origin),
        ),
        (
            "product-name",
            "shared.product_name",
            Some(&shared.product_name),
        ),
        (
            "verify-link",
            "links.verify_email",
            links.verify_email.as_ref(),
        ),
        (
            "reset-link",
            "links.new_password",
            links.new_password.as_ref(),
        ),
    ]
}

fn compile(
    engine: &Engine,
    cache: Option<&CodeCache>,
    digest: &Digest,
    bytes: &[u8],
) -> Result<Component, DeployError> {
    if let Some(component) = cache.and_then(|cache| cache.load(engine, digest)) {
        return Ok(component);
    }
    let component = Component::from_binary(engine.wasmtime(), bytes)
        .map_err(|cause| DeployError::Compile(format!("{cause:#}")))?;
    if let Some(cache) = cache {
        cache.keep(engine, digest, &component);
    }
    Ok(component)
}

/// Links what was granted and nothing else: an import that slipped through the check still finds no door.
fn link(
    engine: &Engine,
    contract: &Contract,
    grants: &Grants,
    component: &Component,
) -> Result<InstancePre<State>, DeployError> {
    let failed = |cause: wasmtime::Error| DeployError::Compile(format!("{cause:#}"));
    let mut linker = Linker::new(engine.wasmtime());
    capability::add_wasi_to_linker(&mut linker).map_err(failed)?;
    for name in capability::names().filter(|name| grants.has_capability(name)) {
        capability::add_to_linker(&mut linker, name).map_err(failed)?;
    }
    nested::add_to_linker(&mut linker, &contract.imports).map_err(failed)?;
    linker.instantiate_pre(component).map_err(failed)
}

/// Where each command is, so that a call looks nothing up by name.
fn exports(
    component: &Component,
    channel: &Channel,
) -> Result<HashMap<String, (usize, ComponentExportIndex)>, DeployError> {
    let lost = || DeployError::Compile(format!("the export {} cannot be found", channel.interface));
    let interface = component
        .get_export_index(None, &*channel.interface)
        .ok_or_else(lost)?;
    let mut commands = HashMap::new();
    for (index, command) in channel.commands.iter().enumerate() {
        let export = component
            .get_export_index(Some(&interface), &*command.name)
            .ok_or_else(lost)?;
        commands.insert(command.name.to_string(), (index, export));
    }
    Ok(commands)
}
