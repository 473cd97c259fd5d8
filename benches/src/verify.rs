//! `token.verify-token` in this process, through the router, a fresh sandbox a message, over SQLite; and the same service natively.
//!
//! Rounds are interleaved: native, sandboxed, native, sandboxed. Every reply is checked to say "valid".

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::runtime::Builder;
use vestibule::Host;

use crate::Options;
use crate::fixture::{self, Site, TOKENS, Variant};
use crate::machine::cores;
use crate::measure::{Sample, Samples, keep_busy, on_this_thread};
use crate::native::Native;
use crate::report::{Report, Row};

const BENCH: &str = "verify";

/// How many messages are in flight, for each core.
const IN_FLIGHT: [usize; 3] = [1, 2, 8];

/// One way to verify tokens.
struct Case {
    name: String,
    /// Whether signatures that were found good are remembered. Only cases that agree in this are compared.
    remembered: bool,
    way: Way,
    samples: Samples,
}

enum Way {
    /// The service, linked into this program.
    Native(Native),
    /// Messages through the host: on one thread for everything, or on tokio's workers on every core.
    Sandboxed {
        host: Host,
        one_core: bool,
        in_flight: usize,
    },
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(a) verify-token in process, fresh sandbox, SQLite")?;
    let home = vestibule::runtime().build()?;
    let site = Site::sqlite(&options.folder)?;
    let off = home.block_on(site.host(Variant {
        remembered: Some(0),
        ..Variant::default()
    }))?;
    let on = home.block_on(site.host(Variant::default()))?;
    let tokens: Arc<[String]> = home.block_on(fixture::tokens(&off, TOKENS))?.into();
    let mut cases = cases(&off, false);
    cases.extend(self::cases(&on, true));
    cases.retain(|case| options.wants(&case.name));
    for _ in 0..options.rounds {
        for case in &mut cases {
            let sample = case.way.measure(&tokens, options.span)?;
            case.samples.0.push(sample);
        }
    }
    for case in &cases {
        report.row(&case.row(&cases))?;
    }
    let best = cases
        .iter()
        .filter(|case| case.remembered && matches!(case.way, Way::Sandboxed { .. }))
        .map(|case| case.samples.median(Sample::rate_per_core))
        .fold(f64::NAN, f64::max);
    report.row(
        &Row::new(BENCH, "best rate a core, remembered")
            .figure("per_core_s", best)
            .at_least("per_core_s", 15_000.0),
    )
}

fn cases(host: &Host, remembered: bool) -> Vec<Case> {
    let what = if remembered { "remembered" } else { "verified" };
    let case = |name: String, way| Case {
        name,
        remembered,
        way,
        samples: Samples::default(),
    };
    let mut cases = vec![case(
        format!("native, {what}"),
        Way::Native(Native::beside(host)),
    )];
    for (one_core, where_, each) in [(true, "1 core", 1), (false, "all cores", cores())] {
        for in_flight in IN_FLIGHT.map(|in_flight| in_flight * each) {
            cases.push(case(
                format!("sandboxed, {what}, {where_}, {in_flight} in flight"),
                Way::Sandboxed {
                    host: host.clone(),
                    one_core,
                    in_flight,
                },
            ));
        }
    }
    cases
}

impl Case {
    fn row(&self, all: &[Self]) -> Row {
        let row = Row::new(BENCH, &*self.name)
            .figure("rate_s", self.samples.median(Sample::rate))
            .figure("per_core_s", self.samples.median(Sample::rate_per_core))
            .figure("cpu_us", self.samples.median(Sample::cpu_us))
            .figure("p50_us", self.samples.percentile_us(50.0))
            .figure("p99_us", self.samples.percentile_us(99.0));
        let native = all
            .iter()
            .find(|case| case.remembered == self.remembered && matches!(case.way, Way::Native(_)));
        let Way::Sandboxed {
            one_core: true,
            in_flight,
            ..
        } = self.way
        else {
            return row;
        };
        let Some(native) = native else { return row };
        let ratio = |of: fn(&Sample) -> f64| self.samples.ratio(&native.samples, of);
        let row = row
            .figure("of_native", ratio(Sample::rate))
            .figure("of_native_cpu", ratio(Sample::rate_per_core));
        if !self.remembered && in_flight == 1 {
            return row.at_least("of_native_cpu", 0.6);
        }
        row
    }
}

impl Way {
    fn measure(&self, tokens: &Arc<[String]>, span: Duration) -> Result<Sample> {
        match self {
            Self::Native(native) => natively(native, tokens, span),
            Self::Sandboxed {
                host,
                one_core,
                in_flight,
            } => sandboxed(host, *one_core, *in_flight, tokens, span),
        }
    }
}

fn natively(native: &Native, tokens: &[String], span: Duration) -> Result<Sample> {
    native.use_on_this_thread();
    let verify = |number: usize| {
        let request = fixture::verify_payload(&tokens[number % tokens.len()]);
        let reply = native.verify_token(&request)?;
        ensure!(reply["valid"] == true, "a good token was found bad");
        Ok(())
    };
    // Whatever is to be warm is.
    on_this_thread(span / 10, verify)?;
    on_this_thread(span, verify)
}

fn sandboxed(
    host: &Host,
    one_core: bool,
    in_flight: usize,
    tokens: &Arc<[String]>,
    span: Duration,
) -> Result<Sample> {
    let runtime = if one_core {
        Builder::new_current_thread().enable_all().build()?
    } else {
        vestibule::runtime().build()?
    };
    let flood = |span| {
        let (host, tokens) = (host.clone(), tokens.clone());
        keep_busy(&runtime, in_flight, span, move |number| {
            let (host, tokens) = (host.clone(), tokens.clone());
            async move { fixture::verify_valid(&host, &tokens[number % tokens.len()]).await }
        })
    };
    // Whatever is to be warm is.
    flood(span / 10)?;
    flood(span)
}
