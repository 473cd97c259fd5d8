//! What a channel that is flooded with hostile work does to the others: the p99 of `verify-token` beside it, against the quiet p99 of the
//! same run.
//!
//! The flood keeps more messages in flight than there are permits for the channel. How the victim is asked is in `victim`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use futures::future::join_all;
use serde_json::json;
use tokio::runtime::Runtime;
use vestibule::Host;
use vestibule::message::{Caller, Message};

use crate::Options;
use crate::fixture::{self, Site, TOKENS, Variant};
use crate::measure::median;
use crate::report::Report;
use crate::victim::{self, Victims};

const BENCH: &str = "isolation";

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
            let verify = |span| victim::verify(&runtime, &host, &tokens, span);
            quiet.push(verify(span)?);
            let flood = Flood::start(&runtime, &host, attack);
            // A second for the flood to be all there.
            verify(Duration::from_secs(1))?;
            let before = flood.answered();
            flooded.push(verify(span)?);
            rates.push((flood.answered() - before) / span.as_secs_f64());
            flood.stop(&runtime)?;
        }
        report.row(&quiet.row(BENCH, &format!("quiet, before {attack}")))?;
        let row = flooded
            .row(BENCH, &format!("flooded with {attack}, {FLOOD} in flight"))
            .figure("hostile_s", median(rates))
            .figure("times_p99", flooded.times_p99(&quiet))
            .at_most("times_p99", 2.0);
        report.row(&row)?;
    }
    Ok(())
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
