//! `token.verify-token` in this process, through the router, a fresh sandbox a message, over SQLite; and the same service natively.
//!
//! Rounds are interleaved: native, sandboxed, native, sandboxed. Every reply is checked to say "valid".

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Builder;
use vestibule::Host;

use crate::Options;
use crate::fixture::{self, Site, TOKENS, Variant};
use crate::machine::cores;
use crate::measure::{Sample, Samples, keep_busy, on_this_thread};
use crate::native::Native;
use crate::report::{Report, Row};

const BENCH: &str = "verify";

/// What messages in flight are spread over.
#[derive(Debug, Clone, Copy)]
struct Load {
    /// One thread for everything, or tokio's workers on every core.
    one_core: bool,
    in_flight: usize,
}

struct Case<'a> {
    name: String,
    host: &'a Host,
    load: Load,
    goal: bool,
    samples: Samples,
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(a) verify-token in process, fresh sandbox, SQLite")?;
    let home = Builder::new_multi_thread().enable_all().build()?;
    let site = Site::sqlite(&options.folder)?;
    let off = home.block_on(site.host(Variant {
        remembered: Some(0),
        ..Variant::default()
    }))?;
    let on = home.block_on(site.host(Variant::default()))?;
    let tokens: Arc<[String]> = home.block_on(fixture::tokens(&off, TOKENS))?.into();
    let native = [Native::beside(&off), Native::beside(&on)];
    let mut natives = [Samples::default(), Samples::default()];
    let mut cases = cases(&off, &on);
    for _ in 0..options.rounds {
        for (native, samples) in native.iter().zip(&mut natives) {
            samples.0.push(natively(native, &tokens, options.span)?);
        }
        for case in &mut cases {
            case.samples
                .0
                .push(sandboxed(case.host, case.load, &tokens, options.span)?);
        }
    }
    for (name, samples) in [
        "native, signatures verified",
        "native, signatures remembered",
    ]
    .iter()
    .zip(&natives)
    {
        report.row(&row(name, samples))?;
    }
    for case in &cases {
        let mut row = row(&case.name, &case.samples);
        if case.load.one_core {
            let base = &natives[usize::from(std::ptr::eq(case.host, &on))];
            row = row
                .figure("of_native", case.samples.ratio(base, Sample::rate))
                .figure(
                    "of_native_cpu",
                    case.samples.ratio(base, Sample::rate_per_core),
                );
            if case.goal {
                row = row.at_least("of_native_cpu", 0.6);
            }
        }
        report.row(&row)?;
    }
    let best = cases
        .iter()
        .filter(|case| std::ptr::eq(case.host, &on))
        .map(|case| case.samples.median(Sample::rate_per_core))
        .fold(0.0, f64::max);
    report.row(
        &Row::new(BENCH, "best rate a core, signatures remembered")
            .figure("per_core_s", best)
            .at_least("per_core_s", 15_000.0),
    )
}

fn cases<'a>(off: &'a Host, on: &'a Host) -> Vec<Case<'a>> {
    let case = |what: &str, host, one_core: bool, in_flight: usize, goal| Case {
        name: format!(
            "sandboxed, {what}, {}, {in_flight} in flight",
            if one_core { "1 core" } else { "all cores" }
        ),
        host,
        load: Load {
            one_core,
            in_flight,
        },
        goal,
        samples: Samples::default(),
    };
    let mut cases = Vec::new();
    for (what, host, cache_off) in [("verified", off, true), ("remembered", on, false)] {
        for in_flight in [1, 2, 8] {
            cases.push(case(
                what,
                host,
                true,
                in_flight,
                cache_off && in_flight == 1,
            ));
        }
        for in_flight in [1, 2, 8] {
            cases.push(case(what, host, false, in_flight * cores(), false));
        }
    }
    cases
}

fn row(name: &str, samples: &Samples) -> Row {
    Row::new(BENCH, name)
        .figure("rate_s", samples.median(Sample::rate))
        .figure("per_core_s", samples.median(Sample::rate_per_core))
        .figure("cpu_us", samples.median(Sample::cpu_us))
        .figure("p50_us", samples.percentile_us(50.0))
        .figure("p99_us", samples.percentile_us(99.0))
}

fn natively(native: &Native, tokens: &[String], span: Duration) -> Result<Sample> {
    native.use_on_this_thread();
    let verify = |number: usize| {
        let request = fixture::verify_payload(&tokens[number % tokens.len()]);
        let reply = native.verify_token(&request)?;
        anyhow::ensure!(reply["valid"] == true, "a good token was found bad");
        Ok(())
    };
    // Whatever is to be warm is.
    on_this_thread(span / 10, verify)?;
    on_this_thread(span, verify)
}

fn sandboxed(host: &Host, load: Load, tokens: &Arc<[String]>, span: Duration) -> Result<Sample> {
    let runtime = if load.one_core {
        Builder::new_current_thread().enable_all().build()?
    } else {
        Builder::new_multi_thread().enable_all().build()?
    };
    let flood = |span| {
        let (host, tokens) = (host.clone(), tokens.clone());
        keep_busy(&runtime, load.in_flight, span, move |number| {
            let (host, tokens) = (host.clone(), tokens.clone());
            async move { fixture::verify_valid(&host, &tokens[number % tokens.len()]).await }
        })
    };
    // Whatever is to be warm is.
    flood(span / 10)?;
    flood(span)
}
