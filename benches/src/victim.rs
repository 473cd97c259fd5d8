//! The victim of a flood: `verify-token`, asked at a steady pace, a fraction of what the machine could do, so that its latency shows
//! what it waits for and not its own queue.
//!
//! A latency counts from the moment the host has the message. What the kernel makes the pacing thread wait for a core is the client's
//! and not the host's: it is a figure of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::runtime::Runtime;
use vestibule::Host;

use crate::fixture;
use crate::measure::{Cpu, Latencies, Sample, Samples, median};
use crate::pace::Pace;
use crate::report::Row;

/// Messages a second of the victim.
const PACE: f64 = 1_000.0;

/// The victim, round by round.
#[derive(Default)]
pub(crate) struct Victims {
    answers: Samples,
    /// How late 99 % of the messages were sent at most, a round each.
    late_us: Vec<f64>,
}

impl Victims {
    pub(crate) fn push(&mut self, (sample, late): (Sample, Latencies)) {
        self.answers.0.push(sample);
        self.late_us.push(late.percentile_us(99.0));
    }

    pub(crate) fn row(&self, bench: &'static str, name: &str) -> Row {
        Row::new(bench, name)
            .figure("rate_s", self.answers.median(Sample::rate))
            .figure("p50_us", self.answers.percentile_us(50.0))
            .figure("p99_us", self.answers.percentile_us(99.0))
            .figure("p99.9_us", self.answers.percentile_us(99.9))
            .figure("sent_late_p99_us", median(self.late_us.clone()))
    }

    /// The p99 here divided by the p99 of `quiet`, round by round.
    pub(crate) fn times_p99(&self, quiet: &Self) -> f64 {
        let p99 = |sample: &Sample| sample.latencies.percentile_us(99.0);
        self.answers.ratio(&quiet.answers, p99)
    }
}

/// Verifies tokens at a steady pace: the answers, and how late the messages were sent.
pub(crate) fn verify(
    runtime: &Runtime,
    host: &Host,
    tokens: &Arc<[String]>,
    span: Duration,
) -> Result<(Sample, Latencies)> {
    let cpu = Cpu::of_this_process()?;
    let (host, tokens) = (host.clone(), tokens.clone());
    let started = Instant::now();
    let paced = Pace::start(runtime, PACE, span, move |number| {
        let sent = Instant::now();
        let (host, tokens) = (host.clone(), tokens.clone());
        async move {
            fixture::verify_valid(&host, &tokens[number % tokens.len()]).await?;
            anyhow::Ok(sent.elapsed())
        }
    })?;
    let (answers, late) = paced.finish(runtime)?;
    let mut latencies = Latencies::new();
    for took in answers {
        latencies.record(took?);
    }
    let sample = Sample {
        latencies,
        wall: started.elapsed(),
        cpu: Cpu::of_this_process()?.since(&cpu),
    };
    Ok((sample, late))
}
