//! What rotates and ends: `token/refresh-tokens` and `authorization/revoke-token`, durable at `synchronous=FULL`.
//!
//! Each lane of refreshes is a client with a session of its own, which presents the token it was given last. Each revocation is of a
//! pair that was saved beforehand, outside the measurement, and must be the one that did it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use vestibule::Host;

use crate::Options;
use crate::credentials::{Pair, pairs};
use crate::fixture::{self, Site, Variant, unlimited};
use crate::measure::{Sample, Samples, keep_busy, median, work_off};
use crate::people::{Person, ok, pending, service};
use crate::report::{Report, Row};

const BENCH: &str = "tokens";

const IN_FLIGHT: [usize; 2] = [16, 64];

/// Whose tokens are revoked, in turn.
const OWNERS: usize = 100;

/// So many pairs are saved to be revoked, for each second that is measured.
const PAIRS_A_SECOND: f64 = 6_000.0;

/// One command, and how often it is asked at once.
struct Case {
    command: &'static str,
    in_flight: usize,
    samples: Samples,
    /// Commits a sync, one value a round.
    group: Vec<f64>,
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(j) refresh-tokens and revoke-token, durable")?;
    let runtime = vestibule::runtime().build()?;
    let site = Site::sqlite(&options.folder)?;
    let host = runtime.block_on(site.host(Variant::configured(unlimited)))?;
    let owners = runtime.block_on(pending(&host, "owner", OWNERS))?;
    let mut cases: Vec<Case> = ["refresh-tokens", "revoke-token"]
        .into_iter()
        .flat_map(|command| IN_FLIGHT.map(|in_flight| Case::new(command, in_flight)))
        .collect();
    for _ in 0..options.rounds {
        for case in &mut cases {
            case.measure(&runtime, &host, &owners, options.span)?;
        }
    }
    cases.iter().try_for_each(|case| report.row(&case.row()))
}

impl Case {
    fn new(command: &'static str, in_flight: usize) -> Self {
        Self {
            command,
            in_flight,
            samples: Samples::default(),
            group: Vec::new(),
        }
    }

    fn measure(
        &mut self,
        runtime: &Runtime,
        host: &Host,
        owners: &[Person],
        span: Duration,
    ) -> Result<()> {
        let (sample, group) = match self.command {
            "refresh-tokens" => refreshes(runtime, host, self.in_flight, span)?,
            _ => revocations(runtime, host, owners, self.in_flight, span)?,
        };
        self.samples.0.push(sample);
        self.group.push(group);
        Ok(())
    }

    fn row(&self) -> Row {
        let name = format!("{}, {} in flight", self.command, self.in_flight);
        Row::new(BENCH, name)
            .figure("rate_s", self.samples.median(Sample::rate))
            .figure("cpu_us", self.samples.median(Sample::cpu_us))
            .figure("cores", self.samples.median(Sample::cores))
            .figure("p50_us", self.samples.percentile_us(50.0))
            .figure("p99_us", self.samples.percentile_us(99.0))
            .figure("a_sync", median(self.group.clone()))
    }
}

/// A sample, and how many commits went with a sync meanwhile.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn grouped(host: &Host, measure: impl FnOnce() -> Result<Sample>) -> Result<(Sample, f64)> {
    let before = host.store().status();
    let sample = measure()?;
    let after = host.store().status();
    let syncs = (after.syncs - before.syncs).max(1);
    Ok((
        sample,
        (after.commits - before.commits) as f64 / syncs as f64,
    ))
}

/// Every lane refreshes its own session, over and over.
fn refreshes(
    runtime: &Runtime,
    host: &Host,
    in_flight: usize,
    span: Duration,
) -> Result<(Sample, f64)> {
    let begun = runtime.block_on(first_tokens(host, in_flight))?;
    let newest: Arc<[Mutex<String>]> = begun.into_iter().map(Mutex::new).collect();
    let flood = |span| {
        let (host, newest) = (host.clone(), newest.clone());
        keep_busy(runtime, in_flight, span, move |number| {
            let (host, newest) = (host.clone(), newest.clone());
            async move {
                let slot = &newest[number % in_flight];
                let token = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let payload = json!({"refresh_token": token});
                let reply = ok(&host, service("token", "refresh-tokens", payload)).await?;
                let next = refresh_token(&reply)?;
                ensure!(next != token, "the token was not rotated");
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = next;
                Ok(())
            }
        })
    };
    flood(span / 10)?;
    grouped(host, || flood(span))
}

/// A refresh token of a new session for each lane.
async fn first_tokens(host: &Host, count: usize) -> Result<Vec<String>> {
    let mut tokens = Vec::with_capacity(count);
    for number in 0..count {
        let reply = host.send(fixture::generate(number)).await?;
        tokens.push(refresh_token(&reply.context("no reply")?)?);
    }
    Ok(tokens)
}

fn refresh_token(reply: &Value) -> Result<String> {
    let token = reply["refresh_token"].as_str();
    token.map(str::to_owned).context("no refresh token")
}

/// Revokes pairs that were saved before.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of what a run of seconds needs"
)]
fn revocations(
    runtime: &Runtime,
    host: &Host,
    owners: &[Person],
    in_flight: usize,
    span: Duration,
) -> Result<(Sample, f64)> {
    let count = (PAIRS_A_SECOND * span.as_secs_f64()) as usize;
    let pairs: Arc<[Pair]> = runtime.block_on(pairs(host, owners, count))?.into();
    let sent = host.clone();
    grouped(host, || {
        work_off(runtime, in_flight, count, move |number| {
            let (host, pairs) = (sent.clone(), pairs.clone());
            async move {
                let pair = &pairs[number];
                let payload = json!({
                    "access_token": pair.access,
                    "refresh_token": pair.refresh,
                    "user": {"id": pair.owner},
                });
                let reply = ok(&host, service("authorization", "revoke-token", payload)).await?;
                ensure!(reply["revoked"] == true, "somebody else had revoked it");
                Ok(())
            }
        })
    })
}
