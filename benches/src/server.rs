//! Servers in processes of their own.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use vestibule::config::Config;

use crate::client::{Connection, request};
use crate::fixture::{ACCESS_LIFETIME, verify_payload};

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often somebody who waits for a server looks.
const LOOK: Duration = Duration::from_micros(500);

/// How many ask for tokens at once.
const LANES: usize = 16;

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    folder: PathBuf,
}

/// Builds the `vestibule` program, as a user does, and says where it is.
pub(crate) fn build_vestibule() -> Result<PathBuf> {
    let mut command = Command::new("cargo");
    command.args([
        "build",
        "--release",
        "--quiet",
        "-p",
        "vestibule",
        "--bin",
        "vestibule",
    ]);
    ensure!(command.status()?.success(), "vestibule cannot be built");
    let bench = std::env::current_exe()?;
    Ok(bench.with_file_name("vestibule"))
}

impl Server {
    /// `vestibule serve` on the data folder `data`; returns as soon as its process is there.
    pub(crate) fn vestibule(program: &Path, data: &Path) -> Result<Self> {
        Self::configured(program, data, Config::default())
    }

    /// The same, configured otherwise.
    pub(crate) fn configured(program: &Path, data: &Path, mut config: Config) -> Result<Self> {
        let (listen, admin) = (free_address()?, free_address()?);
        let mut command = Command::new(program);
        command
            .args([
                "serve",
                "--listen",
                &listen.to_string(),
                "--admin",
                &admin.to_string(),
                "--data",
            ])
            .arg(data);
        let token = config.components.entry("token".to_owned()).or_default();
        token
            .config
            .insert("access-lifetime".to_owned(), ACCESS_LIFETIME.into());
        let file = data.with_extension("toml");
        fs::write(&file, toml::to_string(&config)?)?;
        command.arg("--config").arg(file);
        Self::spawn(command, listen, data)
    }

    /// The hand-written server, which is this program.
    pub(crate) fn hand_written(folder: &Path) -> Result<Self> {
        let listen = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("--hand-written")
            .arg(folder)
            .arg("--listen")
            .arg(listen.to_string());
        Self::spawn(command, listen, folder)
    }

    fn spawn(mut command: Command, address: SocketAddr, folder: &Path) -> Result<Self> {
        let log = fs::File::create(folder.with_extension("log"))?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("{command:?} cannot be started"))?;
        Ok(Self {
            child,
            address,
            folder: folder.to_owned(),
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the server takes connections, and opens one.
    pub(crate) async fn connect(&mut self) -> Result<Connection> {
        let started = Instant::now();
        loop {
            if let Ok(connection) = Connection::open(self.address).await {
                return Ok(connection);
            }
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(self.folder.with_extension("log"))?;
                bail!("the server ended with {status}:\n{log}");
            }
            ensure!(started.elapsed() < PATIENCE, "the server does not come up");
            pause(LOOK).await;
        }
    }

    /// The operator's key, which is there before the server listens.
    pub(crate) fn operator_key(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.join("operator.key"))?
            .trim()
            .to_owned())
    }

    /// Has `count` tokens issued, and returns the requests that verify them.
    pub(crate) async fn verify_requests(&mut self, count: usize) -> Result<Vec<Vec<u8>>> {
        let tokens = self.tokens(count).await?;
        let key = &self.operator_key()?;
        let verify = |token: &String| request(key, "token/verify-token", &verify_payload(token));
        Ok(tokens.iter().map(verify).collect())
    }

    /// Has `count` access tokens issued, each for somebody else.
    pub(crate) async fn tokens(&mut self, count: usize) -> Result<Vec<String>> {
        let subject = |number| json!({"id": format!("user-{number}")});
        let replies = self.ask("token/generate-tokens", count, subject).await?;
        let token = |reply: &Value| reply["access_token"].as_str().map(str::to_owned);
        let tokens: Option<_> = replies.iter().map(token).collect();
        tokens.context("no access token")
    }

    /// What `command` replies to the operator's `count` requests with these payloads, in no order.
    pub(crate) async fn ask(
        &mut self,
        command: &str,
        count: usize,
        payload: impl Fn(usize) -> Value,
    ) -> Result<Vec<Value>> {
        drop(self.connect().await?);
        let (key, address, payload) = (&self.operator_key()?, self.address, &payload);
        let lanes = (0..LANES).map(|lane| async move {
            let mut connection = Connection::open(address).await?;
            let mut replies = Vec::with_capacity(count / LANES + 1);
            for number in (lane..count).step_by(LANES) {
                let request = request(key, command, &payload(number));
                replies.push(serde_json::from_slice(connection.send(&request).await?)?);
            }
            anyhow::Ok(replies)
        });
        Ok(try_join_all(lanes).await?.concat())
    }

    /// A figure of `/proc/PID/status`, in MB (10^6 bytes).
    pub(crate) fn megabytes(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kib: f64 = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .context("no such figure")?
            .parse()?;
        Ok(kib * 1_024.0 / 1e6)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address on this machine that nobody listens on.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Lets `span` pass.
#[expect(
    clippy::disallowed_methods,
    reason = "it waits for another process, and for load to settle"
)]
pub(crate) async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Lets `span` pass for a server on its own.
pub(crate) fn rest(runtime: &Runtime, span: Duration) {
    runtime.block_on(pause(span));
}
