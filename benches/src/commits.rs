//! Commits a second, with 1, 16 and 64 in flight, against one fsync a commit.
//!
//! The baseline is the same store with a queue of one: each commit is a SQLite transaction with a sync of its own. The same work on a file
//! system in memory, where a sync costs nothing, shows what the processor alone allows.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use vestibule::Host;
use vestibule::clock::{Clock as _, SystemClock};
use vestibule::store::sqlite::{SqliteOptions, SqliteStore};
use vestibule::store::{AttemptId, Batch, Check, Commit, Namespace, Record, Store, Write};

use crate::Options;
use crate::fixture::{self, Site, Variant};
use crate::measure::{Sample, Samples, keep_busy, median, on_this_thread};
use crate::report::{Report, Row};

const BENCH: &str = "commits";

/// Where files lie in memory, on Linux.
const IN_MEMORY: &str = "/dev/shm";

const IN_FLIGHT: [usize; 3] = [1, 16, 64];

/// One store, and how much of it is asked at once.
struct Case {
    name: String,
    store: Arc<SqliteStore>,
    in_flight: usize,
    samples: Samples,
    /// Commits a sync, one value a round.
    group: Vec<f64>,
    _folder: Arc<TempDir>,
}

pub(crate) fn run(report: &mut Report, options: &Options) -> Result<()> {
    report.section("(c) commits, group commit against one fsync a commit")?;
    let runtime = vestibule::runtime().build()?;
    fsync(report, options)?;
    stores(report, options, &runtime)?;
    whole_messages(report, options, &runtime)
}

/// What the disk takes for 4 KiB.
fn fsync(report: &mut Report, options: &Options) -> Result<()> {
    let mut file = File::create(options.folder.join("fsync.tmp"))?;
    let sample = on_this_thread(options.span, |number| {
        file.seek(SeekFrom::Start(u64::try_from(number % 1_024)? * 4_096))?;
        file.write_all(&[7; 4_096])?;
        Ok(file.sync_data()?)
    })?;
    std::fs::remove_file(options.folder.join("fsync.tmp"))?;
    let row = Row::new(BENCH, "the disk: fdatasync of 4 KiB")
        .figure("rate_s", sample.rate())
        .figure("p50_us", sample.latencies.percentile_us(50.0))
        .figure("p99_us", sample.latencies.percentile_us(99.0));
    report.row(&row)
}

/// The store by itself.
fn stores(report: &mut Report, options: &Options, runtime: &Runtime) -> Result<()> {
    let mut cases = vec![Case::new("one fsync a commit", &options.folder, 1, 1)?];
    for in_flight in IN_FLIGHT {
        cases.push(Case::new("group commit", &options.folder, in_flight, 256)?);
    }
    if Path::new(IN_MEMORY).is_dir() {
        for in_flight in [1, 64] {
            cases.push(Case::new(
                "no disk (the CPU bound)",
                Path::new(IN_MEMORY),
                in_flight,
                256,
            )?);
        }
    }
    for _ in 0..options.rounds {
        for case in &mut cases {
            case.measure(runtime, options.span)?;
        }
    }
    let baseline = cases[0].samples.clone();
    for case in &cases {
        let times = case.samples.ratio(&baseline, Sample::rate);
        let mut row = row(&format!("store, {}", case.name), &case.samples)
            .figure("a_sync", median(case.group.clone()))
            .figure("times", times);
        if case.name.starts_with("group commit, 64") {
            row = row.at_least("times", 10.0);
        }
        report.row(&row)?;
    }
    Ok(())
}

