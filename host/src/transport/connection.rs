//! Connections: how many, how long, and how they end.
//!
//! ```text
//!              first byte        request             answer done
//!   accepted ────────────► head ────────► in flight ────────────► idle ──► closed after `idle`
//!       └──── `head` at most ───┘         `request` at most
//! ```
//! With TLS, the handshake comes before the first byte and takes its time from `head` too.
//!
//! A client that is slow on purpose holds a connection only for so long, in every state.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::tls::Tls;
use crate::config;

/// The most header fields of an HTTP/1 request.
const MAX_HEADERS: usize = 64;

/// The most bytes of an HTTP/1 request's head, and of the header list of an HTTP/2 request.
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 128;

/// How often an HTTP/2 client is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);

/// How long a listener rests when no connection can be accepted: most often for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a connection that was asked to end may take to, beyond its requests.
const CLOSING: Duration = Duration::from_secs(1);

/// What a listener's connections may use up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; more wait to be accepted.
    pub connections: u32,
    /// How long the head of a request may take to arrive, the first byte of a connection and its handshake included.
    pub head: Duration,
    /// How long a connection without a request is kept open.
    pub idle: Duration,
    /// How long a connection with a request may go without any request beginning or ending.
    pub request: Duration,
    /// How long a stop waits for requests in flight.
    pub drain: Duration,
}

impl From<&config::Http> for Limits {
    fn from(config: &config::Http) -> Self {
        Self {
            connections: config.max_connections,
            head: Duration::from_millis(config.read_timeout_ms),
            idle: Duration::from_millis(config.idle_timeout_ms),
            request: Duration::from_secs(120),
            drain: Duration::from_millis(config.drain_ms),
        }
    }
}

/// Where connections come from, and whether they begin with a handshake.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    tls: Option<Tls>,
}

impl Listener {
    /// Connections of `tcp`, with TLS if there is one.
    #[must_use]
    pub const fn new(tcp: TcpListener, tls: Option<Tls>) -> Self {
        Self { tcp, tls }
    }
}

impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self::new(tcp, None)
    }
}

/// How a listener ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because their requests were not done in time.
    pub cut: usize,
}

/// Reports connections opened (+1) and closed (-1).
pub type Gauge = Arc<dyn Fn(i64) + Send + Sync>;

/// What all connections of a listener are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serve,
    Drain,
    Cut,
}

/// Serves `router` on `listener` (HTTP/1.1 and HTTP/2) until `shutdown` is ready; then accepts no more, lets what is
/// in flight finish for as long as `limits.drain`, and cuts the rest.
pub async fn serve(
    listener: impl Into<Listener>,
    router: axum::Router,
    limits: Limits,
    gauge: Gauge,
    shutdown: impl Future<Output = ()> + Send,
) -> Drained {
    let Listener { tcp, tls } = listener.into();
    let places = Arc::new(Semaphore::new(
        usize::try_from(limits.connections).unwrap_or(usize::MAX >> 4),
    ));
    let (phase, phases) = watch::channel(Phase::Serve);
    let limits = Arc::new(limits);
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&tcp, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let connection = Connection {
            router: router.clone(),
            limits: limits.clone(),
            tls: tls.clone(),
            phases: phases.clone(),
            peer,
        };
        let gauge = gauge.clone();
        tokio::spawn(async move {
            gauge(1);
            connection.run(stream).await;
            gauge(-1);
            drop(place);
        });
    }
    drop(tcp);
    // Whoever is asked to connect again finds nobody: what follows is for those who are connected.
    phase.send_replace(Phase::Drain);
    let all = limits.connections;
    let done = tokio::time::timeout(limits.drain, places.clone().acquire_many_owned(all)).await;
    let cut = match done {
        Ok(_) => 0,
        Err(_) => {
            let open = usize::try_from(all).unwrap_or(usize::MAX);
            open.saturating_sub(places.available_permits())
        }
    };
    phase.send_replace(Phase::Cut);
    Drained { cut }
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are small and whole: waiting for more to send only costs time. Refused by a socket that is gone already.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            // A connection that ended before it was accepted, or no file descriptors: the latter ends when others close.
            tracing::debug!(%error, "a connection could not be accepted");
            tokio::time::sleep_until(Instant::now() + ACCEPT_PAUSE).await;
            None
        }
    }
}

