//! Resident memory of the server: idle, with 64 messages in flight, and idle again.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use crate::Options;
use crate::client::{flood, is_valid, request};
use crate::fixture::{TOKENS, verify_payload};
use crate::report::{Report, Row};
use crate::server::{Server, build_vestibule, rest};
use crate::watch::Watch;

const BENCH: &str = "memory";

const IN_FLIGHT: usize = 64;

/// For how long nothing is asked before "idle" is looked at.
const QUIET: Duration = Duration::from_secs(2);

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(f) resident memory")?;
    let runtime = vestibule::runtime().build()?;
    let program = build_vestibule()?;
    let folder = tempfile::tempdir_in(&options.folder)?;
    let data = folder.path().join("data");
    // The first start compiles, which takes memory once; a server that was installed before loads what it compiled then.
    let mut first = Server::vestibule(&program, &data)?;
    let requests: Arc<[Vec<u8>]> = runtime.block_on(first.verify_requests(TOKENS))?.into();
    rest(&runtime, QUIET);
    report.row(&row("idle, first start (compiled)", &first)?)?;
    drop(first);
    let mut server = Server::vestibule(&program, &data)?;
    runtime.block_on(async {
        let mut connection = server.connect().await?;
        let verify = request(
            &server.operator_key()?,
            "token/verify-token",
            &verify_payload("nonsense"),
        );
        connection.send(&verify).await.map(drop)
    })?;
    rest(&runtime, QUIET);
    report.row(&row("idle, later start", &server)?.at_most("rss_mb", 60.0))?;
    let busy = {
        let watch = Watch::start(&runtime, server.id());
        flood(
            &runtime,
            server.address,
            IN_FLIGHT,
            &requests,
            is_valid,
            options.span * 2,
            server.id(),
        )?;
        watch.most(&runtime)?
    };
    report.row(
        &Row::new(BENCH, format!("{IN_FLIGHT} in flight, most seen")).figure("rss_mb", busy),
    )?;
    rest(&runtime, QUIET);
    report.row(&row("idle, after the load", &server)?)
}

fn row(name: &str, server: &Server) -> Result<Row> {
    Ok(Row::new(BENCH, name)
        .figure("rss_mb", server.megabytes("VmRSS")?)
        .figure("anonymous_mb", server.megabytes("RssAnon")?)
        .figure("file_mb", server.megabytes("RssFile")?)
        .figure("peak_mb", server.megabytes("VmHWM")?))
}
