//! What a host counts, in Prometheus' terms. Each host has a registry of its own: nothing here is global.
//!
//! Label values come from what is deployed and from fixed sets, never from a client: whoever reports a message for a
//! channel or command that does not exist reports it as [`UNKNOWN`]. So the number of series is bounded by the
//! components, whatever strangers send.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::store::StoreStatus;

/// The label of a channel or command that is not deployed.
pub const UNKNOWN: &str = "-";

/// The outcome of a message that was carried out.
pub const OK: &str = "ok";

/// The content type of [`Metrics::encode`] (OpenMetrics 1.0).
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the latency buckets, in seconds: from a warm read to the longest wall clock.
const LATENCY_SECONDS: [f64; 14] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// The counters, gauges and histograms of one host. Every method is cheap and may be called from any thread.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    messages: Family<Outcome, Counter>,
    latency: Family<Command, Histogram, fn() -> Histogram>,
    sandboxes_live: Gauge,
    sandboxes_waiting: Gauge,
    conflicts: Family<Command, Counter>,
    faults: Family<Fault, Counter>,
    rate_limited: Family<BucketLabel, Counter>,
    hashes_waiting: Gauge,
    mails: Family<MailLabel, Counter>,
    mails_waiting: Gauge,
    store: StoreMetrics,
    http_requests: Family<HttpStatus, Counter>,
    grpc_requests: Family<GrpcCode, Counter>,
    http_connections: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    channel: String,
    command: String,
    outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Command {
    channel: String,
    command: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fault {
    channel: String,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BucketLabel {
    bucket: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MailLabel {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HttpStatus {
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GrpcCode {
    code: &'static str,
}

/// The store counts for itself; these mirror its figures when it is asked.
#[derive(Debug, Default)]
struct StoreMetrics {
    commits: Counter,
    conflicts: Counter,
    syncs: Counter,
    readers: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A registry with everything at zero.
    #[must_use]
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("vestibule"),
            messages: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(LATENCY_SECONDS)),
            sandboxes_live: Gauge::default(),
            sandboxes_waiting: Gauge::default(),
            conflicts: Family::default(),
            faults: Family::default(),
            rate_limited: Family::default(),
            hashes_waiting: Gauge::default(),
            mails: Family::default(),
            mails_waiting: Gauge::default(),
            store: StoreMetrics::default(),
            http_requests: Family::default(),
            grpc_requests: Family::default(),
            http_connections: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    /// A message was answered after `seconds`: with [`OK`], or with an error's code.
    pub fn message_done(&self, channel: &str, command: &str, outcome: &str, seconds: f64) {
        self.messages
            .get_or_create(&Outcome {
                channel: channel.to_owned(),
                command: command.to_owned(),
                outcome: outcome.to_owned(),
            })
            .inc();
        self.latency
            .get_or_create(&command_label(channel, command))
            .observe(seconds);
    }

    /// `change` more (or fewer, if negative) sandboxes run now.
    pub fn sandbox_live(&self, change: i64) {
        self.sandboxes_live.inc_by(change);
    }

    /// `change` more (or fewer) messages wait for a sandbox now.
    pub fn sandbox_waiting(&self, change: i64) {
        self.sandboxes_waiting.inc_by(change);
    }

    /// An attempt of a message was discarded because another message's commit came between.
    pub fn conflict(&self, channel: &str, command: &str) {
        self.conflicts
            .get_or_create(&command_label(channel, command))
            .inc();
    }

    /// A component of `channel` ran into a limit or trapped: `memory`, `cpu`, `wall-clock`, `trap`, …
    pub fn fault(&self, channel: &str, kind: &'static str) {
        self.faults
            .get_or_create(&Fault {
                channel: channel.to_owned(),
                kind,
            })
            .inc();
    }

    /// The configured `bucket` was empty for somebody.
    pub fn rate_limited(&self, bucket: &str) {
        self.rate_limited
            .get_or_create(&BucketLabel {
                bucket: bucket.to_owned(),
            })
            .inc();
    }

    /// So many passwords wait to be hashed now.
    pub fn hashes_waiting(&self, waiting: usize) {
        self.hashes_waiting
            .set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// A mail of this host came into `state`: `sent`, `captured`, `failed`, `expired`, …; or was put off: `deferred`.
    pub fn mail(&self, state: &'static str) {
        self.mails.get_or_create(&MailLabel { state }).inc();
    }

    /// So many mails wait in the store now, or are being handed over.
    pub fn mails_waiting(&self, waiting: usize) {
        self.mails_waiting
            .set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// What the store says of itself; to be called before [`Metrics::encode`].
    pub fn store_status(&self, status: &StoreStatus) {
        mirror(&self.store.commits, status.commits);
        mirror(&self.store.conflicts, status.conflicts);
        mirror(&self.store.syncs, status.syncs);
        self.store
            .readers
            .set(i64::try_from(status.readers).unwrap_or(i64::MAX));
    }

    /// An HTTP request was answered with `status`.
    pub fn http_request(&self, status: u16) {
        self.http_requests
            .get_or_create(&HttpStatus {
                status: status.into(),
            })
            .inc();
    }

    /// A gRPC request was answered with the status `code`, by its name in google/rpc/code.proto: `NOT_FOUND`. A stream counts with the
    /// one it begins with.
    pub fn grpc_request(&self, code: &'static str) {
        self.grpc_requests.get_or_create(&GrpcCode { code }).inc();
    }

    /// `change` more (or fewer) HTTP connections are open now.
    pub fn http_connections(&self, change: i64) {
        self.http_connections.inc_by(change);
    }

    /// Everything in the OpenMetrics text format ([`CONTENT_TYPE`]).
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(8 * 1024);
        // Writing to a string cannot fail; if a metric's encoder ever did, what came before it is still worth serving.
        if prometheus_client::encoding::text::encode(&mut text, &self.registry).is_err() {
            tracing::error!("the metrics could not be encoded");
        }
        text
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register(
            "messages",
            "Messages answered, by channel, command and outcome",
            self.messages.clone(),
        );
        r.register_with_unit(
            "message_duration",
            "Time from a message's arrival at the router to its answer",
            Unit::Seconds,
            self.latency.clone(),
        );
        r.register(
            "sandboxes_live",
            "Sandboxes that run now",
            self.sandboxes_live.clone(),
        );
        r.register(
            "sandboxes_waiting",
            "Messages that wait for a sandbox now",
            self.sandboxes_waiting.clone(),
        );
        r.register(
            "conflicts",
            "Attempts discarded because of another message's commit, by channel and command",
            self.conflicts.clone(),
        );
        r.register(
            "component_faults",
            "Messages ended by a limit or a trap, by channel and kind",
            self.faults.clone(),
        );
        r.register(
            "rate_limited",
            "Refusals by a rate limit, by bucket",
            self.rate_limited.clone(),
        );
        r.register(
            "hashes_waiting",
            "Passwords that wait to be hashed now",
            self.hashes_waiting.clone(),
        );
        r.register(
            "mails",
            "Mails that came into a state, or were put off, by state",
            self.mails.clone(),
        );
        r.register(
            "mails_waiting",
            "Mails that wait in the store or are being handed over, up to 1000",
            self.mails_waiting.clone(),
        );
        r.register(
            "store_commits",
            "Commits the store applied",
            self.store.commits.clone(),
        );
        r.register(
            "store_conflicts",
            "Commits the store refused because a read no longer held",
            self.store.conflicts.clone(),
        );
        r.register(
            "store_syncs",
            "Durable writes; one may carry many commits",
            self.store.syncs.clone(),
        );
        r.register(
            "store_readers",
            "Snapshots of the store that are open now",
            self.store.readers.clone(),
        );
        r.register(
            "http_requests",
            "HTTP requests answered, by status",
            self.http_requests.clone(),
        );
        r.register(
            "grpc_requests",
            "gRPC requests answered, by status code",
            self.grpc_requests.clone(),
        );
        r.register(
            "http_connections",
            "HTTP connections open now",
            self.http_connections.clone(),
        );
    }
}

fn command_label(channel: &str, command: &str) -> Command {
    Command {
        channel: channel.to_owned(),
        command: command.to_owned(),
    }
}

/// Sets a counter to a figure that is counted elsewhere and only grows.
fn mirror(counter: &Counter, figure: u64) {
    counter
        .inner()
        .fetch_max(figure, std::sync::atomic::Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_reported() {
        let metrics = Metrics::new();
        metrics.message_done("token", "verify-token", OK, 0.000_2);
        metrics.message_done(UNKNOWN, UNKNOWN, "not-found", 0.000_01);
        metrics.sandbox_live(2);
        metrics.sandbox_live(-1);
        metrics.fault("token", "memory");
        metrics.rate_limited("sign-in");
        metrics.mail("sent");
        metrics.mails_waiting(3);
        metrics.store_status(&StoreStatus {
            commits: 7,
            ..StoreStatus::default()
        });
        let text = metrics.encode();
        for line in [
            r#"vestibule_messages_total{channel="token",command="verify-token",outcome="ok"} 1"#,
            r#"vestibule_messages_total{channel="-",command="-",outcome="not-found"} 1"#,
            r#"vestibule_message_duration_seconds_count{channel="token",command="verify-token"} 1"#,
            "vestibule_sandboxes_live 1",
            r#"vestibule_component_faults_total{channel="token",kind="memory"} 1"#,
            r#"vestibule_rate_limited_total{bucket="sign-in"} 1"#,
            r#"vestibule_mails_total{state="sent"} 1"#,
            "vestibule_mails_waiting 3",
            "vestibule_store_commits_total 7",
        ] {
            assert!(text.contains(line), "{line} is missing from:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn hosts_count_for_themselves() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.conflict("token", "refresh-tokens");
        assert!(one.encode().contains("vestibule_conflicts_total{"));
        assert!(!other.encode().contains("vestibule_conflicts_total{"));
    }
}
