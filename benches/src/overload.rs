//! Ten times more sign-ins than the machine can hash: what becomes of them, and of the others.
//!
//! How many it can is measured first, in the same run, by clients that wait for their answers. Then ten times as many come at a steady
//! pace, whether or not answers come. Each must be answered with a session or with `unavailable` and a time to come back. The
//! victim is that of `isolation`, measured quiet and under it in turns.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::runtime::Runtime;
use vestibule::Host;
use vestibule::error::Code;
use vestibule::message::Message;

use crate::Options;
use crate::case::{answered, hashing_in_flight};
use crate::fixture::{self, Site, TOKENS, Variant, unlimited};
use crate::measure::{Latencies, median};
use crate::pace::Pace;
use crate::people::{PASSWORD, Person, pending, stranger};
use crate::report::{Report, Row};
use crate::victim::{self, Victims};
use crate::watch::{Watch, megabytes};

const BENCH: &str = "overload";

/// How many times more than the machine can.
const TIMES: f64 = 10.0;

/// Who signs in, in turn.
const PEOPLE: usize = 500;

/// For the flood to be all there, before the victim is looked at.
const RAMP: Duration = Duration::from_secs(1);

/// The longest that a message may take, in microseconds: the host's own limit by default.
const LIMIT_US: f64 = 5e6;

/// What became of one sign-in.
struct Answer {
    took: Duration,
    /// None: a session.
    refusal: Option<(Code, Option<u64>)>,
}

/// What became of all of them.
struct Answers {
    /// Those with a session, and those refused as `unavailable`.
    admitted: Latencies,
    refused: Latencies,
    /// The times to come back, in milliseconds: least and most.
    retry_ms: Option<(u64, u64)>,
    /// What should not be, by code.
    others: BTreeMap<String, u64>,
    span: Duration,
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(m) ten times more sign-ins than the machine can hash")?;
    let runtime = vestibule::runtime().build()?;
    let site = Site::sqlite(&options.folder)?;
    let host = runtime.block_on(site.host(Variant::configured(unlimited)))?;
    let tokens: Arc<[String]> = runtime.block_on(fixture::tokens(&host, TOKENS))?.into();
    let people: Arc<[Person]> = runtime.block_on(pending(&host, "person", PEOPLE))?.into();
    let span = options.span.max(Duration::from_secs(2));
    let can = capacity(&runtime, &host, &people, span)?;
    report.row(&Row::new(BENCH, "sign-ins it can, asked one by one").figure("rate_s", can))?;
    let (mut quiet, mut flooded) = (Victims::default(), Victims::default());
    let (mut before, mut most) = (Vec::new(), Vec::new());
    let mut answers = Answers::none();
    for _ in 0..options.rounds {
        let verify = |span| victim::verify(&runtime, &host, &tokens, span);
        quiet.push(verify(span)?);
        before.push(megabytes(std::process::id())?);
        let watch = Watch::start(&runtime, std::process::id());
        let flood = flood(&runtime, &host, &people, TIMES * can, RAMP + span)?;
        verify(RAMP)?;
        flooded.push(verify(span)?);
        answers.take(flood.finish(&runtime)?.0, RAMP + span)?;
        most.push(watch.most(&runtime)?);
    }
    report.row(
        &quiet
            .row(BENCH, "verify-token, quiet")
            .figure("rss_mb", median(before)),
    )?;
    let row = flooded
        .row(BENCH, "verify-token, ten times the sign-ins")
        .figure("most_rss_mb", median(most))
        .figure("times_p99", flooded.times_p99(&quiet));
    report.row(&row.at_most("times_p99", 2.0))?;
    answers.rows(can).iter().try_for_each(|row| report.row(row))
}

/// How many sign-ins a second are answered to clients that wait.
fn capacity(runtime: &Runtime, host: &Host, people: &Arc<[Person]>, span: Duration) -> Result<f64> {
    let people = people.clone();
    let message = move |number| sign_in(&people, number);
    let flood = answered(runtime, host, hashing_in_flight(), message, |reply| {
        reply["access_token"].is_string()
    });
    flood(span / 10)?;
    Ok(flood(span)?.rate())
}

fn sign_in(people: &[Person], number: usize) -> Message {
    let person = &people[number % people.len()];
    let payload = json!({"email": person.email, "password": PASSWORD});
    stranger(number, "sign-in", payload)
}

fn flood(
    runtime: &Runtime,
    host: &Host,
    people: &Arc<[Person]>,
    a_second: f64,
    span: Duration,
) -> Result<Pace<Answer>> {
    let (host, people) = (host.clone(), people.clone());
    Pace::start(runtime, a_second, span, move |number| {
        let sent = Instant::now();
        let (host, message) = (host.clone(), sign_in(&people, number));
        async move {
            let answer = host.send(message).await;
            let took = sent.elapsed();
            let refusal = answer.err();
            Answer {
                took,
                refusal: refusal.map(|failure| (failure.code, failure.retry_after_ms)),
            }
        }
    })
}

impl Answers {
    fn none() -> Self {
        Self {
            admitted: Latencies::new(),
            refused: Latencies::new(),
            retry_ms: None,
            others: BTreeMap::new(),
            span: Duration::ZERO,
        }
    }

    /// Adds those of one flood.
    fn take(&mut self, answers: Vec<Answer>, span: Duration) -> Result<()> {
        self.span += span;
        for Answer { took, refusal } in answers {
            match refusal {
                None => self.admitted.record(took),
                Some((Code::Unavailable, retry_ms)) => {
                    ensure!(
                        retry_ms.is_some(),
                        "`unavailable` without a time to come back"
                    );
                    let ms = retry_ms.unwrap_or_default();
                    let (least, most) = self.retry_ms.unwrap_or((ms, ms));
                    self.retry_ms = Some((least.min(ms), most.max(ms)));
                    self.refused.record(took);
                }
                Some((code, _)) => {
                    *self.others.entry(code.as_str().to_owned()).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn rows(&self, can: f64) -> Vec<Row> {
        let (least, most) = self.retry_ms.unwrap_or_default();
        let admitted = self
            .row("sign-ins that got a session", &self.admitted)
            .figure("of_what_it_can", self.rate(&self.admitted) / can);
        let refused = self
            .row("sign-ins told to come back", &self.refused)
            .figure("retry_least_ms", least as f64)
            .figure("retry_most_ms", most as f64);
        let in_time = [admitted, refused].map(|row| row.at_most("max_us", LIMIT_US));
        // Nothing else should be answered.
        let others = self.others.iter().map(|(code, count)| {
            Row::new(BENCH, format!("sign-ins answered {code}"))
                .figure("count", *count as f64)
                .at_most("count", 0.0)
        });
        in_time.into_iter().chain(others).collect()
    }

    fn row(&self, name: &str, latencies: &Latencies) -> Row {
        Row::new(BENCH, name)
            .figure("rate_s", self.rate(latencies))
            .figure("p50_us", latencies.percentile_us(50.0))
            .figure("p99_us", latencies.percentile_us(99.0))
            .figure("max_us", latencies.percentile_us(100.0))
    }

    /// How many a second.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn rate(&self, latencies: &Latencies) -> f64 {
        latencies.count() as f64 / self.span.as_secs_f64()
    }
}
