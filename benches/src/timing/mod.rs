//! What the time of an answer tells a stranger, where the answer itself tells nothing.
//!
//! Every case of a uniform answer (an address with an account and one without, say) is asked many times over, in this process, through
//! the router, in fresh sandboxes, over SQLite on the disk; one message at a time, so that what is measured is its own work. The
//! order is random: what the machine does besides meets every case alike, and so does what a case leaves behind, such as a mail
//! that is being delivered. Each answer is checked to have the same bytes, and each case to be what its name says, by the reason in
//! the audit record.
//!
//! Time does not pass by itself here but with every message, so that a notice an hour or a token a minute, which limit what is
//! mailed, are met as often as is meant, whatever the machine.

mod clock;
mod difference;
mod questions;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use vestibule::Host;
use vestibule::audit::AuditQuery;
use vestibule::config::Config;
use vestibule::error::ErrorBody;
use vestibule::message::{Answer, Message};

use self::clock::SteppedClock;
use self::difference::{Difference, trimmed_mean};
use self::questions::Question;
use crate::Options;
use crate::fixture::{Site, Variant, cheap};
use crate::measure::median;
use crate::report::{Report, Row};

const BENCH: &str = "timing";

/// How far, in microseconds, a case may be from the one it is to look like.
const GOAL_US: f64 = 20.0;

/// With fewer samples of a case there is nothing to say.
const LEAST_SAMPLES: usize = 200;

/// How often each case is asked before it counts.
const WARM_UP: usize = 50;

/// How much time passes while every case is asked once, in milliseconds. The same address comes again after as many rounds as there
/// are people: then more than an hour has passed, and less than one between an answer and the next to the same address.
const ROUND_MS: u64 = 5_000;

/// For what was begun while people were made to lie behind.
const REST_MS: u64 = 60 * 60 * 1_000;

/// The order is the same in every run.
const SEED: u64 = 0x7469_6d65;

/// A case as it is asked.
struct Case {
    question: Question,
    /// How often it was asked.
    asked: usize,
    /// Microseconds.
    samples: Vec<f64>,
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    ensure!(
        options.samples >= LEAST_SAMPLES,
        "at least {LEAST_SAMPLES} samples"
    );
    report.section("(n) what the time of a uniform answer tells")?;
    let runtime = vestibule::runtime().build()?;
    let clock = Arc::new(SteppedClock::now());
    let site = Site::sqlite(&options.folder)?.by(clock.clone());
    let host = runtime.block_on(site.host(Variant::configured(configure)))?;
    let mut cases = runtime.block_on(cases(&host, options))?;
    ensure!(!cases.is_empty(), "there is no such group of cases");
    clock.advance(REST_MS);
    let mut asking = Asking {
        host,
        step_ms: ROUND_MS.div_ceil(cases.len() as u64),
        clock,
        faces: HashMap::new(),
    };
    runtime.block_on(asking.warm_up(&mut cases))?;
    runtime.block_on(asking.sample(&mut cases, options.samples))?;
    let mut rng = StdRng::seed_from_u64(SEED);
    rows(&cases, &mut rng)
        .iter()
        .try_for_each(|row| report.row(row))
}

/// Nobody is refused for asking often, a hash hides nothing, and captured mails go after an hour.
fn configure(config: &mut Config) {
    cheap(config);
    config.mail.keep_captured_ms = 60 * 60 * 1_000;
}

async fn cases(host: &Host, options: &Options) -> Result<Vec<Case>> {
    let case = |question| Case {
        question,
        asked: 0,
        samples: Vec::with_capacity(options.samples),
    };
    let questions = questions::all(host, options).await?;
    Ok(questions.into_iter().map(case).collect())
}

/// Asks, one message after the other.
struct Asking {
    host: Host,
    clock: Arc<SteppedClock>,
    step_ms: u64,
    /// The answer of each group.
    faces: HashMap<&'static str, String>,
}

