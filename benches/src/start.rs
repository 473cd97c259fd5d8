//! From the start of the process to the first answer: a verified token.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::Options;
use crate::client::request;
use crate::fixture::verify_payload;
use crate::measure::median;
use crate::report::{Report, Row};
use crate::server::{Server, build_vestibule};

const BENCH: &str = "start";

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(e) process start to first answer")?;
    let runtime = vestibule::runtime().build()?;
    let program = build_vestibule()?;
    let (mut fresh, mut cold, mut warm) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let folder = tempfile::tempdir_in(&options.folder)?;
        let data = folder.path().join("data");
        // An empty folder: keys and database are made too.
        let (mut server, ms) = start(&program, &data, &runtime, "nonsense")?;
        fresh.push(ms);
        let token = runtime.block_on(issue(&mut server))?;
        drop(server);
        std::fs::remove_dir_all(data.join("cache")).context("there is no code cache")?;
        cold.push(start(&program, &data, &runtime, &token)?.1);
        warm.push(start(&program, &data, &runtime, &token)?.1);
    }
    let row = |name: &str, values: Vec<f64>| {
        let worst = values.iter().copied().fold(0.0, f64::max);
        Row::new(BENCH, name)
            .figure("ms", median(values))
            .figure("worst_ms", worst)
    };
    report.row(&row("empty data folder", fresh))?;
    report.row(&row("cold code cache", cold))?;
    report.row(&row("warm code cache", warm).at_most("ms", 150.0))
}

/// Starts a server and verifies `token`; milliseconds from before the start of the process until the answer is there.
fn start(program: &Path, data: &Path, runtime: &Runtime, token: &str) -> Result<(Server, f64)> {
    let started = Instant::now();
    let mut server = Server::vestibule(program, data)?;
    runtime.block_on(async {
        let mut connection = server.connect().await?;
        let key = server.operator_key()?;
        let verify = request(&key, "token/verify-token", &verify_payload(token));
        connection.send(&verify).await.map(drop)
    })?;
    Ok((server, started.elapsed().as_secs_f64() * 1_000.0))
}

async fn issue(server: &mut Server) -> Result<String> {
    let key = server.operator_key()?;
    let mut connection = server.connect().await?;
    let generate = request(&key, "token/generate-tokens", &json!({"id": "user-1"}));
    let reply: Value = serde_json::from_slice(connection.send(&generate).await?)?;
    Ok(reply["access_token"]
        .as_str()
        .context("no access token")?
        .to_owned())
}
