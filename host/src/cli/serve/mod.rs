//! `vestibule serve`: everything is opened and checked before anything listens.

mod certificate;
mod logs;
mod operator;
mod shutdown;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;
use vestibule::Host;
use vestibule::clock::{Clock as _, SystemClock};
use vestibule::config::{Config, environment};
use vestibule::data_folder::{DataFolder, DataPaths};
use vestibule::keyring::{KeyRing, RootKey};
use vestibule::store::Store;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule::transport::{self, Gauge, Limits, Listener, Tls, admin};

use self::operator::Operator;
use super::failed::Failed;
use super::output::Output;
use super::{ConfigArg, DataArg};

/// Connections of the administration interface: an operator, a few probes.
const ADMIN_CONNECTIONS: u32 = 64;

/// How long an administrator's request may take: as long as a backup.
const ADMIN_REQUEST: Duration = Duration::from_secs(6 * 60 * 60);

/// Runs the server until it is told to stop (SIGTERM, Ctrl-C). It works without a configuration: its data is in ./data then,
/// and only this machine can reach it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule serve
  vestibule serve --config vestibule.toml --data /var/lib/vestibule
  VESTIBULE_HTTP__LISTEN=0.0.0.0:8080 vestibule serve

Every key of the configuration file is also an environment variable: http.listen is VESTIBULE_HTTP__LISTEN.
The operator key is made at the first start, in <data>/operator.key.")]
pub(super) struct ServeArgs {
    #[command(flatten)]
    config: ConfigArg,

    #[command(flatten)]
    data: DataArg,

    /// Where messages are accepted; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,

    /// Where the administration interface is [default: 127.0.0.1:8081]
    #[arg(long, value_name = "ADDR")]
    admin: Option<SocketAddr>,
}

pub(super) async fn run(args: ServeArgs, output: &Output) -> Result<(), Failed> {
    let config = configuration(&args)?;
    logs::start(&config.log)?;
    let stop = shutdown::signals()?;
    let server = Server::open(config).await?;
    server.serve(stop, output).await
}

/// File and environment, and the arguments over them.
fn configuration(args: &ServeArgs) -> Result<Config, Failed> {
    let variables = environment()?.into_iter();
    let mut config = Config::load(args.config.config.as_deref(), variables)?;
    if let Some(data) = &args.data.data {
        config.data.clone_from(data);
    }
    if let Some(listen) = args.listen {
        config.http.listen = listen;
    }
    if let Some(listen) = args.admin {
        config.admin.listen = listen;
    }
    Ok(config)
}

/// A host on its data folder, about to listen.
struct Server {
    host: Host,
    operator: Arc<Operator>,
    tls: Option<Tls>,
    config: Config,
    /// Held for as long as the server is there.
    _folder: DataFolder,
}

impl Server {
    async fn open(config: Config) -> Result<Self, Failed> {
        let tls = Tls::load(&config.tls)?;
        let folder = DataFolder::open(&config.data)?;
        let paths = folder.paths().clone();
        operator::remove_drafts(&paths);
        let store = Arc::new(SqliteStore::open(
            paths.database(),
            // A reader for each message in flight, and some for the host's own.
            SqliteOptions {
                readers: usize::try_from(config.limits.concurrent).unwrap_or(64) + 16,
                ..SqliteOptions::default()
            },
        )?);
        let root_key = root_key(&config, &paths, &*store).await?;
        let host = Host::builder()
            .config(config.clone())
            .store(store.clone())
            .root_key(root_key)
            .code_cache(paths.cache())
            .build()
            .await?;
        // Before anybody can ask: who sees the server ready finds the key.
        host.service_keys()
            .ensure_operator_key(&paths.operator_key())
            .await?;
        let operator = Arc::new(Operator::new(
            host.clone(),
            store,
            paths,
            config.root_key.clone(),
        ));
        Ok(Self {
            host,
            operator,
            tls,
            config,
            _folder: folder,
        })
    }

    async fn serve(self, stop: watch::Receiver<u32>, output: &Output) -> Result<(), Failed> {
        let public = bind(self.config.http.listen, "http.listen", "--listen").await?;
        let private = bind(self.config.admin.listen, "admin.listen", "--admin").await?;
        let (public_at, private_at) = (public.local_addr()?, private.local_addr()?);
        warn_of_strangers(public_at, self.tls.is_some(), private_at);
        let certificate = certificate::follow(certificate::hang_ups(self.tls.as_ref())?);
        let scheme = self.tls.as_ref().map_or("http", |_| "https");
        let limits = Limits::from(&self.config.http);
        let drain = limits.drain;
        let admin_limits = Limits {
            connections: ADMIN_CONNECTIONS,
            request: ADMIN_REQUEST,
            ..limits.clone()
        };
        let messages = transport::serve(
            Listener::new(public, self.tls.clone()),
            self.host.router(),
            limits,
            self.connections(),
            shutdown::first(stop.clone()),
        );
        let administration = transport::serve(
            private,
            admin::router(self.operator.clone(), private_at),
            admin_limits,
            Arc::new(|_| {}),
            shutdown::first(stop.clone()),
        );
        let listening = serde_json::json!({
            "url": format!("{scheme}://{public_at}"),
            "admin": format!("http://{private_at}"),
        });
        output.show(&listening, |output, _| {
            output.line(&format!(
                "listening on {scheme}://{public_at} (administration on http://{private_at})"
            ));
        });
        tracing::info!(%public_at, %private_at, "listening");
        // Mails that are being handed over are finished while the last messages are answered.
        let stopped = shutdown::first(stop.clone());
        let mails = async {
            stopped.await;
            self.host.stop(drain).await;
        };
        let all = async { tokio::join!(messages, administration, mails) };
        tokio::select! {
            (messages, administration, ()) = all => {
                let cut = messages.cut + administration.cut;
                if cut > 0 {
                    tracing::warn!(cut, ?drain, "requests were not done in time and were cut");
                }
                tracing::info!("stopped");
            }
            never = certificate => match never {},
            () = shutdown::second(stop) => tracing::warn!("stopped at once, as asked a second time"),
        }
        Ok(())
    }

    fn connections(&self) -> Gauge {
        let metrics = self.host.metrics().clone();
        Arc::new(move |change| metrics.http_connections(change))
    }
}

/// The key that opens the store's keys; made at the first start.
async fn root_key(
    config: &Config,
    paths: &DataPaths,
    store: &dyn Store,
) -> Result<RootKey, Failed> {
    let exists = KeyRing::exists(store, SystemClock.now()).await?;
    let (source, data) = (config.root_key.clone(), paths.root().to_owned());
    // A command may take its time.
    let obtained =
        tokio::task::spawn_blocking(move || RootKey::obtain(&source, &data, exists)).await?;
    Ok(obtained?)
}

async fn bind(address: SocketAddr, key: &str, flag: &str) -> Result<TcpListener, Failed> {
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| {
        format!("cannot listen on {address}: stop what uses it, or choose another address with {flag} ({key})")
    })?;
    Ok(listener)
}

fn warn_of_strangers(public: SocketAddr, has_tls: bool, private: SocketAddr) {
    if !has_tls && !public.ip().is_loopback() {
        tracing::warn!(%public, "plain HTTP beyond this machine: set [tls], or put a TLS proxy in front and name it in http.trusted_proxies");
    }
    if !private.ip().is_loopback() {
        tracing::warn!(%private, "the administration interface can be reached from beyond this machine");
    }
}
