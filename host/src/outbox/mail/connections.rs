//! Connections to a mail server: opened when they are needed, used again while there is much to do.
//!
//! lettre has a pool of its own. It takes a connection back also when its hand-over was given up half-way, and then every
//! later answer belongs to the mail before: a mail that was refused could be taken for delivered. Here a connection comes
//! back only after the answer to its mail was read.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::{Instant, timeout};

use super::{MailError, Reason, dialogue};

/// How long a connection is kept without a mail. Servers close idle ones after some minutes.
const MAX_IDLE: Duration = Duration::from_secs(30);

/// How long an idle connection may take to say that it is alive, or to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A mail server, and how to speak to it.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
    /// How long it may take until a connection is ready for a mail.
    pub(super) patience: Duration,
    /// How many connections are kept.
    pub(super) most: usize,
}

/// How connections are protected.
#[derive(Clone)]
pub(super) enum Protection {
    None,
    /// TLS after `STARTTLS`; without it nothing is said.
    Upgraded(TlsParameters),
    /// TLS from the first byte.
    Implicit(TlsParameters),
}

/// The connections to one server.
pub(super) struct Connections {
    server: Server,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl Connections {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            idle: Mutex::default(),
        }
    }

    /// Sends a message. May be dropped at any moment: its connection ends with it.
    pub(super) async fn send(&self, envelope: &Envelope, message: &[u8]) -> Result<(), MailError> {
        let mut connection = self.obtain().await?;
        let handed_over = dialogue::hand_over(&mut connection, envelope, message).await;
        match handed_over {
            Ok(()) => self.keep(connection),
            Err(_) => leave(vec![connection]),
        }
        handed_over
    }

    /// Ends the connections that nobody uses, beside whatever comes next.
    pub(super) fn rest(&self) {
        let idle = std::mem::take(&mut *self.idle());
        if !idle.is_empty() {
            leave(idle.into_iter().map(|(connection, _)| connection).collect());
        }
    }

    async fn obtain(&self) -> Result<AsyncSmtpConnection, MailError> {
        loop {
            let idle = self.idle().pop();
            let Some((mut connection, since)) = idle else {
                let opened = timeout(self.server.patience, self.server.open()).await;
                return opened.unwrap_or(Err(down("does not answer in time")));
            };
            if since.elapsed() < MAX_IDLE
                && timeout(PATIENCE, connection.test_connected()).await == Ok(true)
            {
                return Ok(connection);
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if !connection.has_broken() && idle.len() < self.server.most {
            idle.push((connection, Instant::now()));
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        // A list cannot be half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// A connection that is ready for a mail. Whatever goes wrong until then has nothing to do with any mail.
    async fn open(&self) -> Result<AsyncSmtpConnection, MailError> {
        let implicit = match &self.protection {
            Protection::Implicit(parameters) => Some(parameters.clone()),
            Protection::None | Protection::Upgraded(_) => None,
        };
        let address = (&*self.host, self.port);
        let connected =
            AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, implicit, None).await;
        let mut connection =
            connected.map_err(|error| of_server(&error, "cannot be reached or does not answer"))?;
        if let Protection::Upgraded(parameters) = &self.protection {
            if !connection.can_starttls() {
                return Err(down("does not offer STARTTLS"));
            }
            let upgraded = connection.starttls(parameters.clone(), &self.hello).await;
            upgraded.map_err(|error| of_server(&error, "cannot be upgraded to TLS"))?;
        }
        if let Some(credentials) = &self.credentials {
            let known = connection.auth(DEFAULT_MECHANISMS, credentials).await;
            known.map_err(|error| of_server(&error, "does not accept the account"))?;
        }
        Ok(connection)
    }
}

/// Ends connections, beside whatever comes next. A server that does not answer to QUIT is left without one.
fn leave(connections: Vec<AsyncSmtpConnection>) {
    tokio::spawn(async move {
        for mut connection in connections {
            let _ = timeout(PATIENCE, connection.abort()).await;
        }
    });
}

fn down(what: &'static str) -> MailError {
    MailError::Down(Reason::new(what))
}

/// Something went wrong before there was a mail.
fn of_server(error: &Error, what: &'static str) -> MailError {
    if let Some(code) = error.status() {
        return MailError::Down(Reason::new(what).with_code(code.into()));
    }
    // What a server said may name the account; what the system or TLS says does not.
    if !error.is_response() && !error.is_client() {
        tracing::info!(%error, "no connection to the mail server");
    }
    down(match is_tls(error) {
        true => "has no TLS or no certificate that is acceptable",
        false => what,
    })
}

/// Whether TLS was not agreed on. It arrives as invalid data of the connection.
fn is_tls(error: &Error) -> bool {
    let error: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(error), |error| error.source()).any(|error| {
        error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::InvalidData)
    })
}
