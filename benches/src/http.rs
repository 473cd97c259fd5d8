//! `verify-token` over HTTP, against the hand-written server, in turns.

use std::sync::Arc;

use anyhow::Result;

use crate::Options;
use crate::client::{flood, is_valid, request};
use crate::fixture::{TOKENS, verify_payload};
use crate::hand_written;
use crate::measure::{Sample, Samples};
use crate::report::{Report, Row};
use crate::server::{Server, build_vestibule};

const BENCH: &str = "http";

/// So many different tokens that none is remembered when it comes again: the host remembers 8 192 signatures, and the hand-written
/// server none.
const UNREMEMBERED: usize = 20_000;

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(d) verify-token over HTTP, against a hand-written handler")?;
    let runtime = vestibule::runtime().build()?;
    let program = build_vestibule()?;
    let folder = tempfile::tempdir_in(&options.folder)?;
    let (by_hand, data) = (folder.path().join("by-hand"), folder.path().join("data"));
    std::fs::create_dir_all(&by_hand)?;
    let mut hand = Server::hand_written(&by_hand)?;
    runtime.block_on(hand.connect())?;
    let (key, tokens) = hand_written::written(&by_hand)?;
    let verify = |token: &String| request(&key, "token/verify-token", &verify_payload(token));
    let hand_requests: Arc<[Vec<u8>]> = tokens.iter().map(verify).collect();
    let mut ours = Server::vestibule(&program, &data)?;
    let known: Arc<[Vec<u8>]> = runtime.block_on(ours.verify_requests(TOKENS))?.into();
    let unknown: Arc<[Vec<u8>]> = runtime.block_on(ours.verify_requests(UNREMEMBERED))?.into();
    for connections in [16, 64] {
        let ways = [
            ("hand-written", &hand, &hand_requests),
            ("vestibule, tokens seen before", &ours, &known),
            ("vestibule, tokens never seen", &ours, &unknown),
        ];
        let mut samples = [const { Samples(Vec::new()) }; 3];
        for _ in 0..options.rounds {
            for ((_, server, requests), samples) in ways.into_iter().zip(&mut samples) {
                let (address, pid) = (server.address, server.id());
                let flood = |span| {
                    flood(
                        &runtime,
                        address,
                        connections,
                        requests,
                        is_valid,
                        span,
                        pid,
                    )
                };
                flood(options.span / 10)?;
                samples.0.push(flood(options.span)?);
            }
        }
        for ((name, ..), samples_of) in ways.into_iter().zip(&samples) {
            let mut row = row(&format!("{name}, {connections} connections"), samples_of);
            if !std::ptr::eq(samples_of, &samples[0]) {
                row = row
                    .figure("of_hand", samples_of.ratio(&samples[0], Sample::rate))
                    .figure(
                        "of_hand_cpu",
                        samples_of.ratio(&samples[0], Sample::rate_per_core),
                    )
                    .at_least("of_hand", 0.5);
            }
            report.row(&row)?;
        }
    }
    Ok(())
}

fn row(name: &str, samples: &Samples) -> Row {
    Row::new(BENCH, name)
        .figure("rate_s", samples.median(Sample::rate))
        .figure("server_cpu_us", samples.median(Sample::cpu_us))
        .figure("server_cores", samples.median(Sample::cores))
        .figure("p50_us", samples.percentile_us(50.0))
        .figure("p99_us", samples.percentile_us(99.0))
}