impl Asking {
    /// Asks each case some times, in order, and sees that it is that case.
    async fn warm_up(&mut self, cases: &mut [Case]) -> Result<()> {
        for case in cases {
            for _ in 0..WARM_UP {
                let message = self.next(case);
                let request = message.request_id.clone();
                let answer = self.host.send(message).await;
                self.check_face(&case.question, &answer)?;
                self.check_case(&case.question, &request).await?;
            }
        }
        Ok(())
    }

    /// Asks each case `count` times, in random order, and takes the time.
    async fn sample(&mut self, cases: &mut [Case], count: usize) -> Result<()> {
        let mut order: Vec<usize> = (0..cases.len())
            .flat_map(|case| std::iter::repeat_n(case, count))
            .collect();
        order.shuffle(&mut StdRng::seed_from_u64(SEED));
        for number in order {
            let case = &mut cases[number];
            let message = self.next(case);
            let sent = Instant::now();
            let answer = self.host.send(message).await;
            let took = sent.elapsed();
            case.samples.push(took.as_secs_f64() * 1e6);
            self.check_face(&case.question, &answer)?;
        }
        Ok(())
    }

    fn next(&self, case: &mut Case) -> Message {
        self.clock.advance(self.step_ms);
        let message = (case.question.message)(case.asked);
        case.asked += 1;
        message
    }

    /// Whatever goes out of an answer must be the same for the whole group.
    fn check_face(&mut self, question: &Question, answer: &Answer) -> Result<()> {
        let face = match answer {
            Ok(reply) => serde_json::to_string(reply)?,
            Err(failure) => serde_json::to_string(&ErrorBody::from(failure))?,
        };
        let first = self
            .faces
            .entry(question.group)
            .or_insert_with(|| face.clone());
        ensure!(
            *first == face,
            "{}: {face} and not {first}",
            question.name()
        );
        Ok(())
    }

    /// Whether the audit record has the outcome or reason by which the case is known.
    async fn check_case(&self, question: &Question, request: &str) -> Result<()> {
        let Some(shown_by) = question.shown_by else {
            return Ok(());
        };
        let query = AuditQuery {
            limit: 20,
            newest_first: true,
            ..AuditQuery::default()
        };
        let page = self.host.audit_log().read(&query).await?;
        let mut own = page.records.iter().map(|entry| &entry.record);
        let is_shown = own.any(|record| {
            let mut reasons = record.detail.iter().filter(|(name, _)| name == "reason");
            record.request == request
                && record.channel == "authorization"
                && (record.outcome == shown_by || reasons.any(|(_, reason)| reason == shown_by))
        });
        ensure!(is_shown, "{}: {shown_by} is not recorded", question.name());
        Ok(())
    }
}

/// A row a case: the first of a group as it is, the others as they differ from it.
fn rows(cases: &[Case], rng: &mut StdRng) -> Vec<Row> {
    let mut first: Option<&Case> = None;
    let mut rows = Vec::with_capacity(cases.len());
    for case in cases {
        match first {
            Some(first) if first.question.group == case.question.group => {
                rows.push(case.compared(first, rng));
            }
            _ => {
                first = Some(case);
                rows.push(case.row());
            }
        }
    }
    rows
}

impl Case {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn row(&self) -> Row {
        Row::new(BENCH, self.question.name())
            .figure("samples", self.samples.len() as f64)
            .figure("median_us", median(self.samples.clone()))
    }

    /// How far it is from `first`: the medians, and the means of what is neither fast nor slow, each with its 95 % interval.
    fn compared(&self, first: &Self, rng: &mut StdRng) -> Row {
        let mut between = |centre| Difference::between(&self.samples, &first.samples, centre, rng);
        let (medians, means) = (between(median), between(trimmed_mean));
        let row = self
            .row()
            .figure("medians_us", medians.estimate)
            .figure("from_us", medians.low)
            .figure("to_us", medians.high)
            .figure("means_us", means.estimate)
            .figure("means_from_us", means.low)
            .figure("means_to_us", means.high)
            .figure("at_most_us", medians.farthest().max(means.farthest()));
        match self.question.is_uniform {
            true => row.at_most("at_most_us", GOAL_US),
            false => row,
        }
    }
}
