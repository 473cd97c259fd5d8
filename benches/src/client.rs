//! The client that makes load: HTTP/1.1 over a connection that is kept, and as little of it as does.
//!
//! It shares the machine with the server it measures, so what it costs itself would hide what the servers cost. It writes requests that
//! were made beforehand and reads nothing of an answer but its length, its status and whether it is the expected one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::try_join_all;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::measure::{Cpu, Latencies, Sample};

/// Somebody who asks, one request after the other.
pub(crate) trait Asks: Send + 'static {
    /// Sends request `number`, in turn, and waits for the answer, which must be the one that is meant.
    fn ask(&mut self, number: usize) -> impl Future<Output = Result<()>> + Send;
}

/// No answer here is larger.
const MAX_ANSWER: usize = 64 * 1024;

/// One kept connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(MAX_ANSWER),
        })
    }

    /// Sends `request` and returns the answer's body; an answer other than 200 is an error.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (body, end) = loop {
            ensure!(self.buffer.len() < MAX_ANSWER, "the answer is too long");
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the server closed the connection");
            if let Some(extent) = extent(&self.buffer)?
                && self.buffer.len() >= extent.1
            {
                break extent;
            }
        };
        if !self.buffer.starts_with(b"HTTP/1.1 200") {
            bail!("{}", String::from_utf8_lossy(&self.buffer));
        }
        Ok(&self.buffer[body..end])
    }
}

/// Where the body starts and ends, once the head is there.
fn extent(answer: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let body = head + 4;
    let length = std::str::from_utf8(&answer[..head])?
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.trim().parse::<usize>())
        .transpose()?
        .context("the answer says no length")?;
    Ok(Some((body, body + length)))
}

/// A request to `POST /v1/<channel>/<command>`, in full.
pub(crate) fn request(key: &str, command: &str, payload: &Value) -> Vec<u8> {
    let authorization = format!("Authorization: Bearer {key}\r\n");
    written(&authorization, command, payload)
}

/// The same of a stranger.
pub(crate) fn strangers_request(command: &str, payload: &Value) -> Vec<u8> {
    written("", command, payload)
}

fn written(headers: &str, command: &str, payload: &Value) -> Vec<u8> {
    let body = payload.to_string();
    format!(
        "POST /v1/{command} HTTP/1.1\r\nHost: bench\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Whether an answer is the one that is meant.
pub(crate) type IsGood = fn(&[u8]) -> bool;

/// A connection, and what it asks in turn.
struct Lane {
    connection: Connection,
    requests: Arc<[Vec<u8>]>,
    is_good: IsGood,
}

impl Asks for Lane {
    async fn ask(&mut self, number: usize) -> Result<()> {
        let request = &self.requests[number % self.requests.len()];
        let body = self.connection.send(request).await?;
        ensure!(
            (self.is_good)(body),
            "not the answer that was to be measured"
        );
        Ok(())
    }
}

/// Keeps `connections` busy with `requests` in turn for `span`. The sample's processor time is that of process `pid`, the server.
pub(crate) fn flood(
    runtime: &Runtime,
    address: SocketAddr,
    connections: usize,
    requests: &Arc<[Vec<u8>]>,
    is_good: IsGood,
    span: Duration,
    pid: u32,
) -> Result<Sample> {
    let opened = (0..connections).map(|_| Connection::open(address));
    let opened = runtime.block_on(try_join_all(opened))?;
    let lanes = opened.into_iter().map(|connection| Lane {
        connection,
        requests: requests.clone(),
        is_good,
    });
    keep_asking(runtime, lanes.collect(), requests.len(), span, pid)
}

/// Has all of `lanes` ask for `span`, each from another one of `requests` on. The processor time is that of process `pid`.
pub(crate) fn keep_asking<A: Asks>(
    runtime: &Runtime,
    lanes: Vec<A>,
    requests: usize,
    span: Duration,
    pid: u32,
) -> Result<Sample> {
    let pid = pid.to_string();
    let count = lanes.len();
    let cpu = Cpu::of_process(&pid)?;
    let started = Instant::now();
    let lanes = lanes.into_iter().enumerate().map(|(lane, mut asker)| {
        runtime.spawn(async move {
            let mut latencies = Latencies::new();
            let mut number = lane * requests / count;
            let mut before = Instant::now();
            while before.duration_since(started) < span {
                asker.ask(number).await?;
                let after = Instant::now();
                latencies.record(after.duration_since(before));
                before = after;
                number += 1;
            }
            anyhow::Ok(latencies)
        })
    });
    let lanes: Vec<_> = lanes.collect();
    let lanes = runtime.block_on(try_join_all(lanes))?;
    let wall = started.elapsed();
    let cpu = Cpu::of_process(&pid)?.since(&cpu);
    let mut latencies = Latencies::new();
    for lane in lanes {
        latencies.add(&lane?);
    }
    Ok(Sample {
        latencies,
        wall,
        cpu,
    })
}

/// A token was found good, whatever the order of the fields.
pub(crate) fn is_valid(body: &[u8]) -> bool {
    body.starts_with(b"{\"valid\":true") || has(body, b"\"valid\":true")
}

/// Whether `part` is somewhere in `body`.
pub(crate) fn has(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}
