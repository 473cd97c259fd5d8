//! `vestibule backup`: a running server's data in one file.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::json;
use vestibule::transport::admin::BackupRequest;

use super::client::{Address, Client, ServerArgs};
use super::failed::Failed;
use super::output::Output;

/// How long a backup may take: as long as the database is large.
const PATIENCE: Duration = Duration::from_secs(6 * 60 * 60);

/// Writes everything the server has stored to a new file, while it goes on serving.
#[derive(Args)]
#[command(after_help = "\
Examples:
  vestibule backup /backups/2026-01-31.db
  vestibule backup --with-root-key /safe/everything.db

A backup does not hold the root key, without which its keys cannot be opened: keep <data>/keys/root elsewhere, once,
or add --with-root-key and guard the file like the key.")]
pub(super) struct BackupArgs {
    /// The file to write; one that exists is never replaced
    file: PathBuf,

    /// Put the root key into it too
    #[arg(long)]
    with_root_key: bool,

    #[command(flatten)]
    server: ServerArgs,
}

pub(super) async fn run(args: BackupArgs, output: &Output) -> Result<(), Failed> {
    if args.file.symlink_metadata().is_ok() {
        return Err(exists(&args.file));
    }
    let client = Client::new(&args.server, Address::Administration)?;
    let draft = Draft::create(&args.file)?;
    let request = client
        .request(Method::POST, "/admin/backup")
        .timeout(PATIENCE)
        .json(&BackupRequest {
            with_root_key: args.with_root_key,
        });
    let mut response = client.send(request).await?;
    let expected = response.content_length();
    let mut file = &draft.file;
    let mut written: u64 = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| client.lost(error))? {
        file.write_all(&chunk)
            .with_context(|| format!("cannot write {}", args.file.display()))?;
        written += chunk.len() as u64;
        output.progress(&format!("{} MiB", written >> 20));
    }
    output.progress_done();
    if expected != Some(written) {
        return Err(Failed::Unreachable(
            "the server ended before the backup did; nothing was kept".to_owned(),
        ));
    }
    draft.publish(&args.file)?;
    let report = json!({
        "file": args.file,
        "bytes": written,
        "with_root_key": args.with_root_key,
    });
    output.show(&report, |output, _| {
        output.line(&format!("{} bytes in {}", written, args.file.display()));
    });
    Ok(())
}

fn exists(path: &Path) -> Failed {
    let path = path.display();
    anyhow::anyhow!("{path} exists: a backup never replaces a file; choose another name").into()
}

/// A file that is not there until it is whole; one that is given up is removed.
struct Draft {
    path: PathBuf,
    file: std::fs::File,
}

impl Draft {
    fn create(target: &Path) -> Result<Self, Failed> {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let path = PathBuf::from(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot write {}", target.display()))?;
        Ok(Self { path, file })
    }

    /// Gives the file its name, unless somebody else took it meanwhile.
    fn publish(self, target: &Path) -> Result<(), Failed> {
        self.file.sync_all()?;
        std::fs::hard_link(&self.path, target).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => exists(target),
            _ => anyhow::anyhow!(error)
                .context(format!("cannot write {}", target.display()))
                .into(),
        })
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Its other name stays, if it got one.
        let _ = std::fs::remove_file(&self.path);
    }
}
