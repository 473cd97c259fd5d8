//! `vestibule doctor`: what is well with an installation, and what is not. It changes nothing.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use vestibule::Host;
use vestibule::builds::Builds;
use vestibule::clock::{Clock as _, SystemClock};
use vestibule::config::{Config, environment};
use vestibule::data_folder::DataPaths;
use vestibule::keyring::{KeyRing, RootKey};
use vestibule::store::Store;
use vestibule::store::memory::MemoryStore;
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule::transport::admin::{Finding, FindingState};

use super::ConfigArg;
use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::output::Output;

/// Looks at the configuration, the data folder and its permissions, the database, the keys and the components. If a server
/// runs on the folder, it is asked for what only it can look at.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule doctor
  vestibule doctor --config /etc/vestibule.toml --data /var/lib/vestibule

The exit code is 0 if nothing is wrong, also with warnings.")]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArg,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: DoctorArgs, output: &Output) -> Result<ExitCode, Failed> {
    let mut report = Report(Vec::new());
    report.examine(&args).await;
    let is_well = report.0.iter().all(|f| f.state != FindingState::Problem);
    let findings = serde_json::to_value(&report.0)?;
    output.show(&findings, |output, _| {
        for found in &report.0 {
            let mark = match found.state {
                FindingState::Ok => "ok      ",
                FindingState::Warning => "warning ",
                FindingState::Problem => "PROBLEM ",
            };
            output.line(&format!("{mark} {:<14} {}", found.check, found.detail));
        }
    });
    Ok(match is_well {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(1),
    })
}

struct Report(Vec<Finding>);

impl Report {
    fn add(&mut self, check: &str, state: FindingState, detail: impl Into<String>) {
        self.0.push(Finding {
            check: check.to_owned(),
            state,
            detail: detail.into(),
        });
    }

    fn ok(&mut self, check: &str, detail: impl Into<String>) {
        self.add(check, FindingState::Ok, detail);
    }

    fn warning(&mut self, check: &str, detail: impl Into<String>) {
        self.add(check, FindingState::Warning, detail);
    }

    fn problem(&mut self, check: &str, detail: impl Into<String>) {
        self.add(check, FindingState::Problem, detail);
    }

    async fn examine(&mut self, args: &DoctorArgs) {
        let Some(config) = self.configuration(args) else {
            return;
        };
        let paths = DataPaths::new(&config.data);
        if !paths.root().is_dir() {
            let folder = paths.root().display();
            self.warning(
                "data folder",
                format!("there is none at {folder}: `vestibule serve` makes it, or name another with --data"),
            );
            self.components(&config, None).await;
            return;
        }
        self.permissions(&paths);
        match in_use(&paths) {
            Ok(true) => self.ask_the_server(args).await,
            Ok(false) => {
                self.ok(
                    "data folder",
                    format!("{}, not in use", paths.root().display()),
                );
                let store = self.store(&config, &paths).await;
                self.components(&config, store).await;
            }
            Err(error) => self.problem(
                "data folder",
                format!("{} cannot be locked: {error}", paths.lock().display()),
            ),
        }
    }

    fn configuration(&mut self, args: &DoctorArgs) -> Option<Config> {
        let file = args.config.config.as_deref();
        let loaded = environment().and_then(|variables| Config::load(file, variables.into_iter()));
        match loaded {
            Ok(mut config) => {
                if let Some(data) = args.server.data() {
                    config.data = data;
                }
                let source = file.map_or("none: all defaults".to_owned(), |path| {
                    path.display().to_string()
                });
                self.ok("configuration", source);
                self.weak_hashing(&config);
                Some(config)
            }
            Err(error) => {
                self.problem("configuration", error.to_string());
                None
            }
        }
    }

    /// OWASP's least for argon2id: 19 MiB, 2 passes.
    fn weak_hashing(&mut self, config: &Config) {
        let passwords = &config.passwords;
        if passwords.memory_kib < 19_456 || passwords.iterations < 2 {
            self.warning(
                "passwords",
                "passwords.memory_kib below 19456 or passwords.iterations below 2: stolen hashes are cheaper to try than they should be",
            );
        }
    }

