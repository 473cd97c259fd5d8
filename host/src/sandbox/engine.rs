//! The wasmtime engine: one a process is enough, and several hosts may share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How often a running guest is looked at. It is also the unit in which CPU time is counted.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// The largest memory a sandbox can be given by configuration: enough for a JavaScript guest.
pub const MAX_MEMORY_BYTES: usize = 256 * 1024 * 1024;

/// Core instances of one component: the guest, the adapters that wit-component adds, and some room.
const CORE_INSTANCES: u32 = 8;

/// Compiles and runs components. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    engine: wasmtime::Engine,
    sandboxes: u32,
    pulse: Arc<Pulse>,
    ticker: Thread,
}

/// For how many ticks the ticker goes on when nothing runs any more. Waking its thread costs more than a small message does, and
/// under any load the next message comes sooner than this.
const IDLE_TICKS: u32 = 50;

/// What the ticker's thread watches.
#[derive(Default)]
struct Pulse {
    running: AtomicU32,
    /// Whether the ticker sleeps until it is woken.
    asleep: AtomicBool,
    stop: AtomicBool,
}

impl Engine {
    /// An engine with room for `sandboxes` at once: messages in flight times how deep they nest.
    ///
    /// # Errors
    /// When the machine has no room for that many, or does not support what wasmtime needs.
    pub fn new(sandboxes: u32) -> Result<Self, EngineError> {
        let engine = wasmtime::Engine::new(&config(sandboxes))
            .map_err(|cause| EngineError(format!("{cause:#}")))?;
        let pulse = Arc::new(Pulse::default());
        let ticker = spawn_ticker(engine.clone(), pulse.clone())?;
        Ok(Self(Arc::new(Inner {
            engine,
            sandboxes,
            pulse,
            ticker,
        })))
    }

    /// How many sandboxes there can be at once.
    #[must_use]
    pub fn sandboxes(&self) -> u32 {
        self.0.sandboxes
    }

    /// The engine itself, for measurements.
    #[doc(hidden)]
    #[must_use]
    pub fn wasmtime(&self) -> &wasmtime::Engine {
        &self.0.engine
    }

    /// Marks a message as running, so that epochs advance.
    pub(crate) fn run(&self) -> Running {
        // In this order: the ticker says that it sleeps before it looks a last time.
        self.0.pulse.running.fetch_add(1, Ordering::SeqCst);
        if self.0.pulse.asleep.load(Ordering::SeqCst)
            && self.0.pulse.asleep.swap(false, Ordering::SeqCst)
        {
            self.0.ticker.unpark();
        }
        Running(self.0.clone())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.pulse.stop.store(true, Ordering::SeqCst);
        self.ticker.unpark();
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("sandboxes", &self.0.sandboxes)
            .finish_non_exhaustive()
    }
}

/// The engine could not be made.
#[derive(Debug, thiserror::Error)]
#[error("wasmtime cannot run on this machine: {0}")]
pub struct EngineError(String);

/// While it lives, epochs advance.
pub(crate) struct Running(Arc<Inner>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.pulse.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn config(sandboxes: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(sandboxes)
        .total_core_instances(sandboxes.saturating_mul(CORE_INSTANCES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_memories(sandboxes)
        .max_memories_per_component(1)
        .total_tables(sandboxes.saturating_mul(4))
        .max_tables_per_component(4)
        .total_stacks(sandboxes)
        .max_memory_size(MAX_MEMORY_BYTES)
        // Pages that were touched are zeroed in place up to this, instead of being given back and faulted in again.
        .linear_memory_keep_resident(64 * 1024)
        .table_keep_resident(16 * 1024)
        // Ask the kernel (Linux 6.7) which pages were touched. Falls back by itself where it cannot.
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .wasm_component_model(true)
        .wasm_relaxed_simd(false)
        .max_wasm_stack(512 * 1024)
        .async_stack_size(1024 * 1024);
    config
}

/// A thread that advances the epoch every [`TICK`] while anything runs, and is parked when nothing has for a while.
fn spawn_ticker(engine: wasmtime::Engine, pulse: Arc<Pulse>) -> Result<Thread, EngineError> {
    let engine = engine.weak();
    let tick = move || {
        let mut idle = 0;
        while !pulse.stop.load(Ordering::SeqCst) {
            if pulse.running.load(Ordering::SeqCst) > 0 {
                idle = 0;
            } else if idle < IDLE_TICKS {
                idle += 1;
            } else {
                pulse.asleep.store(true, Ordering::SeqCst);
                // A wake-up that comes between the look and the park is remembered: park returns at once.
                if pulse.running.load(Ordering::SeqCst) == 0 && !pulse.stop.load(Ordering::SeqCst) {
                    thread::park();
                }
                pulse.asleep.store(false, Ordering::SeqCst);
                idle = 0;
            }
            let Some(engine) = engine.upgrade() else {
                return;
            };
            engine.increment_epoch();
            thread::park_timeout(TICK);
        }
    };
    let builder = thread::Builder::new().name("vestibule-epoch".into());
    let handle = builder
        .spawn(tick)
        .map_err(|cause| EngineError(cause.to_string()))?;
    Ok(handle.thread().clone())
}