struct Connection {
    router: axum::Router,
    limits: Arc<Limits>,
    tls: Option<Tls>,
    phases: watch::Receiver<Phase>,
    peer: SocketAddr,
}

impl Connection {
    /// Serves one connection to its end.
    async fn run(mut self, stream: TcpStream) {
        let until = Instant::now() + self.limits.head;
        let Some(tls) = self.tls.take() else {
            return self.serve(stream, until).await;
        };
        let handshake = tls.accept(stream);
        let done = tokio::select! {
            done = tokio::time::timeout_at(until, handshake) => done,
            // Nothing is in flight yet.
            _ = self.phases.changed() => return,
        };
        match done {
            Ok(Ok(stream)) => self.serve(stream, until).await,
            Ok(Err(cause)) => tracing::debug!(%cause, "no TLS handshake"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    /// Serves what is said on `stream`; the head of the first request arrives by `first`.
    async fn serve<S>(mut self, stream: S, first: Instant)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::default();
        let service = {
            let (router, activity, peer) = (self.router.clone(), activity.clone(), self.peer);
            service_fn(move |request: Request<Incoming>| {
                respond(router.clone(), activity.clone(), peer, request)
            })
        };
        let builder = builder();
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let limits = &*self.limits;
        let mut stage = Stage::Open;
        let mut deadline = Some(first);
        loop {
            tokio::select! {
                // Clients that leave in the middle are no business of ours.
                _ = connection.as_mut() => return,
                () = activity.changed() => {
                    deadline = stage.patience(limits, activity.in_flight()).map(|p| Instant::now() + p);
                }
                () = until(deadline) => {
                    if activity.in_flight() || stage != Stage::Open {
                        return;
                    }
                    stage = Stage::Closing;
                    deadline = Some(Instant::now() + CLOSING);
                    connection.as_mut().graceful_shutdown();
                }
                changed = self.phases.changed() => {
                    if changed.is_err() || *self.phases.borrow_and_update() == Phase::Cut {
                        return;
                    }
                    stage = Stage::Draining;
                    deadline = stage.patience(limits, activity.in_flight()).map(|p| Instant::now() + p);
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Where a connection is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// It was idle for too long and was asked to end.
    Closing,
    /// The listener stops.
    Draining,
}

impl Stage {
    /// How long nothing may change; none if the listener sees to that.
    fn patience(self, limits: &Limits, in_flight: bool) -> Option<Duration> {
        match (self, in_flight) {
            (Self::Open, false) => Some(limits.idle),
            (Self::Open | Self::Closing, true) => Some(limits.request),
            (Self::Closing | Self::Draining, false) => Some(CLOSING),
            (Self::Draining, true) => None,
        }
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The connection's own deadlines cover the head, for both versions.
        .header_read_timeout(None)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .pipeline_flush(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

/// Hands `request` to the router and counts it as in flight until its answer's last byte is taken.
async fn respond(
    router: axum::Router,
    activity: Activity,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, std::convert::Infallible> {
    let in_flight = activity.begin();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| {
        Body::new(Counted {
            body,
            _in_flight: in_flight,
        })
    }))
}

/// A body that counts as a request in flight for as long as it is there.
struct Counted {
    body: Body,
    _in_flight: InFlight,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How many requests of a connection are in flight, and word of every change.
#[derive(Clone, Default)]
struct Activity(Arc<ActivityState>);

#[derive(Default)]
struct ActivityState {
    in_flight: AtomicUsize,
    changed: Notify,
}

/// One request in flight.
struct InFlight(Activity);

impl Activity {
    fn begin(&self) -> InFlight {
        self.0.in_flight.fetch_add(1, Ordering::SeqCst);
        self.0.changed.notify_one();
        InFlight(self.clone())
    }

    async fn changed(&self) {
        self.0.changed.notified().await;
    }

    fn in_flight(&self) -> bool {
        self.0.in_flight.load(Ordering::SeqCst) > 0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let state = &self.0.0;
        state.in_flight.fetch_sub(1, Ordering::SeqCst);
        state.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;
