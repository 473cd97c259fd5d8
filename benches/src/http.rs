//! `verify-token` over HTTP, against the hand-written server, in turns.

use std::sync::Arc;

use anyhow::Result;
use tokio::runtime::Builder;

use crate::Options;
use crate::client::{flood, request};
use crate::fixture::verify_payload;
use crate::hand_written;
use crate::measure::{Sample, Samples};
use crate::report::{Report, Row};
use crate::server::{Server, build_vestibule};

const BENCH: &str = "http";

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(d) verify-token over HTTP, against a hand-written handler")?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
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
    let our_requests: Arc<[Vec<u8>]> = runtime.block_on(ours.verify_requests())?.into();
    for connections in [16, 64] {
        let mut samples = [Samples::default(), Samples::default()];
        for _ in 0..options.rounds {
            for ((server, requests), samples) in [(&hand, &hand_requests), (&ours, &our_requests)]
                .into_iter()
                .zip(&mut samples)
            {
                let flood = |span| {
                    flood(
                        &runtime,
                        server.address,
                        connections,
                        requests,
                        span,
                        server.id(),
                    )
                };
                flood(options.span / 10)?;
                samples.0.push(flood(options.span)?);
            }
        }
        let [hand, ours] = samples;
        report.row(&row(
            &format!("hand-written, {connections} connections"),
            &hand,
        ))?;
        let row = row(&format!("vestibule, {connections} connections"), &ours)
            .figure("of_hand", ours.ratio(&hand, Sample::rate))
            .figure("of_hand_cpu", ours.ratio(&hand, Sample::rate_per_core))
            .at_least("of_hand", 0.5);
        report.row(&row)?;
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
