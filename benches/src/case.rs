//! Cases that are compared: they take turns, round by round.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;
use tokio::runtime::Runtime;
use vestibule::Host;
use vestibule::message::Message;

use crate::Options;
use crate::machine::cores;
use crate::measure::{Sample, Samples, keep_busy};
use crate::people::ok;
use crate::report::Row;

/// A case: what measures it for a while, and what that gave.
pub(crate) struct Case<'a> {
    pub(crate) name: String,
    measure: Box<dyn Fn(Duration) -> Result<Sample> + 'a>,
    pub(crate) samples: Samples,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        name: impl Into<String>,
        measure: impl Fn(Duration) -> Result<Sample> + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            measure: Box::new(measure),
            samples: Samples::default(),
        }
    }

    /// Its usual figures.
    pub(crate) fn row(&self, bench: &'static str) -> Row {
        Row::new(bench, &*self.name)
            .figure("rate_s", self.samples.median(Sample::rate))
            .figure("cpu_us", self.samples.median(Sample::cpu_us))
            .figure("cores", self.samples.median(Sample::cores))
            .figure("p50_us", self.samples.percentile_us(50.0))
            .figure("p99_us", self.samples.percentile_us(99.0))
    }
}

/// Measures the cases in turns, each after a while to get warm.
pub(crate) fn in_turns(cases: &mut [Case<'_>], options: &Options) -> Result<()> {
    for _ in 0..options.rounds {
        for case in &mut *cases {
            (case.measure)(options.span / 10)?;
            case.samples.0.push((case.measure)(options.span)?);
        }
    }
    Ok(())
}

/// Measures a flood of messages, `in_flight` at once; an answer that is not as `good` says is an error: what is measured must
/// be the whole work.
pub(crate) fn answered<'a>(
    runtime: &'a Runtime,
    host: &'a Host,
    in_flight: usize,
    message: impl Fn(usize) -> Message + Send + Sync + 'static,
    good: fn(&Value) -> bool,
) -> impl Fn(Duration) -> Result<Sample> + 'a {
    let shared = Arc::new((host.clone(), message));
    move |span| {
        let shared = shared.clone();
        keep_busy(runtime, in_flight, span, move |number| {
            let shared = shared.clone();
            async move {
                let (host, message) = &*shared;
                let reply = ok(host, message(number)).await?;
                ensure!(good(&reply), "not the answer that was to be measured");
                Ok(())
            }
        })
    }
}

/// So many that hash keep every core busy, and fewer than may wait for a hash: all cores, and half of the host's 64 permits.
pub(crate) fn hashing_in_flight() -> usize {
    (4 * cores()).min(cores() + 32)
}