    fn permissions(&mut self, paths: &DataPaths) {
        let folder = (paths.root().to_owned(), 0o700, "700");
        let keys = (paths.keys(), 0o700, "700");
        let root_key = (paths.root_key(), 0o600, "600");
        let operator = (paths.operator_key(), 0o600, "600");
        let database = (paths.database(), 0o600, "600");
        let mut exposed = false;
        for (path, most, spelt) in [folder, keys, root_key, operator, database] {
            let Ok(found) = std::fs::metadata(&path) else {
                continue;
            };
            let mode = found.mode() & 0o777;
            if mode & !most != 0 {
                exposed = true;
                let path = path.display();
                let detail =
                    format!("{path} is open to others (mode {mode:o}): chmod {spelt} {path}");
                self.problem("permissions", detail);
            }
        }
        if !exposed {
            self.ok("permissions", "only the owner can read keys and data");
        }
    }

    /// A server has the folder: it knows more than can be seen from outside.
    async fn ask_the_server(&mut self, args: &DoctorArgs) {
        self.ok("data folder", "in use by a server");
        let asked = match Client::new(&args.server, Address::Administration) {
            Ok(client) => client.get("/admin/doctor").await,
            Err(failed) => Err(failed),
        };
        match asked.map(serde_json::from_value::<Vec<Finding>>) {
            Ok(Ok(findings)) => self.0.extend(findings),
            Ok(Err(_)) => self.problem("server", "its answer cannot be understood"),
            Err(failed) => self.problem("server", failed.to_string()),
        }
    }

    /// Looks at the database, and gives it back if it can be read.
    async fn store(&mut self, config: &Config, paths: &DataPaths) -> Option<Arc<dyn Store>> {
        let database = paths.database();
        if !database.exists() {
            self.warning("database", "there is none yet: `vestibule serve` makes it");
            return None;
        }
        let store = match SqliteStore::open(&database, SqliteOptions::default()) {
            Ok(store) => Arc::new(store),
            Err(error) => {
                self.problem("database", error.to_string());
                return None;
            }
        };
        match store.check().await {
            Ok(()) => self.ok("database", "every page and index is whole"),
            Err(error) => self.problem(
                "database",
                format!("{error}: keep the file, and restore a backup into an empty data folder"),
            ),
        }
        self.keys(config, paths, store.clone()).await;
        Some(store)
    }

    async fn keys(&mut self, config: &Config, paths: &DataPaths, store: Arc<SqliteStore>) {
        let now = SystemClock.now();
        match KeyRing::exists(&*store, now).await {
            Ok(true) => {}
            Ok(false) => {
                return self.warning("key ring", "there is none yet: `vestibule serve` makes it");
            }
            Err(error) => return self.problem("key ring", error.to_string()),
        }
        let root_key = match RootKey::load(&config.root_key, paths.root()) {
            Ok(root_key) => root_key,
            Err(error) => return self.problem("root key", error.to_string()),
        };
        let store: Arc<dyn Store> = store;
        match KeyRing::check(store, &root_key, now).await {
            Ok(()) => self.ok("key ring", "the root key opens it"),
            Err(error) => self.problem("key ring", error.to_string()),
        }
    }

    /// Builds a host of the same components, those that were deployed included, on a store in memory: whatever would keep the server
    /// from starting shows.
    async fn components(&mut self, config: &Config, store: Option<Arc<dyn Store>>) {
        let memory = Arc::new(MemoryStore::new());
        if let Some(store) = store {
            let builds = Builds::new(store, Arc::new(SystemClock));
            if let Err(error) = builds.copy_to(&*memory).await {
                return self.problem("components", error.to_string());
            }
        }
        let host = Host::builder().config(config.clone()).store(memory);
        match host.build().await {
            Ok(host) => {
                let channels = host.deployments().into_iter().map(|found| found.channel);
                let channels: Vec<_> = channels.collect();
                match channels.is_empty() {
                    true => self.warning("components", "none would serve"),
                    false => self.ok("components", channels.join(", ")),
                }
            }
            Err(error) => self.problem("components", error.to_string()),
        }
    }
}

/// Whether a process has the folder. Nothing is made for the sake of asking.
fn in_use(paths: &DataPaths) -> std::io::Result<bool> {
    let lock: &Path = &paths.lock();
    if !lock.exists() {
        return Ok(false);
    }
    match File::open(lock)?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
