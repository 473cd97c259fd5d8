//! What a channel that is flooded with hostile work does to the others: the p99 of `verify-token` beside it, against the quiet p99 of the
//! same run.
//!
//! The victim is asked at a steady pace, a fraction of what the machine could do, so that its latency shows what it waits for and not
//! its own queue. The flood keeps more messages in flight than there are permits for the channel.
//!
//! A latency counts from the moment the host has the message. The pace is kept whether or not answers come, so a stall shows in every message
//! that is sent meanwhile. What the kernel makes the pacing thread wait for a core is the client's and not the host's: it is a figure of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::join_all;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use vestibule::Host;
use vestibule::message::{Caller, Message};

use crate::Options;
use crate::fixture::{self, Site, TOKENS, Variant};
use crate::measure::{Cpu, Latencies, Sample, Samples, median};
use crate::report::{Report, Row};

const BENCH: &str = "isolation";

/// Messages a second of the victim.
const PACE: f64 = 1_000.0;

/// Hostile messages in flight: all permits of the host, and as many again that wait.
const FLOOD: usize = 128;

/// The capabilities the hostile guest imports.
const GRANTS: [&str; 12] = [
    "storage",
    "transaction",
    "passwords",
    "signing",
    "macs",
    "mail",
    "events",
    "audit",
    "limits",
    "log",
    "caller",
    "caller.establish",
];

/// An endless loop; all the memory there is; the store, over and over; a trap at once.
const ATTACKS: [&str; 4] = ["spin", "memory", "call-flood", "trap"];

const HOSTILE: &[u8] = include!(concat!(env!("OUT_DIR"), "/hostile.rs"));

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(g) other channels while one is flooded with hostile work")?;
    let runtime = vestibule::runtime().build()?;
    let site = Site::sqlite(&options.folder)?;
    let host = runtime.block_on(site.host(Variant {
        component: Some(HOSTILE.to_vec()),
        grants: vec![("hostile".to_owned(), GRANTS.map(str::to_owned).to_vec())],
        ..Variant::default()
    }))?;
    let tokens: Arc<[String]> = runtime.block_on(fixture::tokens(&host, TOKENS))?.into();
    let span = options.span.max(Duration::from_secs(2));
    for attack in ATTACKS.into_iter().filter(|attack| options.wants(attack)) {
        let (mut quiet, mut flooded) = (Victims::default(), Victims::default());
        let mut rates = Vec::new();
        for _ in 0..options.rounds {
            quiet.push(victim(&runtime, &host, &tokens, span)?);
            let flood = Flood::start(&runtime, &host, attack);
            // A second for the flood to be all there.
            victim(&runtime, &host, &tokens, Duration::from_secs(1))?;
            let before = flood.answered();
            flooded.push(victim(&runtime, &host, &tokens, span)?);
            rates.push((flood.answered() - before) / span.as_secs_f64());
            flood.stop(&runtime)?;
        }
        report.row(&row(&format!("quiet, before {attack}"), &quiet))?;
        let p99 = |sample: &Sample| sample.latencies.percentile_us(99.0);
        let times = flooded.answers.ratio(&quiet.answers, p99);
        let row = row(
            &format!("flooded with {attack}, {FLOOD} in flight"),
            &flooded,
        )
        .figure("hostile_s", median(rates))
        .figure("times_p99", times)
        .at_most("times_p99", 2.0);
        report.row(&row)?;
    }
    Ok(())
}

fn row(name: &str, victims: &Victims) -> Row {
    let answers = &victims.answers;
    Row::new(BENCH, name)
        .figure("rate_s", answers.median(Sample::rate))
        .figure("p50_us", answers.percentile_us(50.0))
        .figure("p99_us", answers.percentile_us(99.0))
        .figure("p99.9_us", answers.percentile_us(99.9))
        .figure("sent_late_p99_us", median(victims.late_us.clone()))
}

/// The victim, round by round.
#[derive(Default)]
struct Victims {
    answers: Samples,
    /// How late 99 % of the messages were sent at most, a round each.
    late_us: Vec<f64>,
}

impl Victims {
    fn push(&mut self, (sample, late): (Sample, Latencies)) {
        self.answers.0.push(sample);
        self.late_us.push(late.percentile_us(99.0));
    }
}

/// Verifies tokens at a steady pace: the answers, and how late the messages were sent.
fn victim(
    runtime: &Runtime,
    host: &Host,
    tokens: &Arc<[String]>,
    span: Duration,
) -> Result<(Sample, Latencies)> {
    let cpu = Cpu::of_this_process()?;
    let (host, tokens) = (host.clone(), tokens.clone());
    let started = Instant::now();
    let paced = std::thread::Builder::new().name("pace".into()).spawn({
        let handle = runtime.handle().clone();
        move || pace(&handle, &host, &tokens, started, span)
    })?;
    let (mut results, late) = paced
        .join()
        .map_err(|_| anyhow::anyhow!("the pacing thread panicked"))?;
    let latencies = runtime.block_on(async {
        let mut latencies = Latencies::new();
        while let Some(took) = results.recv().await {
            latencies.record(took?);
        }
        anyhow::Ok(latencies)
    })?;
    let sample = Sample {
        latencies,
        wall: started.elapsed(),
        cpu: Cpu::of_this_process()?.since(&cpu),
    };
    Ok((sample, late))
}

/// Sends from a thread of its own: the flood is not to delay the sending.
fn pace(
    runtime: &tokio::runtime::Handle,
    host: &Host,
    tokens: &Arc<[String]>,
    started: Instant,
    span: Duration,
) -> (mpsc::UnboundedReceiver<Result<Duration>>, Latencies) {
    let (done, results) = mpsc::unbounded_channel();
    let mut late = Latencies::new();
    let mut number = 0_u32;
    loop {
        let due = started + Duration::from_secs_f64(f64::from(number) / PACE);
        if due >= started + span {
            return (results, late);
        }
        wait_until(due);
        let sent = Instant::now();
        late.record(sent - due);
        let token = number as usize % tokens.len();
        let (host, tokens, done) = (host.clone(), tokens.clone(), done.clone());
        runtime.spawn(async move {
            let answer = fixture::verify_valid(&host, &tokens[token]).await;
            // The receiver is there until every sender is gone.
            let _ = done.send(answer.map(|()| sent.elapsed()));
        });
        number += 1;
    }
}

#[expect(clippy::disallowed_methods, reason = "it keeps a pace")]
fn wait_until(due: Instant) {
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
}

/// Hostile messages without end.
struct Flood {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    lanes: Vec<tokio::task::JoinHandle<()>>,
}

impl Flood {
    fn start(runtime: &Runtime, host: &Host, attack: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicU64::new(0));
        let lane = || {
            let (host, stop, answered) = (host.clone(), stop.clone(), answered.clone());
            async move {
                while !stop.load(Ordering::Relaxed) {
                    let payload = json!({"attack": attack});
                    let message = Message::new("hostile", "run", payload, Caller::service(None));
                    // It is refused, in one way or another; that is not what is measured.
                    drop(host.send(message).await);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        let lanes = (0..FLOOD).map(|_| runtime.spawn(lane())).collect();
        Self {
            stop,
            answered,
            lanes,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn answered(&self) -> f64 {
        self.answered.load(Ordering::Relaxed) as f64
    }

    fn stop(self, runtime: &Runtime) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        for ended in runtime.block_on(join_all(self.lanes)) {
            ended?;
        }
        Ok(())
    }
}
