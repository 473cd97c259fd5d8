//! The state of one sandbox: what a component's imports act on.

use std::sync::Arc;

use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::sandbox::deployment::Deployment;
use crate::sandbox::fault::{Ending, Fault};
use crate::sandbox::random::MessageRandom;
use crate::sandbox::work::Work;
use crate::services::Services;

/// The most WASI resources (streams, pollables) that a sandbox may hold.
const MAX_RESOURCES: usize = 256;

/// The data of one sandbox's store. It lives for one call.
pub(crate) struct State {
    /// The build that runs here.
    pub(crate) deployment: Arc<Deployment>,
    /// Which channel called, if this is a nested call.
    pub(crate) via: Option<Arc<str>>,
    /// What the host lends.
    pub(crate) services: Arc<Services>,
    /// This sandbox's random numbers.
    pub(crate) random: MessageRandom,
    /// Refuses memory beyond the limit, and remembers that it did.
    pub(crate) memory: MemoryLimit,
    /// The message. Absent only while a nested call has it.
    work: Option<Box<Work>>,
    wasi: Option<Box<Wasi>>,
}

/// The empty context for what the Rust standard library imports of WASI. Made when a guest first asks: most never do.
struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
}

impl State {
    pub(crate) fn new(
        deployment: Arc<Deployment>,
        via: Option<Arc<str>>,
        services: Arc<Services>,
        mut work: Box<Work>,
    ) -> Self {
        work.sandboxes += 1;
        let random = {
            let memory = work.facts.memory();
            MessageRandom::new(
                &memory.seed,
                &deployment.channel,
                memory.generation,
                work.sandboxes,
            )
        };
        let memory = MemoryLimit {
            bytes: deployment.limits.memory_bytes,
            exceeded: false,
        };
        Self {
            deployment,
            via,
            services,
            random,
            memory,
            work: Some(work),
            wasi: None,
        }
    }

    /// The message this sandbox works for.
    ///
    /// # Errors
    /// Never while guest code runs; an error keeps a mistake of ours from becoming a panic.
    pub(crate) fn work(&mut self) -> wasmtime::Result<&mut Work> {
        let absent = || absent_work(&self.deployment);
        self.work.as_deref_mut().ok_or_else(absent)
    }

    /// Hands the message to a nested call.
    pub(crate) fn lend_work(&mut self) -> wasmtime::Result<Box<Work>> {
        self.work
            .take()
            .ok_or_else(|| absent_work(&self.deployment))
    }

    /// Takes the message back.
    pub(crate) fn return_work(&mut self, work: Box<Work>) {
        self.work = Some(work);
    }

    /// Takes the message out of a sandbox that has ended.
    pub(crate) fn into_work(self) -> Option<Box<Work>> {
        self.work
    }

    /// An error that ends the message as this component's fault.
    pub(crate) fn fault(&self, fault: Fault) -> wasmtime::Error {
        ending(&self.deployment, fault)
    }

    /// Counts one call of a capability with `bytes` of arguments and results.
    pub(crate) fn charge(&mut self, bytes: usize) -> wasmtime::Result<&mut Work> {
        let own = self.deployment.clone();
        let work = self.work()?;
        let root = &work.facts.limits;
        let calls = own.limits.host_calls.max(root.host_calls);
        let most = own.limits.host_call_bytes.max(root.host_call_bytes);
        let usage = &mut work.usage;
        usage.host_calls += 1;
        usage.host_call_bytes = usage.host_call_bytes.saturating_add(bytes as u64);
        if usage.host_calls > calls {
            return Err(ending(&own, Fault::HostCalls));
        }
        if usage.host_call_bytes > most {
            return Err(ending(&own, Fault::HostCallBytes));
        }
        self.work()
    }
}

fn ending(deployment: &Deployment, fault: Fault) -> wasmtime::Error {
    wasmtime::Error::new(Ending::Fault {
        fault,
        channel: deployment.channel.to_string(),
        trace: None,
    })
}

/// Guest code runs while a nested call has the message: that cannot be.
fn absent_work(deployment: &Deployment) -> wasmtime::Error {
    ending(deployment, Fault::Contract)
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let now = self.work.as_ref().map_or(0, |work| work.facts.now);
        let wasi = self.wasi.get_or_insert_with(|| {
            let context = WasiCtx::builder()
                .monotonic_clock(super::random::StoppedClock(now))
                .build();
            let mut table = ResourceTable::new();
            table.set_max_capacity(MAX_RESOURCES);
            Box::new(Wasi { context, table })
        });
        WasiCtxView {
            ctx: &mut wasi.context,
            table: &mut wasi.table,
        }
    }
}

/// Refuses a sandbox more memory than its limit.
pub(crate) struct MemoryLimit {
    bytes: usize,
    /// Whether it was refused.
    pub(crate) exceeded: bool,
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired <= self.bytes {
            return Ok(true);
        }
        self.exceeded = true;
        // An error and not a refusal: a guest that is refused aborts anyway, and a trap of its own making would hide why.
        Err(wasmtime::Error::new(Fault::Memory))
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= 20_000)
    }
}
