//! Measuring: latencies in a histogram, processor time beside wall time, medians over rounds.
//!
//! Wall time says what a client sees, and depends on what else the machine does. Processor time is what the work itself costs;
//! "a second a core" is derived from it, so that a busy machine does not make the figure smaller than it is. Both are reported.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use hdrhistogram::Histogram;
use tokio::runtime::Runtime;

/// The longest latency that is told apart from a longer one, in nanoseconds: a minute.
const MAX_NS: u64 = 60_000_000_000;

/// Latencies, in nanoseconds, to three digits.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, MAX_NS, 3).expect("the bounds are fixed and valid"))
    }

    pub(crate) fn record(&mut self, took: Duration) {
        self.0
            .saturating_record(u64::try_from(took.as_nanos()).unwrap_or(MAX_NS));
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("the bounds are the same");
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that `percent` of all do not exceed, in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub(crate) fn percentile_us(&self, percent: f64) -> f64 {
        self.0.value_at_percentile(percent) as f64 / 1_000.0
    }
}

/// One measured stretch of work.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) latencies: Latencies,
    pub(crate) wall: Duration,
    /// Processor time of whoever did the work, over all its threads.
    pub(crate) cpu: Duration,
}

impl Sample {
    /// What several did at the same time.
    pub(crate) fn together(samples: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self {
            latencies: Latencies::new(),
            wall: Duration::ZERO,
            cpu: Duration::ZERO,
        };
        for sample in samples {
            all.latencies.add(&sample.latencies);
            all.wall = all.wall.max(sample.wall);
            all.cpu += sample.cpu;
        }
        all
    }

    /// How many a second of wall time.
    pub(crate) fn rate(&self) -> f64 {
        self.count() / self.wall.as_secs_f64()
    }

    /// How many a second of one core's time.
    pub(crate) fn rate_per_core(&self) -> f64 {
        self.count() / self.cpu.as_secs_f64()
    }

    /// Processor time for one, in microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.count()
    }

    /// How many cores were busy with it.
    pub(crate) fn cores(&self) -> f64 {
        self.cpu.as_secs_f64() / self.wall.as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub(crate) fn count(&self) -> f64 {
        self.latencies.count() as f64
    }
}

/// The samples of one case, one a round.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(pub(crate) Vec<Sample>);

impl Samples {
    /// The median over the rounds of what `of` says of each.
    pub(crate) fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        median(self.0.iter().map(of).collect())
    }

    /// The median over the rounds of `of` here divided by `of` there, round by round: what disturbs a round disturbs both.
    pub(crate) fn ratio(&self, other: &Self, of: impl Fn(&Sample) -> f64) -> f64 {
        let pairs = self.0.iter().zip(&other.0);
        median(pairs.map(|(one, two)| of(one) / of(two)).collect())
    }

    /// The median of the rounds' latencies at `percent`, in microseconds.
    pub(crate) fn percentile_us(&self, percent: f64) -> f64 {
        self.median(|sample| sample.latencies.percentile_us(percent))
    }
}

/// The middle one; of an even number the mean of the two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

/// Calls `once` on this thread until `span` is over.
pub(crate) fn on_this_thread(
    span: Duration,
    mut once: impl FnMut(usize) -> Result<()>,
) -> Result<Sample> {
    let mut latencies = Latencies::new();
    let cpu = Cpu::of_this_thread()?;
    let started = Instant::now();
    let mut number = 0;
    let mut before = started;
    while before.duration_since(started) < span {
        once(number)?;
        let after = Instant::now();
        latencies.record(after.duration_since(before));
        before = after;
        number += 1;
    }
    Ok(Sample {
        latencies,
        wall: started.elapsed(),
        cpu: Cpu::of_this_thread()?.since(&cpu),
    })
}

/// Keeps `in_flight` calls of `once` in flight for `span`. Each call is given a number of its own.
pub(crate) fn keep_busy<F, W>(
    runtime: &Runtime,
    in_flight: usize,
    span: Duration,
    once: F,
) -> Result<Sample>
where
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = Result<()>> + Send,
{
    let started = Instant::now();
    let goes_on = move |_, now: Instant| now.duration_since(started) < span;
    in_lanes(runtime, in_flight, once, goes_on)
}

/// Calls `once` with every number below `count`, with `in_flight` calls in flight.
pub(crate) fn work_off<F, W>(
    runtime: &Runtime,
    in_flight: usize,
    count: usize,
    once: F,
) -> Result<Sample>
where
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = Result<()>> + Send,
{
    in_lanes(runtime, in_flight, once, move |number, _| number < count)
}

/// Calls `once` in so many lanes, one call after the other in each, while the next number and the moment allow it.
fn in_lanes<F, W>(
    runtime: &Runtime,
    lanes: usize,
    once: F,
    goes_on: impl Fn(usize, Instant) -> bool + Copy + Send + 'static,
) -> Result<Sample>
where
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = Result<()>> + Send,
{
    let cpu = Cpu::of_this_process()?;
    let started = Instant::now();
    let lane = |lane: usize| {
        let once = once.clone();
        async move {
            let mut latencies = Latencies::new();
            let mut before = Instant::now();
            let mut number = lane;
            while goes_on(number, before) {
                once(number).await?;
                let after = Instant::now();
                latencies.record(after.duration_since(before));
                before = after;
                number += lanes;
            }
            anyhow::Ok(latencies)
        }
    };
    let handles: Vec<_> = (0..lanes)
        .map(|number| runtime.spawn(lane(number)))
        .collect();
    let ended = runtime.block_on(try_join_all(handles))?;
    let wall = started.elapsed();
    let cpu = Cpu::of_this_process()?.since(&cpu);
    let mut latencies = Latencies::new();
    for lane in ended {
        latencies.add(&lane?);
    }
    Ok(Sample {
        latencies,
        wall,
        cpu,
    })
}

/// Processor time used so far, by the thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cpu(Vec<(String, Duration)>);

impl Cpu {
    /// Of the thread that asks.
    pub(crate) fn of_this_thread() -> Result<Self> {
        Ok(Self(vec![(
            String::new(),
            schedstat("/proc/thread-self/schedstat")?,
        )]))
    }

    /// Of this process.
    pub(crate) fn of_this_process() -> Result<Self> {
        Self::of_process("self")
    }

    /// Of the process `id`, thread by thread. What a thread used that has ended since is lost, so whoever measures keeps its threads.
    pub(crate) fn of_process(id: &str) -> Result<Self> {
        let tasks = format!("/proc/{id}/task");
        let mut threads = Vec::new();
        for task in fs::read_dir(&tasks).with_context(|| format!("{tasks} cannot be read"))? {
            let task = task?;
            let stat = task.path().join("schedstat");
            // A thread may end between the listing and the look.
            if let Ok(used) = schedstat(&stat.to_string_lossy()) {
                threads.push((task.file_name().to_string_lossy().into_owned(), used));
            }
        }
        Ok(Self(threads))
    }

    /// What was used since `earlier`.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        self.0
            .iter()
            .map(|(thread, used)| {
                let before = earlier.0.iter().find(|(known, _)| known == thread);
                used.saturating_sub(before.map_or(Duration::ZERO, |(_, before)| *before))
            })
            .sum()
    }
}

/// The first field of a `schedstat` file: nanoseconds on a processor.
fn schedstat(path: &str) -> Result<Duration> {
    let text = fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))?;
    let nanoseconds = text.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}