impl Case {
    fn new(what: &str, folder: &Path, in_flight: usize, queue: usize) -> Result<Self> {
        let folder = tempfile::tempdir_in(folder)?;
        let options = SqliteOptions {
            queue,
            ..SqliteOptions::default()
        };
        Ok(Self {
            name: format!("{what}, {in_flight} in flight"),
            store: Arc::new(SqliteStore::open(folder.path().join("bench.db"), options)?),
            in_flight,
            samples: Samples::default(),
            group: Vec::new(),
            _folder: Arc::new(folder),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn measure(&mut self, runtime: &Runtime, span: Duration) -> Result<()> {
        let before = self.store.status();
        let store = self.store.clone();
        let sample = keep_busy(runtime, self.in_flight, span, move |_| {
            let store = store.clone();
            async move { commit(&*store).await }
        })?;
        let after = self.store.status();
        let syncs = (after.syncs - before.syncs).max(1);
        self.group
            .push((after.commits - before.commits) as f64 / syncs as f64);
        self.samples.0.push(sample);
        Ok(())
    }
}

/// Two entries and a check, as a command that begins a session has.
async fn commit(store: &dyn Store) -> Result<()> {
    let namespace = Namespace::channel("default", "bench");
    let id = uuid::Uuid::now_v7();
    let record = |value: Vec<u8>| Record {
        subject: Some("user-1".to_owned()),
        expires_at: Some(u64::MAX / 4),
        ..Record::plain(value)
    };
    let put = |kind: &str, value| Write::Put {
        namespace: namespace.clone(),
        key: format!("{kind}/{id}"),
        record: record(value),
    };
    let batch = Batch {
        attempt: AttemptId(*id.as_bytes()),
        now: SystemClock.now(),
        checks: vec![Check::Key {
            namespace: namespace.clone(),
            key: format!("family/{id}"),
            version: None,
        }],
        writes: vec![put("session", Vec::new()), put("family", vec![7; 200])],
    };
    let committed = store.commit(batch).await?;
    ensure!(
        matches!(committed, Commit::Committed(_)),
        "a commit without rivals did not go through"
    );
    Ok(())
}

/// The same through whole messages: `generate-tokens`, which writes a session and an audit record, and signs.
fn whole_messages(report: &mut Report, options: &Options, runtime: &Runtime) -> Result<()> {
    let grouped = Site::sqlite(&options.folder)?;
    let folder = tempfile::tempdir_in(&options.folder)?;
    let one_each = SqliteOptions {
        queue: 1,
        ..SqliteOptions::default()
    };
    let store = SqliteStore::open(folder.path().join("bench.db"), one_each)?;
    let single = Site::over(Arc::new(store), Some(folder))?;
    let mut cases: Vec<(String, Host, usize, Samples)> = Vec::new();
    let baseline = runtime.block_on(single.host(Variant::default()))?;
    cases.push((
        "one fsync a commit, 1 in flight".to_owned(),
        baseline,
        1,
        Samples::default(),
    ));
    let host = runtime.block_on(grouped.host(Variant::default()))?;
    for in_flight in IN_FLIGHT {
        cases.push((
            format!("group commit, {in_flight} in flight"),
            host.clone(),
            in_flight,
            Samples::default(),
        ));
    }
    for _ in 0..options.rounds {
        for (_, host, in_flight, samples) in &mut cases {
            let host = host.clone();
            samples.0.push(keep_busy(
                runtime,
                *in_flight,
                options.span,
                move |number| {
                    let host = host.clone();
                    async move { Ok(host.send(fixture::generate(number)).await.map(drop)?) }
                },
            )?);
        }
    }
    let baseline = cases[0].3.clone();
    for (name, _, _, samples) in &cases {
        let times = samples.ratio(&baseline, Sample::rate);
        report.row(&row(&format!("generate-tokens, {name}"), samples).figure("times", times))?;
    }
    Ok(())
}

fn row(name: &str, samples: &Samples) -> Row {
    Row::new(BENCH, name)
        .figure("rate_s", samples.median(Sample::rate))
        .figure("cpu_us", samples.median(Sample::cpu_us))
        .figure("cores", samples.median(Sample::cores))
        .figure("p50_us", samples.percentile_us(50.0))
        .figure("p99_us", samples.percentile_us(99.0))
}
